from dataclasses import replace

import pytest

from tests.verification.liveness.faces import SKIN_LAB, make_face, make_observation
from tests.verification.liveness.performance import carry_out, observe_action
from tests.verification.liveness.rehearsal import (
    NEUTRAL,
    POLICY,
    TOO_SMALL,
    aligned,
    only,
    perform,
)
from verification.liveness.actions import Action
from verification.liveness.events import ChallengeEnded, ChallengeRevealed, SessionConcluded
from verification.liveness.observation import Face
from verification.liveness.policy import Policy
from verification.liveness.session import Phase
from verification.liveness.vocabulary import ChallengeFault, ChallengeOutcome, Decision, Reason

# --- failing -------------------------------------------------------------------------------------


def test_a_challenge_that_is_not_performed_is_replaced_by_another_action() -> None:
    performer = aligned()
    missed = performer.revealed[-1].challenge
    performer.do(Action.LOOK_STRAIGHT, [0.0] * 20)
    events = performer.run_out_of_time()
    assert isinstance(events[0], ChallengeEnded)
    assert (events[0].outcome, events[0].fault) == (ChallengeOutcome.FAILED, ChallengeFault.NOT_PERFORMED)
    assert events[0].attempts_left == 2
    assert isinstance(events[1], ChallengeRevealed)
    assert events[1].challenge.action is not missed.action
    assert events[1].challenge.index == missed.index


@pytest.mark.parametrize(
    ("face", "reason", "decision"),
    [
        (None, Reason.NO_RESPONSE, Decision.INCONCLUSIVE),
        (TOO_SMALL, Reason.POOR_CAPTURE, Decision.INCONCLUSIVE),
        (NEUTRAL, Reason.CHALLENGE_FAILED, Decision.FAIL),
    ],
)
def test_three_failures_in_a_row_end_it_with_what_they_had_in_common(
    face: Face | None, reason: Reason, decision: Decision
) -> None:
    performer = aligned()
    for failure in range(3):
        for _ in range(10):
            performer.show(make_observation(face, picture=performer.frames))
        performer.run_out_of_time()
        assert len(performer.conclusions) == (failure == 2)
    assert (performer.conclusions[0].reason, performer.conclusions[0].decision) == (reason, decision)
    assert performer.ended[-1].attempts_left == 0


def test_three_failures_of_different_kinds_are_failed_challenges() -> None:
    performer = aligned()
    for face in (None, TOO_SMALL, NEUTRAL):
        for _ in range(10):
            performer.show(make_observation(face, picture=performer.frames))
        performer.run_out_of_time()
    assert performer.conclusions[0].reason is Reason.CHALLENGE_FAILED


def test_a_passed_challenge_forgives_the_failures_before_it() -> None:
    performer = aligned()
    for _ in range(2):
        performer.run_out_of_time()
        performer.run_out_of_time()
        performer.perform()
        assert performer.ended[-1].outcome is ChallengeOutcome.PASSED
        assert performer.ended[-1].attempts_left == 3
    assert performer.conclusions == []


def test_silence_after_ready_is_no_response() -> None:
    performer = perform()
    performer.start()
    performer.run_out_of_time()
    assert performer.conclusions[0].reason is Reason.NO_RESPONSE


def test_a_face_that_never_comes_close_enough_is_a_poor_capture() -> None:
    performer = perform()
    performer.start()
    for _ in range(20):
        performer.show(make_observation(TOO_SMALL, picture=performer.frames))
    performer.run_out_of_time()
    assert performer.conclusions[0].reason is Reason.POOR_CAPTURE


def test_a_session_that_never_began_times_out() -> None:
    performer = perform()
    assert performer.wait(POLICY.session_timeout_ms - 1) == []
    (concluded,) = performer.wait(1)
    assert isinstance(concluded, SessionConcluded)
    assert concluded.reason is Reason.SESSION_TIMEOUT
    assert concluded.decision is Decision.INCONCLUSIVE


def test_the_sessions_end_outranks_the_challenges() -> None:
    performer = aligned()
    performer.wait(POLICY.session_timeout_ms)
    assert performer.ended[-1].outcome is ChallengeOutcome.ABANDONED
    assert performer.conclusions[0].reason is Reason.SESSION_TIMEOUT


def test_frames_that_arrive_after_the_deadline_cannot_pass_a_challenge() -> None:
    performer = aligned(Policy(pool=(Action.TURN_LEFT, Action.TURN_RIGHT), challenge_count=(1, 1)))
    challenge = performer.revealed[-1].challenge
    performer.show(make_observation(NEUTRAL, picture=900))
    performer.now_ms = challenge.revealed_at_ms + challenge.timeout_ms
    for picture in range(901, 910):
        performer.show(make_observation(carry_out(challenge.action, 1.0), picture=picture))
    assert performer.ended[1].challenge is challenge
    assert performer.ended[1].outcome is ChallengeOutcome.FAILED


