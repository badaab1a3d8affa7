from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.verification.liveness.faces import (
    BLINK,
    SMILE,
    make_baseline,
    make_blendshapes,
    make_emotions,
    make_face,
)
from tests.verification.liveness.performance import HELD, carry_out
from verification.liveness.actions import CATALOGUE, POOL, Action
from verification.liveness.judges import (
    MAX_CLOSURE_MS,
    MIN_CLOSURE_MS,
    MIN_REACTION_MS,
    NOD_MAX_MS,
    NOD_STROKE_DEG,
    HoldJudge,
    Judge,
    judge_for,
)
from verification.liveness.measures import FaceReading
from verification.liveness.observation import Face, HeadPose

NEUTRAL = make_face()
BASELINE = make_baseline(NEUTRAL)
values = st.floats(-1.0, 3.0)
pitches_deg = st.sampled_from([0.0, -4.0, -9.0, -13.0, 5.0])
paces_ms = st.integers(1, 400)


def read(face: Face) -> FaceReading:
    return FaceReading(face, BASELINE, None)


def feed(judge: Judge, faces: Iterable[tuple[int, Face]]) -> Judge:
    for at_ms, face in faces:
        judge.observe(read(face), at_ms)
    return judge


def pitched(pitch_deg: float) -> Face:
    return replace(NEUTRAL, pose=HeadPose(0.0, pitch_deg, 0.0))


def closing(closure: float) -> Face:
    return replace(NEUTRAL, blendshapes=make_blendshapes(**dict.fromkeys(BLINK, closure)))


def nod(strokes: Iterable[tuple[int, float]]) -> Judge:
    return feed(judge_for(Action.NOD), [(at_ms, pitched(pitch_deg)) for at_ms, pitch_deg in strokes])


def blink(closures: Iterable[tuple[int, float]]) -> Judge:
    return feed(judge_for(Action.BLINK), [(at_ms, closing(closure)) for at_ms, closure in closures])


def hold(held: Iterable[tuple[int, float]], hold_ms: int) -> HoldJudge:
    """A hold judge whose measure is read off the face's luma, which nothing else looks at."""
    judge = HoldJudge(lambda reading: reading.face.luma_mean, hold_ms)
    feed(judge, [(at_ms, replace(NEUTRAL, luma_mean=value)) for at_ms, value in held])
    return judge


def at_pace(steps: Iterable[tuple[int, float]]) -> list[tuple[int, float]]:
    """(gap, value) pairs to (time, value) pairs."""
    at_ms, timed = 0, []
    for gap_ms, value in steps:
        at_ms += gap_ms
        timed.append((at_ms, value))
    return timed


@pytest.mark.parametrize("action", HELD)
def test_an_action_raised_from_rest_and_held_is_done(action: Action) -> None:
    hold_ms = CATALOGUE[action].params["hold_ms"]
    shown = [(200, 0.0), (400, 0.5), (600, 1.0), (600 + hold_ms, 1.0)]
    judge = feed(judge_for(action), [(at_ms, carry_out(action, amount)) for at_ms, amount in shown])
    assert judge.is_done
    assert judge.progress == 1.0
    assert judge.peak >= 1.0


@pytest.mark.parametrize("action", HELD)
def test_an_action_let_go_before_its_time_is_not_done(action: Action) -> None:
    hold_ms = CATALOGUE[action].params["hold_ms"]
    shown = [(300, 0.0), (600, 1.0), (600 + hold_ms - 10, 1.0), (600 + hold_ms, 0.0), (3_000, 1.0)]
    judge = feed(judge_for(action), [(at_ms, carry_out(action, amount)) for at_ms, amount in shown])
    assert not judge.is_done
    assert judge.progress < 1.0


@pytest.mark.parametrize("action", HELD)
def test_an_action_carried_half_way_is_not_done_however_long_it_lasts(action: Action) -> None:
    shown = [(300, 0.0)] + [(at_ms, 0.35) for at_ms in range(500, 10_000, 100)]
    judge = feed(judge_for(action), [(at_ms, carry_out(action, amount)) for at_ms, amount in shown])
    assert not judge.is_done
    assert 0.0 < judge.peak < 1.0


@pytest.mark.parametrize("action", HELD)
def test_an_action_under_way_at_the_reveal_counts_only_once_it_was_let_go(action: Action) -> None:
    judge = judge_for(action)
    feed(judge, [(at_ms, carry_out(action, 1.0)) for at_ms in range(0, 5_000, 100)])
    assert not judge.is_done
    assert judge.progress == 0.0
    again = [(5_000, 0.0), (5_200, 1.0), (5_600, 1.0)]
    feed(judge, [(at_ms, carry_out(action, amount)) for at_ms, amount in again])
    assert judge.is_done


@pytest.mark.parametrize("action", HELD)
def test_a_hold_begun_before_a_human_can_react_starts_counting_when_one_can(action: Action) -> None:
    hold_ms = CATALOGUE[action].params["hold_ms"]
    judge = judge_for(action)
    feed(judge, [(0, NEUTRAL)] + [(at_ms, carry_out(action, 1.0)) for at_ms in (100, 200, 249)])
    assert judge.peak == 0.0
    feed(judge, [(at_ms, carry_out(action, 1.0)) for at_ms in (250, 250 + hold_ms - 1)])
    assert not judge.is_done
    feed(judge, [(250 + hold_ms, carry_out(action, 1.0))])
    assert judge.is_done


