from dataclasses import replace

import numpy as np
import pytest

from tests.verification.liveness.faces import make_face
from verification.liveness.frontal import average_frontal
from verification.liveness.geometry import interocular_distance_px
from verification.liveness.landmark_indices import RIGID_FACE
from verification.liveness.likeness import MIN_VIEWS, NEAR_POSE_DEG, LikenessMeter
from verification.liveness.observation import Face

FACE = make_face()


def make_stranger(face: Face, difference: float, seed: int = 3) -> Face:
    """Another skull: every rigid point elsewhere by about `difference` of the eyes' distance."""
    shift = np.random.default_rng(seed).normal(0.0, difference / np.sqrt(2.0), (478, 2))
    unit_px = interocular_distance_px(face.landmarks_px)
    return replace(face, landmarks_px=(face.landmarks_px + unit_px * shift).astype(np.float32))


def watch(meter: LikenessMeter, faces: list[Face]) -> LikenessMeter:
    for face in faces:
        meter.observe(face)
    return meter


def noisy(count: int, *, yaw_deg: float = 0.0, pitch_deg: float = 0.0) -> list[Face]:
    return [
        make_face(yaw_deg=yaw_deg, pitch_deg=pitch_deg, noise_px=0.8, noise_seed=number)
        for number in range(count)
    ]


def test_the_same_face_stays_alike_through_noise_and_small_turns() -> None:
    meter = watch(LikenessMeter(FACE), [*noisy(20), *noisy(20, yaw_deg=3.0), *noisy(20, pitch_deg=-3.0)])
    assert meter.change is not None
    assert meter.change < 0.012


@pytest.mark.parametrize("difference", [0.03, 0.05])
def test_another_skull_shows_as_large_as_it_differs(difference: float) -> None:
    stranger = make_stranger(FACE, difference)
    meter = watch(LikenessMeter(FACE), [stranger] * 40)
    assert meter.change == pytest.approx(difference, rel=0.15)


def test_a_change_of_person_shows_within_a_few_seconds_however_long_the_first_was_there() -> None:
    meter = watch(LikenessMeter(FACE), [FACE] * 300)
    watch(meter, [make_stranger(FACE, 0.05)] * 40)
    assert (meter.change or 0.0) > 0.04


def test_too_few_views_and_views_from_the_side_tell_nothing() -> None:
    assert watch(LikenessMeter(FACE), [FACE] * (MIN_VIEWS - 1)).change is None
    aside = make_stranger(make_face(yaw_deg=NEAR_POSE_DEG + 1.0), 0.05)
    assert watch(LikenessMeter(FACE), [aside] * 50).change is None


def test_after_a_break_only_what_comes_then_counts() -> None:
    meter = watch(LikenessMeter(FACE), [make_stranger(FACE, 0.05)] * 40)
    meter.forget()
    assert meter.change is None
    assert watch(meter, [FACE] * 40).change == pytest.approx(0.0, abs=1e-4)


def test_the_frontal_view_is_averaged_over_its_own_pose_only() -> None:
    shown = [*noisy(8), make_face(yaw_deg=8.0), make_face(pitch_deg=9.0)]
    frontal = average_frontal(shown)
    assert frontal.pose.yaw_deg == 0.0
    error_px = np.abs(frontal.landmarks_px[RIGID_FACE] - FACE.landmarks_px[RIGID_FACE]).mean()
    single_px = np.abs(shown[0].landmarks_px[RIGID_FACE] - FACE.landmarks_px[RIGID_FACE]).mean()
    assert error_px < 0.75 * single_px


def test_a_frontal_view_of_nobody_is_an_error() -> None:
    with pytest.raises(ValueError, match="empty"):
        average_frontal([])
