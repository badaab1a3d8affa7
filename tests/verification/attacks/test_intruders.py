import numpy as np
import pytest

from tests.verification.attacks.clips import FPS, SHAPE, difference, make_clip
from verification.attacks.intruders import Guest, add_second_face, swap_person
from verification.attacks.stills import Image, LandmarkSource
from verification.conf import get_model_paths
from verification.vision.landmarks import FaceLandmarkTracker
from verification.vision.weights import ModelName

LONG = 24


def count_faces(frames: list[Image]) -> list[int]:
    path = get_model_paths().locate(ModelName.FACE_LANDMARKER)
    with FaceLandmarkTracker(path) as tracker:
        return [len(tracker.track(frame, round(1_000 * n / FPS))) for n, frame in enumerate(frames)]


def test_a_second_face_comes_in_at_the_side_and_stays(landmarks: LandmarkSource) -> None:
    clip = make_clip(count=LONG)
    shown = list(add_second_face(clip, FPS, make_clip(is_mirrored=True), np.random.default_rng(3), landmarks))
    changes = [difference(frame, original) for frame, original in zip(shown, clip, strict=True)]
    assert max(changes[: LONG // 4]) < 6 < min(changes[-3:])
    side = SHAPE[1] // 4
    middles = [
        difference(frame[:, side:-side], original[:, side:-side])
        for frame, original in zip(shown, clip, strict=True)
    ]
    assert middles[-1] < changes[-1]


def test_the_landmarker_sees_two_people_in_the_end(landmarks: LandmarkSource) -> None:
    clip = [
        np.ascontiguousarray(np.pad(frame, ((0, 0), (160, 160), (0, 0)), "edge"))
        for frame in make_clip(count=LONG)
    ]
    counts = count_faces(list(add_second_face(clip, FPS, make_clip(), np.random.default_rng(1), landmarks)))
    assert max(counts[:6]) == 1
    assert counts[-1] == 2


def test_a_guest_outside_the_frame_changes_nothing(
    accomplice: list[Image], landmarks: LandmarkSource
) -> None:
    frame = np.full((*SHAPE, 3), 90, np.uint8)
    guest = Guest(accomplice, FPS, landmarks, SHAPE, 60.0)
    np.testing.assert_array_equal(guest.join(frame, np.array([-900.0, 120.0])), frame)
    assert difference(guest.join(frame, np.array([160.0, 120.0])), frame) > 2


@pytest.mark.parametrize("seed", range(4))
def test_another_person_takes_over_for_good(
    landmarks: LandmarkSource, victim: list[Image], accomplice: list[Image], seed: int
) -> None:
    clip = victim + victim
    shown = list(swap_person(clip, FPS, accomplice, np.random.default_rng(seed), landmarks))
    changes = [difference(frame, original) for frame, original in zip(shown, clip, strict=True)]
    swapped = [change > 6 for change in changes]
    assert len(clip) * 0.25 <= swapped.index(True) <= len(clip) * 0.75
    assert all(swapped[swapped.index(True) + 2 :])