@pytest.mark.parametrize("action", POOL)
def test_another_action_is_never_taken_for_the_one_asked(action: Action) -> None:
    kin = {
        Action.OPEN_MOUTH: {Action.SURPRISE},  # surprise opens the mouth and raises the brows as well
        Action.RAISE_EYEBROWS: {Action.SURPRISE},
        Action.LOOK_DOWN: {Action.NOD},  # a nod held at its bottom is a look down
        Action.NOD: {Action.LOOK_DOWN, Action.LOOK_UP},  # looking up twice has a way down and up between
    }
    for other in set(POOL) - {action} - kin.get(action, set()):
        shown = [(300, 0.0), (600, 1.0), (1_200, 1.0), (1_300, 0.0), (1_500, 1.0), (1_700, 0.0)]
        judge = feed(judge_for(action), [(at_ms, carry_out(other, amount)) for at_ms, amount in shown])
        assert not judge.is_done, f"{other} was taken for {action}"


@given(
    st.sampled_from([Action.TURN_LEFT, Action.TURN_RIGHT]),
    st.floats(-12.0, 12.0),
    st.lists(st.tuples(paces_ms, st.floats(-17.0, 17.0)), max_size=30),
)
def test_the_yaw_that_a_flat_print_reaches_never_passes_a_turn(
    action: Action, baseline_yaw_deg: float, steps: list[tuple[int, float]]
) -> None:
    baseline = replace(BASELINE, pose=HeadPose(baseline_yaw_deg, 0.0, 0.0))
    judge = judge_for(action)
    for at_ms, yaw_deg in at_pace(steps):
        face = replace(NEUTRAL, pose=HeadPose(yaw_deg, 0.0, 0.0))
        judge.observe(FaceReading(face, baseline, None), at_ms)
    assert not judge.is_done
    assert judge.peak < 1.0


@given(st.lists(st.tuples(paces_ms, values), max_size=40), st.integers(1, 1_000))
def test_a_hold_is_done_exactly_when_some_run_from_rest_lasted(
    steps: list[tuple[int, float]], hold_ms: int
) -> None:
    timed = at_pace(steps)
    is_armed, run_ms, expected = False, None, False
    for at_ms, value in timed:
        is_armed = is_armed or value < 0.6
        if is_armed and at_ms >= MIN_REACTION_MS and value >= 1.0:
            run_ms = at_ms if run_ms is None else run_ms
            expected = expected or at_ms - run_ms >= hold_ms
        else:
            run_ms = None
    assert hold(timed, hold_ms).is_done == expected


@given(
    st.sampled_from(POOL),
    st.lists(st.tuples(paces_ms, st.sampled_from(POOL), st.floats(0.0, 1.2)), max_size=25),
)
def test_progress_stays_within_0_and_1_and_done_is_for_good(
    action: Action, steps: list[tuple[int, Action, float]]
) -> None:
    judge, at_ms, was_done = judge_for(action), 0, False
    for gap_ms, shown, amount in steps:
        at_ms += gap_ms
        judge.observe(read(carry_out(shown, round(amount, 1))), at_ms)
        assert 0.0 <= judge.progress <= 1.0
        assert judge.is_done or not was_done
        assert judge.progress == 1.0 or not judge.is_done
        was_done = judge.is_done


def test_a_face_that_smiles_at_rest_can_still_pass_a_smile() -> None:
    smiling = make_face(blendshapes=dict.fromkeys(SMILE, 0.7))
    baseline = make_baseline(smiling)
    judge = judge_for(Action.SMILE)
    broad = make_face(blendshapes=dict.fromkeys(SMILE, 0.95))
    for at_ms, face in [(300, smiling), (600, broad), (1_000, broad)]:
        judge.observe(FaceReading(face, baseline, None), at_ms)
    assert judge.is_done


def test_a_face_that_smiles_at_rest_passes_nothing_by_staying_so() -> None:
    smiling = make_face(blendshapes=dict.fromkeys(SMILE, 0.9))
    judge = judge_for(Action.SMILE)
    for at_ms in range(0, 5_000, 100):
        judge.observe(FaceReading(smiling, make_baseline(smiling), make_emotions(happy=0.9)), at_ms)
    assert not judge.is_done


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


def test_only_up_is_no_nod() -> None:
    assert nod([(300, 0.0), (700, 12.0), (1_100, 15.0)]).progress == 0.0


def test_up_and_down_again_is_no_nod() -> None:
    assert not nod([(300, 0.0), (700, 12.0), (1_100, 0.0), (5_000, 0.0)]).is_done


def test_a_nod_before_a_human_can_react_is_not_counted() -> None:
    assert not nod([(0, 0.0), (100, -12.0), (240, -12.0), (260, 0.0), (2_000, 0.0)]).is_done


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


@pytest.mark.parametrize("action", POOL)
def test_every_action_of_the_pool_has_a_judge(action: Action) -> None:
    judge = judge_for(action)
    assert not judge.is_done
    assert judge.progress == judge.peak == 0.0


def test_the_alignment_step_has_no_judge_here() -> None:
    with pytest.raises(KeyError):
        judge_for(Action.LOOK_STRAIGHT)
