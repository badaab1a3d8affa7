"""What a process knows of its own load, and whom it takes in."""

import asyncio
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from tests.verification.pictures import make_jpeg
from tests.verification.sockets import CaptureSocket, open_in_test
from verification import load as load_module
from verification import session_driver
from verification.conf import count_inference_threads
from verification.load import ROUND_MS, STALL_MS, WINDOW_S, LoadMeter, RecentValues, Stall
from verification.lost_time import TOLERATED_MS, LostTime


@pytest.fixture(autouse=True)
def admission_by_load(settings: Settings) -> None:
    settings.POL_MAX_ANSWER_MS = 250
    settings.POL_INFERENCE_THREADS = 2


# --- measures ----------------------------------------------------------------------------------------


@given(st.lists(st.floats(0, 10_000), min_size=1, max_size=50))
def test_nine_of_ten_values_are_not_above_the_high_one(values: list[float]) -> None:
    recent = RecentValues()
    for value in values:
        recent.add(value, 0.0)
    high = recent.find_high(1.0)
    assert high in values
    assert sum(value <= high for value in values) >= 0.9 * len(values)


def test_values_are_forgotten_after_the_window() -> None:
    recent = RecentValues()
    recent.add(500.0, 0.0)
    recent.add(20.0, WINDOW_S)
    assert recent.find_high(WINDOW_S + 0.1) == 20.0
    assert recent.find_high(2 * WINDOW_S + 0.1) == 0.0


def test_the_cost_of_a_frame_follows_what_is_measured_without_jumping() -> None:
    meter = LoadMeter()
    meter.note_analysis(10.0)
    assert meter.analysis_ms == 10.0
    meter.note_analysis(110.0)
    assert meter.analysis_ms == pytest.approx(15.0)
    for _ in range(200):
        meter.note_analysis(110.0)
    assert meter.analysis_ms == pytest.approx(110.0, abs=0.1)


async def test_an_event_loop_that_stands_still_is_noticed() -> None:
    meter = LoadMeter()
    meter.begin_soon()
    await asyncio.sleep(0)
    time.sleep(2 * STALL_MS / 1_000 + load_module.LAG_SAMPLE_S)
    await asyncio.sleep(2 * load_module.LAG_SAMPLE_S)
    assert meter.lag_ms >= 2 * STALL_MS
    assert meter.last_stall is not None
    assert meter.last_stall.until_ms - meter.last_stall.from_ms >= 2 * STALL_MS


# --- who gets in -------------------------------------------------------------------------------------


def test_there_is_room_while_all_inside_would_still_get_ten_frames_a_second() -> None:
    meter = LoadMeter()
    meter.note_analysis(8.0)
    most = int(ROUND_MS * count_inference_threads() / 8.0)
    assert meter.has_room(most - 1)
    assert not meter.has_room(most)


def test_late_answers_close_the_door_and_their_end_opens_it() -> None:
    meter = LoadMeter()
    for _ in range(10):
        meter.note_answer(251.0)
    assert not meter.has_room(1)
    meter = LoadMeter()
    for _ in range(10):
        meter.note_answer(249.0)
    assert meter.has_room(1)


def test_a_late_event_loop_closes_the_door() -> None:
    meter = LoadMeter()
    meter.note_lag(251.0)
    assert not meter.has_room(1)


def test_an_empty_process_always_takes_one_since_its_measures_may_be_old() -> None:
    meter = LoadMeter()
    meter.note_analysis(5_000.0)
    meter.note_lag(5_000.0)
    assert meter.has_room(0)


def test_the_operator_may_leave_it_to_the_number_of_sessions(settings: Settings) -> None:
    settings.POL_MAX_ANSWER_MS = 0
    meter = LoadMeter()
    meter.note_analysis(5_000.0)
    assert meter.has_room(100)


# --- time that the server lost -----------------------------------------------------------------------


def test_what_is_usual_is_nobodys_loss() -> None:
    lost = LostTime()
    assert lost.note(0, TOLERATED_MS) == 0
    assert lost.note(10_000, 10_000 + TOLERATED_MS + 1) == 1


@given(st.lists(st.tuples(st.integers(0, 800), st.integers(0, 3_000)), max_size=30))
def test_each_moment_is_lost_once_however_delays_overlap(parts: list[tuple[int, int]]) -> None:
    """Frames are taken in the order of their arrival, so delays begin and end in order."""
    lost, late = LostTime(), set[int]()
    total = from_ms = until_ms = 0
    for after_ms, length_ms in parts:
        from_ms += after_ms
        until_ms = max(until_ms, from_ms + length_ms)
        total += lost.note(from_ms, until_ms)
        late |= set(range(from_ms + TOLERATED_MS, until_ms))
    assert total == len(late)


@pytest.mark.django_db(transaction=True)
async def test_a_person_is_given_back_the_time_that_the_event_loop_stood_still(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.POL_CHALLENGE_TIMEOUT_SECONDS = 1  # twice that for the alignment step
    meter = LoadMeter()
    monkeypatch.setattr("verification.session_driver.load", meter)
    opened = await open_in_test(user_id="alice")
    async with CaptureSocket(opened) as socket:
        await socket.begin()
        now_ms = session_driver.now_ms()
        meter.last_stall = Stall(now_ms - 60_000, now_ms)
        await asyncio.sleep(2.1)  # beyond the alignment step's own time
        await socket.send_frame(make_jpeg())
        await socket.expect("feedback")
