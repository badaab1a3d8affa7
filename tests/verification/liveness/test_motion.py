from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.verification.liveness.faces import BLINK, make_face
from verification.liveness.motion import MIN_PAIRS, MicroMotionMeter
from verification.liveness.observation import Face

FRAME_MS = 60
blink = dict.fromkeys(BLINK, 0.8)


def watch(face_of: Callable[[int], Face], frames: int = 120, frame_ms: int = FRAME_MS) -> MicroMotionMeter:
    meter = MicroMotionMeter()
    for number in range(frames):
        meter.observe(face_of(number), number * frame_ms)
    return meter


def living(number: int) -> Face:
    """Moves in bursts, and blinks every two seconds."""
    return make_face(
        noise_px=0.8 if number % 12 < 2 else 0.12,
        noise_seed=number,
        blendshapes=blink if number % 35 == 34 else None,
    )


def frozen(number: int) -> Face:
    return make_face(noise_px=0.02, noise_seed=number)


def waved_print(number: int) -> Face:
    """Carried about as a plane, with the even error of the landmarker."""
    return make_face(
        yaw_deg=4.0 * (number % 9) / 9,
        is_flat=True,
        noise_px=0.3,
        noise_seed=number,
        distance_cm=50 + number % 5,
    )


def test_a_living_face_scores_high() -> None:
    assert (watch(living).score or 0.0) > 0.8


def test_a_frozen_frame_with_sensor_noise_scores_0() -> None:
    assert watch(frozen).score == 0.0


def test_a_waved_print_scores_low() -> None:
    score = watch(waved_print).score
    assert score is not None
    assert score < 0.5


def test_a_face_that_is_only_carried_about_does_not_move_by_itself() -> None:
    moved = watch(lambda number: make_face(roll_deg=number % 20 / 10))
    assert moved.measures["residual"] < 1e-5


def test_nothing_is_said_before_enough_pairs_were_seen() -> None:
    assert watch(living, frames=MIN_PAIRS).score is None
    assert watch(living, frames=MIN_PAIRS).measures == {}


def test_faces_turned_away_or_turning_are_not_compared() -> None:
    assert watch(lambda number: make_face(yaw_deg=15.0, noise_px=1.0, noise_seed=number)).score is None
    assert watch(lambda number: make_face(yaw_deg=5.0 * (number % 2), noise_px=0.2)).measures == {}


def test_a_blink_widens_the_eyelids_span() -> None:
    measures = watch(living).measures
    assert measures["eyelid_span"] == pytest.approx(0.78)


@settings(max_examples=25)
@given(st.lists(st.tuples(st.floats(-20.0, 20.0), st.floats(0.0, 3.0), st.floats(0.0, 1.0)), max_size=60))
def test_the_score_stays_within_0_and_1(seen: list[tuple[float, float, float]]) -> None:
    meter = MicroMotionMeter()
    for number, (yaw_deg, noise_px, closure) in enumerate(seen * 2):
        face = make_face(
            yaw_deg=yaw_deg / 4,
            noise_px=noise_px,
            noise_seed=number,
            blendshapes=dict.fromkeys(BLINK, closure),
        )
        meter.observe(face, 100 * number)
    assert meter.score is None or 0.0 <= meter.score <= 1.0