def test_frames_that_keep_coming_do_not_keep_a_session_open() -> None:
    performer = aligned()
    for _ in range(POLICY.session_timeout_ms // 100 + 1):
        performer.show(make_observation(NEUTRAL, picture=performer.frames))
    assert performer.session.phase is Phase.CONCLUDED


def test_a_frame_that_arrived_in_time_counts_although_it_was_analysed_late() -> None:
    performer = aligned(only(Action.TURN_LEFT))
    deadline_ms = performer.session.deadline_ms
    performer.show(make_observation(NEUTRAL, picture=900))
    turned = make_observation(carry_out(Action.TURN_LEFT, 1.0), picture=901)
    for arrived_at_ms in (deadline_ms - 300, deadline_ms - 1):
        events = performer.session.observe(
            turned,
            seq=arrived_at_ms,
            captured_at_ms=arrived_at_ms,
            arrived_at_ms=arrived_at_ms,
            now_ms=deadline_ms + 50,
        )
    ended = next(event for event in events if isinstance(event, ChallengeEnded))
    assert ended.outcome is ChallengeOutcome.PASSED


def test_a_skip_after_the_deadline_comes_too_late() -> None:
    performer = aligned()
    performer.now_ms = performer.session.deadline_ms
    performer.skip(performer.revealed[-1].challenge.challenge_id)
    assert performer.ended[-1].outcome is ChallengeOutcome.FAILED


# --- skipping ------------------------------------------------------------------------------------


def test_a_skipped_action_is_replaced_and_is_no_failure() -> None:
    performer = aligned()
    skipped = performer.revealed[-1].challenge
    ended, revealed = performer.skip(skipped.challenge_id)
    assert isinstance(ended, ChallengeEnded)
    assert (ended.outcome, ended.attempts_left) == (ChallengeOutcome.SKIPPED, 3)
    assert isinstance(revealed, ChallengeRevealed)
    assert revealed.challenge.action is not skipped.action
    assert revealed.challenge.index == skipped.index


def test_only_two_skips_are_granted() -> None:
    performer = aligned()
    for granted in (True, True, False):
        current = performer.session.current
        assert current is not None
        assert bool(performer.skip(current.challenge_id)) == granted


def test_the_alignment_step_and_other_challenges_cannot_be_skipped() -> None:
    performer = perform()
    performer.start()
    assert performer.skip(performer.revealed[0].challenge.challenge_id) == []
    while performer.session.phase is Phase.ALIGNING:
        performer.perform()
    assert performer.skip(performer.revealed[0].challenge.challenge_id) == []
    assert performer.skip("") == []


def test_a_skip_leaves_no_trace_in_the_scores() -> None:
    performer = aligned(replace(POLICY, pool=(Action.SMILE, Action.SURPRISE, Action.NOD)))
    before = performer.session.scores
    performer.skip(performer.revealed[-1].challenge.challenge_id)
    assert performer.session.scores == before


def test_an_expression_that_failed_lowers_the_emotion_score() -> None:
    performer = aligned(
        only(Action.SMILE).__class__(pool=(Action.SMILE, Action.SURPRISE), challenge_count=(1, 1))
    )
    performer.do(Action.LOOK_STRAIGHT, [0.0] * 10)
    performer.run_out_of_time()
    performer.perform()
    assert performer.conclusions[0].scores.emotion == 0.5


# --- contradictions ------------------------------------------------------------------------------


@pytest.mark.parametrize("frame_ms", [33, 100])
def test_a_frozen_picture_is_a_suspected_injection(frame_ms: int) -> None:
    performer = aligned(frame_ms=frame_ms)
    for _ in range(10_000 // frame_ms):
        performer.show(make_observation(NEUTRAL, picture=7))
    assert performer.conclusions[0].reason is Reason.INJECTION_SUSPECTED
    assert performer.conclusions[0].decision is Decision.FAIL


def test_a_second_face_that_stays_ends_the_session() -> None:
    performer = aligned()
    for _ in range(20):
        performer.show(make_observation(NEUTRAL, picture=performer.frames, face_count=2))
    assert performer.conclusions[0].reason is Reason.MULTIPLE_FACES


def test_another_person_after_a_break_ends_the_session() -> None:
    performer = aligned()
    for _ in range(8):
        performer.show(make_observation(NEUTRAL, picture=performer.frames))
    for _ in range(13):
        performer.show(make_observation(None, picture=performer.frames))
    other = make_face(skin_lab=(SKIN_LAB[0] - 20.0, SKIN_LAB[1]))
    for _ in range(8):
        performer.show(make_observation(other, picture=performer.frames))
    assert performer.conclusions[0].reason is Reason.IDENTITY_CHANGED


# --- ending from outside -------------------------------------------------------------------------


@pytest.mark.parametrize("reason", [Reason.CANCELLED, Reason.DISCONNECTED, Reason.REPLAY_DETECTED])
def test_a_session_ended_from_outside_abandons_its_challenge(reason: Reason) -> None:
    performer = aligned()
    current = performer.session.current
    ended, concluded = performer.session.conclude(reason, performer.now_ms)
    assert isinstance(ended, ChallengeEnded)
    assert (ended.challenge, ended.outcome) == (current, ChallengeOutcome.ABANDONED)
    assert isinstance(concluded, SessionConcluded)
    assert concluded.reason is reason


def test_nothing_happens_after_the_end() -> None:
    performer = aligned()
    current = performer.session.current
    assert current is not None
    performer.session.conclude(Reason.CANCELLED, performer.now_ms)
    assert performer.start() == []
    assert performer.show(observe_action(Action.BLINK, 1.0, frame=1, wanted=frozenset())) == []
    assert performer.skip(current.challenge_id) == []
    assert performer.wait(POLICY.session_timeout_ms) == []
    assert performer.session.conclude(Reason.CANCELLED, performer.now_ms) == []
    assert performer.session.current is None


def test_the_conclusion_carries_every_signal_and_measure_for_the_audit() -> None:
    concluded = perform().run_to_the_end()
    assert set(concluded.signals) == {
        "parallax",
        "micro_motion",
        "texture",
        "compliance",
        "timing",
        "continuity",
    }
    assert None not in concluded.signals.values()
    assert concluded.measures["samples"]["texture"] >= 3
