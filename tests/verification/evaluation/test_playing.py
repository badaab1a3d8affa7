from random import Random

import pytest

from tests.verification.evaluation.recordings import FPS, PLAYABLE, act
from verification.clips.camera import WalkingCamera
from verification.evaluation.found_events import find_events
from verification.evaluation.playing import Span, play_session, write_script
from verification.evaluation.recording import Recording
from verification.evaluation.reference import find_reference
from verification.evaluation.tables import ClipEvent
from verification.evaluation.watching import watch
from verification.liveness.actions import Action
from verification.liveness.policy import Policy

POLICY = Policy(challenge_count=(3, 3))


def shift(events: tuple[ClipEvent, ...], by_s: float) -> list[ClipEvent]:
    return [ClipEvent(e.label, e.actions, e.start_s + by_s, e.end_s + by_s) for e in events]


def test_a_person_who_shows_three_actions_passes_a_session_of_them() -> None:
    acted = act(PLAYABLE)
    script = write_script(acted.recording, acted.events, POLICY)
    assert script is not None
    verdict = play_session(script, POLICY, "a")
    assert {record.action for record in verdict.challenges} == {"look_straight", *map(str, PLAYABLE)}
    assert [record.outcome for record in verdict.challenges] == ["passed"] * 4
    assert verdict.signals is not None
    assert verdict.signals["compliance"] is not None


def test_the_same_seed_gives_the_same_session() -> None:
    acted = act(PLAYABLE)
    script = write_script(acted.recording, acted.events, POLICY)
    assert script is not None
    first, second = play_session(script, POLICY, "a"), play_session(script, POLICY, "a")
    assert (first.scores, first.frames, first.reason) == (second.scores, second.frames, second.reason)
    orders = {
        tuple(r.action for r in play_session(script, POLICY, str(seed)).challenges) for seed in range(8)
    }
    assert len(orders) > 1


def test_one_who_shows_something_else_does_not_pass() -> None:
    acted = act(PLAYABLE)
    wrong = [
        ClipEvent("", (a,), e.start_s, e.end_s)
        for a, e in zip(PLAYABLE[1:] + PLAYABLE[:1], acted.events, strict=True)
    ]
    script = write_script(acted.recording, wrong, POLICY)
    assert script is not None
    assert play_session(script, POLICY, "a").decision == "fail"


@pytest.mark.parametrize(
    "actions",
    [(), (Action.TURN_LEFT, Action.SMILE), (Action.SMILE, Action.SURPRISE, Action.OPEN_MOUTH)],
    ids=["none", "two", "no head movement"],
)
def test_too_few_actions_make_no_session(actions: tuple[Action, ...]) -> None:
    acted = act(actions)
    assert write_script(acted.recording, acted.events, POLICY) is None


def test_events_after_the_end_of_the_clip_do_not_count() -> None:
    acted = act(PLAYABLE)
    late = shift(acted.events, acted.recording.duration_s)
    assert write_script(acted.recording, late, POLICY) is None


def test_of_a_long_clip_the_part_with_the_actions_is_played() -> None:
    acted, rest = act(PLAYABLE), act([]).recording.observations
    long = Recording(rest * 40 + acted.recording.observations, FPS)
    before_s = 40 * len(rest) / FPS
    script = write_script(long, shift(acted.events, before_s), POLICY)
    assert script is not None
    assert script.start_s > before_s - 5.0
    assert script.recording.duration_s < 20.0
    assert [record.outcome for record in play_session(script, POLICY, "a").challenges] == ["passed"] * 4


def test_a_part_can_be_asked_to_be_short() -> None:
    acted = act(PLAYABLE)
    assert write_script(acted.recording, acted.events, POLICY, span=Span(reaches_s=(2.0,))) is None


def test_frames_that_arrive_late_are_no_answer_in_time() -> None:
    acted = act(PLAYABLE)
    script = write_script(acted.recording, acted.events, POLICY)
    assert script is not None
    verdict = play_session(script, POLICY, "a", arrive=lambda captured_ms: round(captured_ms * 40))
    assert verdict.decision != "pass"


def test_another_camera_can_stand_in() -> None:
    acted, still = act(PLAYABLE), act([]).recording
    script = write_script(acted.recording, acted.events, POLICY)
    assert script is not None
    long = Recording(still.observations * 20, FPS)
    verdict = play_session(script, POLICY, "a", camera=WalkingCamera(long.carried, FPS))
    assert verdict.decision == "fail"


def test_a_clip_is_watched_without_challenges() -> None:
    verdict = watch(act(PLAYABLE).recording, (), POLICY)
    assert verdict.signals is not None
    assert verdict.scores is not None
    assert verdict.signals["compliance"] is None
    assert verdict.signals["parallax"] is not None
    assert verdict.scores["emotion"] is None
    assert verdict.challenges == []


def test_a_head_that_never_turns_gives_no_response() -> None:
    verdict = watch(act([Action.BLINK, Action.BLINK]).recording, (), POLICY)
    assert (verdict.decision, verdict.reason) == ("inconclusive", "poor_capture")


def test_a_clip_without_a_face_gives_no_response() -> None:
    empty = Recording((), FPS)
    verdict = watch(empty, (), POLICY)
    assert (verdict.decision, verdict.reason) == ("inconclusive", "no_response")
    assert find_reference(empty) is None
    assert find_events(empty) == []


def test_what_happens_in_an_event_is_not_taken_for_rest() -> None:
    acted = act([Action.SMILE])
    reference = find_reference(acted.recording, acted.events)
    assert reference is not None
    assert reference.segment is not None
    assert (
        reference.segment.end_s <= acted.events[0].start_s
        or reference.segment.start_s >= acted.events[0].end_s
    )
    assert reference.baseline.blendshapes["mouthSmileLeft"] < 0.1


def test_a_clip_that_never_looks_straight_still_has_its_most_frontal_view() -> None:
    turned = act([Action.TURN_LEFT]).recording
    only_turned = Recording(
        tuple(o for o in turned.observations if o.face is not None and o.face.pose.yaw_deg > 14.0), FPS
    )
    reference = find_reference(only_turned)
    assert reference is not None
    assert reference.segment is None
    assert write_script(only_turned, act(PLAYABLE).events, POLICY) is None


def test_the_judges_find_the_actions_of_a_clip_without_events() -> None:
    acted = act(PLAYABLE)
    found = find_events(acted.recording)
    assert {event.actions[0] for event in found} >= set(PLAYABLE)
    for event in acted.events:
        (same,) = (one for one in found if one.actions == event.actions)
        assert event.start_s - 1.0 <= same.start_s < same.end_s <= event.end_s + 0.1
    script = write_script(acted.recording, found, POLICY)
    assert script is not None
    assert play_session(script, POLICY, str(Random(1).random())).challenges[-1].outcome == "passed"
