from collections.abc import Callable, Iterable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.verification.liveness.moving import move_face
from verification.liveness.repetition import CAPACITY, LOOP_RATIO, TO_AND_FRO_MS, RepetitionMeter

FRAME_MS = 80
NOISE_PX = 0.3  # of eyes 90 pixels apart: what noise and compression leave of a landmark's place

Walk = Callable[[int], float]


def watch(walk: Walk, *, for_ms: int, frame_ms: int = FRAME_MS, restlessness: float = 1.0) -> RepetitionMeter:
    """walk: from the time of the session to the time of the performance that is shown then."""
    meter = RepetitionMeter()
    for number, at_ms in enumerate(range(0, for_ms, frame_ms)):
        face = move_face(walk(at_ms), noise_px=NOISE_PX, seed=number, restlessness=restlessness)
        meter.observe(face, at_ms)
    return meter


def loop(period_ms: float) -> Walk:
    return lambda at_ms: at_ms % period_ms


def go_to_and_fro(length_ms: float) -> Walk:
    return lambda at_ms: length_ms - abs(length_ms - at_ms % (2 * length_ms))


def test_a_person_who_goes_on_living_repeats_nothing() -> None:
    meter = watch(float, for_ms=40_000)
    assert not meter.is_loop
    assert meter.score == 1.0
    assert meter.measures == {}


@pytest.mark.parametrize("period_ms", [2_010.0, 3_350.0, 6_130.0])
def test_a_loop_is_found_whatever_instants_it_is_sampled_at(period_ms: float) -> None:
    meter = watch(loop(period_ms), for_ms=round(3.2 * period_ms) + 2_000)
    assert meter.is_loop
    assert meter.score == 0.0
    lag_ms = meter.measures["loop_period_ms"]
    assert lag_ms == pytest.approx(period_ms * round(lag_ms / period_ms), abs=60.0)


def test_a_clip_that_is_walked_to_and_fro_while_one_challenge_lasts_is_no_loop() -> None:
    """How a test before a camera plays a clip; a person who tries a gesture again and again comes near it."""
    meter = watch(go_to_and_fro(1_500.0), for_ms=15_000)
    assert not meter.is_loop
    assert meter.score == 1.0


def test_movement_to_and_fro_that_outlasts_any_challenge_is_a_loop() -> None:
    assert watch(go_to_and_fro(2_500.0), for_ms=TO_AND_FRO_MS + 7_000).is_loop


def test_what_is_shown_twice_lowers_the_score_before_it_is_called_a_loop() -> None:
    meter = watch(loop(5_000.0), for_ms=9_800)
    assert not meter.is_loop
    assert 0.0 < meter.score < 1.0
    assert 0.8 < meter.measures["loop_ratio"] < LOOP_RATIO


def test_a_face_that_keeps_still_repeats_nothing() -> None:
    assert watch(float, for_ms=20_000, restlessness=0.03).measures == {}


def test_a_stall_of_the_camera_is_no_loop() -> None:
    def stall(at_ms: int) -> float:
        return float(at_ms if at_ms < 5_000 else max(5_000, at_ms - 3_000))

    assert not watch(stall, for_ms=20_000).is_loop


def test_a_long_session_is_remembered_in_part_and_a_late_loop_is_found() -> None:
    frames = CAPACITY + 300

    def live_then_loop(at_ms: int) -> float:
        begins_ms = 60 * CAPACITY
        return float(at_ms) if at_ms < begins_ms else begins_ms + (at_ms - begins_ms) % 3_000.0

    meter = watch(live_then_loop, for_ms=60 * frames, frame_ms=60)
    assert meter.is_loop


@settings(max_examples=15)
@given(st.lists(st.tuples(st.integers(1, 700), st.floats(0.0, 9_000.0)), max_size=60))
def test_the_score_stays_within_0_and_1(steps: Iterable[tuple[int, float]]) -> None:
    meter, at_ms = RepetitionMeter(), 0
    for gap_ms, moment_ms in steps:
        at_ms += gap_ms
        meter.observe(move_face(moment_ms), at_ms)
    assert 0.0 <= meter.score <= 1.0
    assert all(np.isfinite(value) for value in meter.measures.values())
