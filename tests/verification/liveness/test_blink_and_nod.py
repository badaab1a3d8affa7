from collections.abc import Iterable
from dataclasses import replace

from hypothesis import example, given
from hypothesis import strategies as st

from tests.verification.liveness.faces import (
    BLINK,
    make_blendshapes,
)
from tests.verification.liveness.reading import NEUTRAL, at_pace, feed
from verification.liveness.actions import Action
from verification.liveness.judges import (
    MAX_CLOSURE_MS,
    MIN_CLOSURE_MS,
    MIN_REACTION_MS,
    NOD_MAX_MS,
    NOD_STROKE_DEG,
    Judge,
    NodJudge,
    judge_for,
)
from verification.liveness.observation import Face, HeadPose

paces_ms = st.integers(1, 400)
pitches_deg = st.sampled_from([0.0, -4.0, -9.0, -13.0, 5.0])


def pitched(pitch_deg: float) -> Face:
    return replace(NEUTRAL, pose=HeadPose(0.0, pitch_deg, 0.0))


def closing(closure: float) -> Face:
    return replace(NEUTRAL, blendshapes=make_blendshapes(**dict.fromkeys(BLINK, closure)))


def nod(strokes: Iterable[tuple[int, float]]) -> Judge:
    return feed(judge_for(Action.NOD), [(at_ms, pitched(pitch_deg)) for at_ms, pitch_deg in strokes])


def blink(closures: Iterable[tuple[int, float]]) -> Judge:
    return feed(judge_for(Action.BLINK), [(at_ms, closing(closure)) for at_ms, closure in closures])


# --- blink ---------------------------------------------------------------------------------------


def test_two_blinks_are_two_blinks() -> None:
    judge = blink([(250, 0.0), (400, 0.8), (500, 0.0), (900, 0.8), (1_000, 0.0)])
    assert judge.is_done
    assert judge.progress == 1.0


def test_one_blink_is_half_of_two() -> None:
    judge = blink([(250, 0.0), (400, 0.8), (500, 0.0), (5_000, 0.0)])
    assert not judge.is_done
    assert judge.progress == 0.5


@given(st.integers(1, 3_000), st.integers(MIN_REACTION_MS, 5_000))
@example(MIN_CLOSURE_MS, 250)
@example(MAX_CLOSURE_MS, 250)
@example(MAX_CLOSURE_MS + 1, 250)
@example(MIN_CLOSURE_MS - 1, 250)
def test_only_a_closure_as_short_as_a_blink_is_counted(closed_ms: int, closes_at_ms: int) -> None:
    judge = blink([(100, 0.0), (closes_at_ms, 0.8), (closes_at_ms + closed_ms, 0.0)])
    assert (judge.progress == 0.5) == (MIN_CLOSURE_MS <= closed_ms <= MAX_CLOSURE_MS)


def test_eyes_closed_before_a_human_can_react_are_not_a_blink() -> None:
    assert blink([(0, 0.0), (240, 0.8), (400, 0.0)]).progress == 0.0


def test_eyes_that_were_shut_at_the_reveal_are_not_a_blink_when_they_open() -> None:
    assert blink([(0, 0.8), (300, 0.8), (500, 0.0)]).progress == 0.0


def test_half_closed_eyes_are_not_a_blink() -> None:
    judge = blink([(300, 0.0), (400, 0.25), (500, 0.0), (700, 0.25), (800, 0.0)])
    assert judge.progress == 0.0
    assert 0.5 < judge.peak < 1.0


def test_a_flutter_that_never_reopens_is_one_closure() -> None:
    judge = blink([(300, 0.0), (400, 0.8), (450, 0.25), (500, 0.8), (550, 0.25), (600, 0.8), (650, 0.0)])
    assert judge.progress == 0.5


# --- nod -----------------------------------------------------------------------------------------


def test_down_and_up_again_is_a_nod() -> None:
    judge = nod([(300, 0.0), (500, -6.0), (700, -12.0), (900, -5.0), (1_100, 0.0)])
    assert judge.is_done
    assert judge.peak >= 1.0


