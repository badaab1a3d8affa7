from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.verification.liveness.faces import make_observation
from tests.verification.liveness.moving import move_face
from verification.liveness.moments import CAPACITY, STEP_MS
from verification.liveness.observation import FaceObservation
from verification.liveness.repetition import COPY, WALKED_MS, RepetitionMeter

FRAME_MS = 80
PACE = 0.4  # of `move_face`, whose fastest tremble is no person's
NOISE_PX = (
    0.15  # of eyes 90 pixels apart: what noise and compression leave of a landmark, of a face well in view
)

Walk = Callable[[int], float]


def film(moment_ms: float, *, seed: int, is_same_picture: bool = False, **changes: float) -> FaceObservation:
    """A frame of a performance at the pace of a person, the scene moving with the head.

    is_same_picture: what it looks like depends on the moment alone, noise included.
    """
    if is_same_picture:
        moment_ms = FRAME_MS * round(moment_ms / FRAME_MS)
    seed = round(moment_ms) if is_same_picture else 1_000_000 + seed
    face = move_face(
        PACE * moment_ms, noise_px=NOISE_PX, seed=seed, restlessness=changes.get("restlessness", 1.0)
    )
    head = move_face(PACE * moment_ms, restlessness=changes.get("restlessness", 1.0)).pose
    rows, columns = np.mgrid[0:32, 0:32] / 4.0
    shift = changes.get("drift", 0.0) * (seed - 1_000_000)
    scene = 128 + 60 * np.sin(rows + head.pitch_deg / 9 + shift) * np.cos(columns + head.yaw_deg / 9 + shift)
    noise = np.random.default_rng(seed).normal(0.0, 0.4, scene.shape)
    seen = make_observation(face, picture=seed)
    return replace(seen, luma_thumbnail=np.clip(scene + noise, 0, 255).astype(np.uint8))


def watch(
    walk: Walk, *, for_ms: int, frame_ms: int = FRAME_MS, is_same_picture: bool = False, **changes: float
) -> RepetitionMeter:
    """walk: from the time of the session to the time of the performance that is shown then."""
    meter = RepetitionMeter()
    for number, at_ms in enumerate(range(0, for_ms, frame_ms)):
        meter.observe(film(walk(at_ms), seed=number, is_same_picture=is_same_picture, **changes), at_ms)
    return meter


def loop(period_ms: float) -> Walk:
    return lambda at_ms: at_ms % period_ms


def go_to_and_fro(length_ms: float) -> Walk:
    return lambda at_ms: length_ms - abs(length_ms - at_ms % (2 * length_ms))


def test_a_person_who_goes_on_living_repeats_nothing() -> None:
    meter = watch(float, for_ms=15_000)
    assert not meter.is_loop
    assert meter.score == 1.0


@pytest.mark.parametrize("period_ms", [2_010.0, 3_350.0, 6_130.0])
@pytest.mark.parametrize("is_same_picture", [True, False])
def test_a_loop_is_found_soon_after_it_comes_round(period_ms: float, is_same_picture: bool) -> None:
    meter = watch(loop(period_ms), for_ms=round(period_ms) + 4_500, is_same_picture=is_same_picture)
    assert meter.is_loop
    assert meter.score == 0.0
    lag_ms = meter.measures["return_lag_ms"]
    assert lag_ms == pytest.approx(period_ms * round(lag_ms / period_ms), abs=2 * STEP_MS)


def test_a_loop_whose_scene_drifts_is_found_by_the_face_alone() -> None:
    assert watch(loop(4_500.0), for_ms=11_000, drift=0.05).is_loop


def test_a_recording_played_to_and_fro_with_noise_of_its_own_is_found_when_it_goes_forwards_again() -> None:
    assert watch(go_to_and_fro(3_200.0), for_ms=11_000).is_loop


def test_a_head_that_turns_and_returns_is_no_recording() -> None:
    assert not watch(go_to_and_fro(3_000.0), for_ms=6_500).is_loop


@pytest.mark.parametrize("length_ms", [1_500.0, 2_500.0, 6_000.0])
def test_a_clip_that_is_walked_to_and_fro_while_one_challenge_lasts_is_no_loop(length_ms: float) -> None:
    """How a test before a camera plays a clip: the same pictures, bit for bit."""
    meter = watch(go_to_and_fro(length_ms), for_ms=15_000, is_same_picture=True)
    assert not meter.is_loop
    assert meter.score == 1.0


def test_a_walk_to_and_fro_that_outlasts_any_challenge_is_a_loop() -> None:
    assert watch(go_to_and_fro(2_480.0), for_ms=WALKED_MS + 9_000, is_same_picture=True).is_loop


def test_a_face_that_keeps_still_repeats_nothing() -> None:
    assert watch(float, for_ms=10_000, restlessness=0.03).score == 1.0


def test_a_stall_of_the_camera_is_no_loop() -> None:
    def stall(at_ms: int) -> float:
        return float(at_ms if at_ms < 5_000 else max(5_000, at_ms - 3_000))

    assert not watch(stall, for_ms=12_000, is_same_picture=True).is_loop


def test_time_without_a_face_is_no_part_of_any_stretch() -> None:
    meter = RepetitionMeter()
    for number, at_ms in enumerate(range(0, 14_000, FRAME_MS)):
        is_away = number % 20 >= 15  # a second and a bit in view, never two
        seen = film(at_ms % 3_000.0, seed=number)
        meter.observe(make_observation(None) if is_away else seen, at_ms)
    assert not meter.is_loop


def test_a_long_session_is_remembered_in_part_and_a_late_loop_is_found() -> None:
    begins_ms = STEP_MS * (CAPACITY + 50)

    def live_then_loop(at_ms: int) -> float:
        return float(at_ms) if at_ms < begins_ms else begins_ms + (at_ms - begins_ms) % 3_000.0

    meter = watch(live_then_loop, for_ms=begins_ms + 8_000, frame_ms=200)
    assert meter.is_loop
    assert meter.measures["return_lag_ms"] == pytest.approx(3_000.0, abs=2 * STEP_MS)


@settings(max_examples=15)
@given(st.lists(st.tuples(st.integers(-50, 700), st.floats(0.0, 9_000.0), st.booleans()), max_size=60))
def test_the_score_stays_within_0_and_1(steps: Iterable[tuple[int, float, bool]]) -> None:
    meter, at_ms = RepetitionMeter(), 0
    for number, (gap_ms, moment_ms, has_face) in enumerate(steps):
        at_ms += gap_ms
        meter.observe(film(moment_ms, seed=number) if has_face else make_observation(None), at_ms)
    assert 0.0 <= meter.score <= 1.0
    assert meter.is_loop == (meter.measures.get("return_left_over", 1.0) < COPY)
    assert all(np.isfinite(value) for value in meter.measures.values())
