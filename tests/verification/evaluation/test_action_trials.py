from dataclasses import replace

import pytest

from tests.verification.evaluation.recordings import Acted, act
from verification.evaluation.action_trials import ActionTrial, rate_actions, rate_by_action, run_trials
from verification.evaluation.rates import Rate
from verification.evaluation.recording import Recording
from verification.evaluation.tables import ClipEvent
from verification.liveness.actions import POOL, Action
from verification.liveness.policy import Policy

POLICY = Policy()


def try_out(acted: Acted) -> list[ActionTrial]:
    return list(run_trials("clip", acted.recording, acted.events, POLICY))


@pytest.mark.parametrize("action", POOL)
def test_every_action_is_recalled_and_no_other_is_accepted_for_it(action: Action) -> None:
    trials = try_out(act([action]))
    shown = [trial for trial in trials if trial.is_shown]
    assert [(trial.asked, trial.is_accepted, trial.is_prompt) for trial in shown] == [(action, True, True)]
    assert [trial.asked for trial in trials if not trial.is_shown and trial.is_accepted] == []


def test_an_event_that_says_what_is_not_shown_is_missed_and_falsely_accepted() -> None:
    acted = act([Action.SMILE])
    wrong = replace(acted, events=(replace(acted.events[0], actions=(Action.OPEN_MOUTH,)),))
    trials = try_out(wrong)
    assert [trial.asked for trial in trials if trial.is_shown and not trial.is_accepted] == [
        Action.OPEN_MOUTH
    ]
    assert [trial.asked for trial in trials if trial.is_accepted] == [Action.SMILE]


def test_actions_that_overlap_or_go_together_are_no_false_accepts() -> None:
    acted = act([Action.SMILE])
    (smile,) = acted.events
    both = replace(acted, events=(smile, replace(smile, actions=(Action.OPEN_MOUTH,))))
    tried = {trial.asked for trial in try_out(both) if not trial.is_shown}
    assert tried.isdisjoint({Action.SMILE, Action.OPEN_MOUTH})
    tried = {trial.asked for trial in try_out(act([Action.NOD])) if not trial.is_shown}
    assert tried.isdisjoint({Action.NOD, Action.LOOK_DOWN, Action.LOOK_UP})


def test_a_mouth_opened_under_raised_brows_is_also_surprise() -> None:
    acted = act([Action.SURPRISE])
    (event,) = acted.events
    named = [replace(event, actions=(action,)) for action in (Action.OPEN_MOUTH, Action.RAISE_EYEBROWS)]
    trials = try_out(replace(acted, events=tuple(named)))
    assert Action.SURPRISE not in {trial.asked for trial in trials}


def test_an_event_longer_than_a_challenge_counts_for_recall_only() -> None:
    acted = act([Action.BLINK] * 12)
    whole = ClipEvent("blinks", (Action.BLINK,), 0.0, acted.recording.duration_s)
    assert 1_000 * acted.recording.duration_s > POLICY.challenge_timeout_ms
    trials = try_out(replace(acted, events=(whole,)))
    assert [(trial.asked, trial.is_accepted) for trial in trials] == [(Action.BLINK, True)]


def test_events_that_cannot_be_tried_are_left_out() -> None:
    acted = act([Action.SMILE])
    late = replace(acted.events[0], start_s=99.0, end_s=100.0)
    straight = ClipEvent("neutral", (Action.LOOK_STRAIGHT,), 0.0, 1.0)
    assert try_out(replace(acted, events=(late, straight))) == []
    assert list(run_trials("clip", Recording((), 10.0), acted.events, POLICY)) == []


def make_trial(asked: Action, *, is_shown: bool, is_accepted: bool, is_prompt: bool = False) -> ActionTrial:
    return ActionTrial("clip", "label", asked, is_shown, is_accepted, is_prompt)


def test_rates_are_counted_by_action_and_over_all() -> None:
    trials = [
        make_trial(Action.SMILE, is_shown=True, is_accepted=True, is_prompt=True),
        make_trial(Action.SMILE, is_shown=True, is_accepted=True),
        make_trial(Action.SMILE, is_shown=True, is_accepted=False),
        make_trial(Action.SMILE, is_shown=False, is_accepted=True),
        make_trial(Action.NOD, is_shown=False, is_accepted=False),
    ]
    by_action = rate_by_action(trials)
    assert list(by_action) == [Action.NOD, Action.SMILE]
    assert by_action[Action.SMILE].recall == Rate(3, 1)
    assert by_action[Action.SMILE].first_pass == Rate(3, 2)
    assert rate_actions(trials).false_accept == Rate(2, 1)


def test_a_recall_is_told_as_the_share_accepted_with_its_interval() -> None:
    trials = [make_trial(Action.SMILE, is_shown=True, is_accepted=number > 0) for number in range(4)]
    recall = rate_actions(trials).as_dict()["recall"]
    assert isinstance(recall, dict)
    assert (recall["n"], recall["errors"], recall["rate"]) == (4, 1, 0.75)
    assert 0.0 < recall["low"] < 0.75 < recall["high"] < 1.0


def test_an_action_that_is_under_way_when_the_clip_begins_is_not_tried() -> None:
    acted = act([Action.SMILE])
    (smile,) = acted.events
    assert try_out(replace(acted, events=(replace(smile, start_s=0.0),))) == []


def test_a_clip_that_never_meets_the_alignment_step_is_not_tried() -> None:
    acted = act([Action.TURN_LEFT])
    (turn,) = acted.events
    turned = acted.recording.cut(turn.start_s, turn.end_s)
    event = replace(turn, start_s=0.1, end_s=turned.duration_s)
    assert list(run_trials("clip", turned, (event,), POLICY)) == []