def test_only_down_is_half_a_nod() -> None:
    judge = nod([(300, 0.0), (700, -12.0), (1_500, -12.0)])
    assert not judge.is_done
    assert judge.progress == 0.5


def test_two_nods_can_be_asked_for() -> None:
    strokes = [(300, 0.0), (700, -12.0), (1_100, 0.0), (1_500, -12.0), (1_900, 0.0)]
    shown = [(at_ms, pitched(pitch_deg)) for at_ms, pitch_deg in strokes]
    progress = [feed(NodJudge(2), shown[:frames]).progress for frames in range(1, 6)]
    assert progress == [0.0, 0.25, 0.5, 0.75, 1.0]


def test_only_up_is_no_nod() -> None:
    assert nod([(300, 0.0), (700, 12.0), (1_100, 15.0)]).progress == 0.0


def test_up_and_down_again_is_no_nod() -> None:
    assert not nod([(300, 0.0), (700, 12.0), (1_100, 0.0), (5_000, 0.0)]).is_done


def test_a_nod_before_a_human_can_react_is_not_counted() -> None:
    assert not nod([(0, 0.0), (100, -12.0), (240, -12.0), (260, 0.0), (2_000, 0.0)]).is_done


def test_a_stroke_under_way_at_the_reveal_is_no_part_of_a_nod() -> None:
    falling = [(at_ms, -at_ms / 40.0) for at_ms in range(0, 600, 100)]
    assert not nod([*falling, (700, -15.0), (900, -3.0), (1_100, 0.0)]).is_done
    assert nod([*falling, (700, -15.0), (900, 0.0), (1_100, -12.0), (1_300, 0.0)]).is_done


def test_a_move_like_a_nod_that_takes_its_time_is_not_one() -> None:
    slow = [(at_ms, -20.0 * (1.0 - abs(at_ms - 4_300) / 4_000)) for at_ms in range(300, 8_300, 100)]
    assert not nod(slow).is_done


def test_a_look_down_that_is_held_and_raised_again_is_no_nod() -> None:
    held = [(at_ms, -15.0) for at_ms in range(700, 4_000, 100)]
    assert not nod([(300, 0.0), *held, (4_100, 0.0), (6_000, 0.0)]).is_done


def test_a_nod_after_a_long_rest_counts_although_the_head_once_was_a_little_higher() -> None:
    rest = [(at_ms, 1.0 if at_ms == 300 else 0.0) for at_ms in range(300, 6_000, 100)]
    assert nod([*rest, (6_100, -5.0), (6_200, -12.0), (6_300, -5.0), (6_400, 0.0)]).is_done


def test_a_nod_counts_after_a_slow_look_down() -> None:
    slow = [(at_ms, -at_ms / 250.0) for at_ms in range(300, 5_300, 100)]
    bottom = slow[-1][1]
    quick = [(5_400, bottom), (5_600, bottom - 12.0), (5_800, bottom), (6_000, bottom)]
    assert nod([*slow, *quick]).is_done


def test_a_head_that_was_down_can_come_up_and_nod_at_once() -> None:
    assert nod([(300, -20.0), (600, 0.0), (900, -10.0), (1_200, 0.0)]).is_done


@given(st.lists(st.tuples(paces_ms, st.floats(0.0, NOD_STROKE_DEG - 0.01)), max_size=40))
def test_a_head_that_moves_less_than_a_stroke_never_nods(steps: list[tuple[int, float]]) -> None:
    judge = nod(at_pace(steps))
    assert not judge.is_done
    assert judge.peak < 1.0


@given(st.lists(st.tuples(st.integers(1, 1_500), pitches_deg), max_size=25))
def test_a_nod_is_done_exactly_when_some_down_and_up_fits_its_time(steps: list[tuple[int, float]]) -> None:
    timed = [(at_ms, pitch) for at_ms, pitch in at_pace(steps) if at_ms >= MIN_REACTION_MS]
    expected = any(
        top - bottom >= NOD_STROKE_DEG and again - bottom >= NOD_STROKE_DEG and ended - began <= NOD_MAX_MS
        for i, (began, top) in enumerate(timed)
        for j, (_, bottom) in enumerate(timed[i:], i)
        for ended, again in timed[j:]
    )
    assert nod(timed).is_done == expected
