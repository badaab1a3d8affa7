from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.verification.liveness.faces import make_observation
from verification.liveness.timing import MIN_FRAMES, WINDOW, TimingMeter

Frame = tuple[int, int, int]  # (arrived, captured, picture)


def watch(frames: Iterable[Frame]) -> TimingMeter:
    meter = TimingMeter()
    for arrived_at_ms, captured_at_ms, picture in frames:
        observation = make_observation(None, picture=picture)
        meter.observe(observation, arrived_at_ms=arrived_at_ms, captured_at_ms=captured_at_ms)
    return meter


def steady(frames: int, gap_ms: int, *, pictures_each: int = 1) -> list[Frame]:
    return [(5_000 + i * gap_ms, i * gap_ms, i // pictures_each) for i in range(frames)]


def test_a_live_camera_scores_1() -> None:
    assert watch(steady(60, 66)).score == 1.0


def test_nothing_is_said_before_enough_frames_came() -> None:
    meter = watch(steady(MIN_FRAMES - 1, 66))
    assert meter.score is None
    assert meter.measures == {}


@pytest.mark.parametrize("fps", [5, 10, 15, 20, 25, 30, 60])
def test_one_picture_over_seconds_is_frozen_at_any_frame_rate(fps: int) -> None:
    assert watch(steady(6 * fps, 1_000 // fps, pictures_each=10_000)).is_frozen


@pytest.mark.parametrize("fps", [5, 10, 30])
def test_one_picture_for_a_moment_is_not_frozen(fps: int) -> None:
    moment = steady(fps + fps // 3, 1_000 // fps, pictures_each=10_000)
    assert not watch(moment).is_frozen


@pytest.mark.parametrize("pictures_each", [1, 2, 3, 6])
def test_a_camera_slower_than_its_reader_is_not_frozen(pictures_each: int) -> None:
    assert not watch(steady(300, 33, pictures_each=pictures_each)).is_frozen


def test_a_frozen_picture_that_thaws_is_no_longer_frozen() -> None:
    thawed = [(12_000 + 100 * i, 7_000 + 100 * i, 100 + i) for i in range(30)]
    assert not watch([*steady(60, 100, pictures_each=1_000), *thawed]).is_frozen


@pytest.mark.parametrize("fps", [10, 30])
def test_a_stream_that_froze_after_a_live_start_is_frozen(fps: int) -> None:
    gap_ms = 1_000 // fps
    frozen = [(20_000 + gap_ms * i, 15_000 + gap_ms * i, 999) for i in range(4 * fps)]
    assert watch([*steady(100, 100), *frozen]).is_frozen


def test_frames_poured_out_at_once_score_0() -> None:
    poured = [(5_000 + i, 66 * i, i) for i in range(60)]
    meter = watch(poured)
    assert meter.measures["burst_share"] == 1.0
    assert meter.score == 0.0


def test_a_clock_that_runs_at_half_speed_scores_0() -> None:
    assert watch([(5_000 + 66 * i, 33 * i, i) for i in range(60)]).score == 0.0


def test_wifi_that_delivers_in_pairs_is_no_attack() -> None:
    pairs = [(5_000 + 132 * (i // 2 + 1) + i % 2, 66 * i, i) for i in range(60)]
    score = watch(pairs).score
    assert score is not None
    assert score > 0.5


@given(st.integers(1, 500), st.integers(20, 120), st.integers(1, 4))
def test_more_repeats_never_score_more(gap_ms: int, frames: int, pictures_each: int) -> None:
    fewer = watch(steady(frames, gap_ms, pictures_each=pictures_each)).score
    more = watch(steady(frames, gap_ms, pictures_each=pictures_each + 1)).score
    assert fewer is not None
    assert more is not None
    assert more <= fewer


@given(st.lists(st.tuples(st.integers(0, 3_000), st.integers(1, 3_000), st.integers(0, 3)), max_size=80))
def test_the_score_stays_within_0_and_1_whatever_arrives(gaps: list[tuple[int, int, int]]) -> None:
    frames, arrived_at_ms, captured_at_ms = [], 0, 0
    for arrival_gap_ms, capture_gap_ms, picture in gaps:
        arrived_at_ms, captured_at_ms = arrived_at_ms + arrival_gap_ms, captured_at_ms + capture_gap_ms
        frames.append((arrived_at_ms, captured_at_ms, picture))
    meter = watch(frames)
    assert (meter.score is None) == (len(frames) < MIN_FRAMES)
    assert meter.score is None or 0.0 <= meter.score <= 1.0
    assert all(value >= 0.0 for value in meter.measures.values())


@given(st.lists(st.tuples(st.integers(1, 200), st.integers(0, 2)), min_size=1, max_size=150))
def test_whatever_keeps_changing_every_second_is_never_frozen(gaps: list[tuple[int, int]]) -> None:
    frames, at_ms = [], 0
    for gap_ms, picture in gaps:
        at_ms += gap_ms
        frames.append((at_ms, at_ms, 10 * (at_ms // 200) + picture))
    assert not watch(frames).is_frozen


def test_a_long_session_is_judged_by_its_last_minute() -> None:
    frozen_start = [(66 * i, 66 * i, 0) for i in range(500)]
    live = [(33_000 + 66 * i, 33_000 + 66 * i, i + 1) for i in range(WINDOW)]
    assert watch([*frozen_start, *live]).score == 1.0
