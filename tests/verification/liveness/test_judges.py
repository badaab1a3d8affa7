from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.verification.liveness.faces import (
    SMILE,
    make_baseline,
    make_emotions,
    make_face,
)
from tests.verification.liveness.performance import HELD, carry_out
from tests.verification.liveness.reading import BASELINE, NEUTRAL, at_pace, feed, read
from verification.liveness.actions import CATALOGUE, POOL, Action
from verification.liveness.judges import (
    MAX_HOLD_GAP_MS,
    MIN_REACTION_MS,
    REST,
    HoldJudge,
    judge_for,
)
from verification.liveness.measures import FaceReading
from verification.liveness.observation import HeadPose

values = st.floats(-1.0, 3.0)
paces_ms = st.integers(1, 400)


def hold(held: Iterable[tuple[int, float]], hold_ms: int) -> HoldJudge:
    """A hold judge whose measure is read off the face's luma, which nothing else looks at."""
    judge = HoldJudge(lambda reading: reading.face.luma_mean, hold_ms)
    feed(judge, [(at_ms, replace(NEUTRAL, luma_mean=value)) for at_ms, value in held])
    return judge


@pytest.mark.parametrize("action", HELD)
def test_an_action_raised_from_rest_and_held_is_done(action: Action) -> None:
    hold_ms = CATALOGUE[action].params["hold_ms"]
    shown = [(200, 0.0), (400, 0.5), (600, 1.0), (600 + hold_ms, 1.0)]
    judge = feed(judge_for(action), [(at_ms, carry_out(action, amount)) for at_ms, amount in shown])
    assert judge.is_done
    assert judge.progress == 1.0
    assert judge.peak >= 1.0


def test_progress_is_half_the_way_there_and_half_the_hold() -> None:
    steps = [(100, 0.0), (300, 0.5), (500, 1.0), (700, 1.0), (800, 1.0)]
    shown = [hold(steps[:frames], 400).progress for frames in range(1, 6)]
    assert shown == [0.0, 0.25, 0.5, 0.75, 0.875]


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
def test_an_answer_that_begins_before_a_human_can_react_must_be_let_go_and_given_again(
    action: Action,
) -> None:
    judge = judge_for(action)
    early = [(0, NEUTRAL)] + [(at_ms, carry_out(action, 1.0)) for at_ms in range(100, 5_000, 100)]
    feed(judge, early)
    assert judge.peak == 0.0
    assert not judge.is_done
    feed(judge, [(5_000, NEUTRAL)] + [(at_ms, carry_out(action, 1.0)) for at_ms in range(5_100, 6_000, 100)])
    assert judge.is_done


@pytest.mark.parametrize("action", HELD)
def test_what_happened_while_nothing_was_seen_is_not_held(action: Action) -> None:
    gap_ms = MAX_HOLD_GAP_MS + 1
    seen = [(300, 0.0), (400, 1.0), (400 + gap_ms, 1.0)]
    judge = feed(judge_for(action), [(at_ms, carry_out(action, amount)) for at_ms, amount in seen])
    assert not judge.is_done
    hold_ms = CATALOGUE[action].params["hold_ms"]
    assert feed(judge, [(400 + gap_ms + hold_ms, carry_out(action, 1.0))]).is_done


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
        is_armed = value < REST or (is_armed and at_ms >= MIN_REACTION_MS)
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


@pytest.mark.parametrize("action", POOL)
def test_every_action_of_the_pool_has_a_judge(action: Action) -> None:
    judge = judge_for(action)
    assert not judge.is_done
    assert judge.progress == judge.peak == 0.0


def test_the_alignment_step_has_no_judge_here() -> None:
    with pytest.raises(KeyError):
        judge_for(Action.LOOK_STRAIGHT)
