"""Simulated attacks on real clips, seen by the real landmarker. The clips come from POL_CLIPS."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from verification.attacks.pixels import render_attack
from verification.attacks.species import AttackSpecies
from verification.attacks.stills import Image, LandmarkSource
from verification.conf import get_model_paths
from verification.vision.frame_sources import FrameSource
from verification.vision.landmarks import FaceLandmarkTracker
from verification.vision.weights import ModelName

VICTIM, ACCOMPLICE = "bona_fide/lp_d9.mp4", "bona_fide/lp_d18.mp4"
FPS = 5.0
STRIDE, COUNT = 6, 20
WIDTH_PX = 320


def read_clip(folder: Path, name: str) -> list[Image]:
    """Every sixth frame, at most twenty, 320 px wide."""
    path = folder / name
    if not path.is_file():
        pytest.skip(f"POL_CLIPS holds no {name}")
    frames: list[Image] = []
    for number, frame in enumerate(FrameSource(path)):
        if number % STRIDE == 0:
            size = (WIDTH_PX, round(WIDTH_PX * frame.bgr.shape[0] / frame.bgr.shape[1]))
            small = cv2.resize(frame.bgr, size, interpolation=cv2.INTER_AREA)
            frames.append(small.astype(np.uint8, copy=False))
        if len(frames) == COUNT:
            break
    return frames


@pytest.fixture(scope="module")
def real_victim(clips_dir: Path) -> list[Image]:
    return read_clip(clips_dir, VICTIM)


@pytest.fixture(scope="module")
def real_accomplice(clips_dir: Path) -> list[Image]:
    return read_clip(clips_dir, ACCOMPLICE)


def measure_yaws(frames: list[Image]) -> list[float | None]:
    """Yaw of the largest face of each frame, degrees; None for no face."""
    path = get_model_paths().locate(ModelName.FACE_LANDMARKER)
    with FaceLandmarkTracker(path) as tracker:
        yaws: list[float | None] = []
        for number, frame in enumerate(frames):
            faces = tracker.track(frame, round(1_000 * number / FPS))
            largest = max(faces, key=lambda face: float(np.ptp(face.landmarks_px[:, 0])), default=None)
            yaws.append(None if largest is None else largest.pose.yaw_deg)
    return yaws


@pytest.mark.parametrize("species", AttackSpecies)
def test_the_face_is_found_in_most_frames_of_every_species(
    species: AttackSpecies,
    real_victim: list[Image],
    real_accomplice: list[Image],
    landmarks: LandmarkSource,
) -> None:
    rng = np.random.default_rng(8)
    attack = render_attack(species, real_victim, FPS, real_accomplice, rng, landmarks=landmarks)
    yaws = measure_yaws(list(attack))
    assert len(yaws) == len(real_victim)
    assert sum(yaw is not None for yaw in yaws) >= 0.8 * len(yaws)


def test_a_flat_print_of_a_frontal_face_never_seems_to_turn_its_head(
    real_victim: list[Image], landmarks: LandmarkSource
) -> None:
    for seed in (0, 4):
        attack = render_attack(
            AttackSpecies.PRINT_FLAT,
            real_victim,
            FPS,
            None,
            np.random.default_rng(seed),
            landmarks=landmarks,
            count=24,
        )
        yaws = [abs(yaw) for yaw in measure_yaws(list(attack)) if yaw is not None]
        assert max(yaws) < 20
