from dataclasses import replace
from random import Random

import pytest

from tests.verification.liveness.faces import SKIN_LAB, make_face, make_observation
from tests.verification.liveness.performance import Performer, carry_out, observe_action
from verification.liveness.actions import EXPRESSIONS, HEAD_TURNS, POOL, Action
from verification.liveness.events import ChallengeEnded, ChallengeRevealed, FeedbackGiven, SessionConcluded
from verification.liveness.observation import SampledModel
from verification.liveness.policy import Policy
from verification.liveness.session import LivenessSession, Phase
from verification.liveness.vocabulary import ChallengeFault, ChallengeOutcome, Decision, Hint, Reason

OPENED_AT_MS = 1_000
POLICY = Policy(challenge_count=(3, 3))
NEUTRAL = make_face()
TOO_SMALL = make_face(distance_cm=200.0)


def open_session(policy: Policy = POLICY, *, seed: int = 1) -> LivenessSession:
    return LivenessSession(policy, opened_at_ms=OPENED_AT_MS, rng=Random(seed))


def perform(
    policy: Policy = POLICY, *, seed: int = 1, is_flat: bool = False, frame_ms: int = 100
) -> Performer:
    return Performer(open_session(policy, seed=seed), now_ms=OPENED_AT_MS, is_flat=is_flat, frame_ms=frame_ms)


def aligned(policy: Policy = POLICY, *, seed: int = 1, frame_ms: int = 100) -> Performer:
    """A performer before the first challenge."""
    performer = perform(policy, seed=seed, frame_ms=frame_ms)
    performer.start()
    while performer.session.phase is Phase.ALIGNING:
        performer.perform()
    return performer


def only(action: Action) -> Policy:
    """A policy whose single challenge is this action; there is no other to replace it."""
    return Policy(pool=(action,), challenge_count=(1, 1))


# --- from ready to a pass ------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(6))
def test_whoever_does_what_is_asked_passes(seed: int) -> None:
    concluded = perform(Policy(), seed=seed).run_to_the_end()
    assert concluded.reason is Reason.VERIFIED
    assert concluded.decision is Decision.PASS
    assert concluded.scores.final is not None
    assert concluded.scores.final >= 0.7


@pytest.mark.parametrize("action", POOL)
def test_every_action_can_be_performed_in_a_session(action: Action) -> None:
    performer = aligned(only(action))
    performer.perform()
    assert [ended.outcome for ended in performer.ended] == [ChallengeOutcome.PASSED] * 2
    assert performer.ended[1].challenge.action is action


def test_a_flat_picture_has_no_parallax_however_well_it_answers() -> None:
    flat, solid = perform(is_flat=True).run_to_the_end(), perform().run_to_the_end()
    assert flat.signals["parallax"] == 0.0
    assert solid.signals["parallax"] == 1.0
    assert flat.scores.liveness is not None
    assert solid.scores.liveness is not None
    assert flat.scores.liveness < solid.scores.liveness - 0.25


def test_a_flat_picture_that_looks_like_paper_does_not_pass_although_it_answers() -> None:
    paper = Performer(open_session(), now_ms=OPENED_AT_MS, is_flat=True, texture=0.2)
    assert paper.run_to_the_end().reason is Reason.LIVENESS_BELOW_FLOOR


def test_a_face_that_looks_generated_does_not_pass_although_it_answers() -> None:
    generated = Performer(open_session(), now_ms=OPENED_AT_MS, deepfake=0.01)
    assert generated.run_to_the_end().reason is Reason.DEEPFAKE_BELOW_FLOOR


def test_a_server_without_texture_weights_can_still_pass_and_says_what_it_did_not_see() -> None:
    concluded = Performer(open_session(), now_ms=OPENED_AT_MS, texture=None).run_to_the_end()
    assert concluded.reason is Reason.VERIFIED
    assert concluded.signals["texture"] is None


def test_a_session_in_which_the_head_never_turned_is_no_pass() -> None:
    still = Policy(pool=(Action.BLINK, Action.SMILE, Action.OPEN_MOUTH), challenge_count=(3, 3))
    assert perform(still).run_to_the_end().reason is Reason.POOR_CAPTURE


def test_a_session_speaks_first_of_the_alignment_step_then_of_one_challenge_at_a_time() -> None:
    performer = perform()
    performer.run_to_the_end()
    indices = [event.challenge.index for event in performer.revealed]
    assert indices == [0, 1, 2, 3]
    assert performer.revealed[0].challenge.action is Action.LOOK_STRAIGHT
    assert {event.challenge.total for event in performer.revealed} == {3}
    assert HEAD_TURNS & {event.challenge.action for event in performer.revealed}
    assert EXPRESSIONS & {event.challenge.action for event in performer.revealed}


def test_a_challenge_is_sent_with_its_kind_and_parameters() -> None:
    challenge = aligned(only(Action.BLINK)).revealed[-1].challenge
    assert (challenge.kind, dict(challenge.params)) == ("gesture", {"count": 2})
    assert (challenge.timeout_ms, len(challenge.nonce)) == (POLICY.challenge_timeout_ms, 16)


def test_the_alignment_step_has_its_own_longer_time() -> None:
    performer = perform()
    performer.start()
    assert performer.session.deadline_ms == OPENED_AT_MS + POLICY.align_timeout_ms


def test_a_second_ready_changes_nothing() -> None:
    performer = perform()
    performer.start()
    before = performer.session.current
    assert performer.start() == []
    assert performer.session.current is before


def test_frames_before_ready_are_not_looked_at() -> None:
    performer = perform()
    assert performer.show(make_observation(NEUTRAL)) == []
    assert performer.session.phase is Phase.WAITING


def test_every_frame_is_answered_with_feedback_first() -> None:
    performer = aligned(only(Action.TURN_LEFT))
    performer.do(Action.TURN_LEFT, [0.0, 0.0, 0.0])
    half = carry_out(Action.TURN_LEFT, 0.5)
    feedback = performer.show(make_observation(half, picture=500))[0]
    assert isinstance(feedback, FeedbackGiven)
    assert feedback.seq == performer.frames
    assert feedback.box == half.box
    assert 0.0 < feedback.progress < 1.0


def test_feedback_of_the_alignment_step_guides_the_subject() -> None:
    performer = perform()
    performer.start()
    hints = []
    for observation in (make_observation(None), make_observation(TOO_SMALL), make_observation(NEUTRAL)):
        feedback = performer.show(observation)[0]
        assert isinstance(feedback, FeedbackGiven)
        hints.append(feedback.hint)
    assert hints == [Hint.NO_FACE, Hint.MOVE_CLOSER, Hint.OK]


def test_an_answer_given_before_its_challenge_was_revealed_does_not_count() -> None:
    performer = aligned(only(Action.TURN_LEFT))
    while performer.now_ms < performer.session.deadline_ms - 200:
        performer.show(make_observation(carry_out(Action.TURN_LEFT, 1.0), picture=performer.frames))
    assert performer.ended[-1].challenge.action is Action.LOOK_STRAIGHT


def test_a_passed_challenge_reports_how_it_went() -> None:
    performer = aligned(only(Action.TURN_LEFT))
    performer.perform()
    ended = performer.ended[-1]
    assert ended.measures["progress"] == 1.0
    assert ended.measures["peak"] >= 1.0
    assert 250 <= ended.latency_ms <= POLICY.challenge_timeout_ms
    assert ended.attempts_left == POLICY.max_consecutive_failures


def test_the_models_asked_for_depend_on_the_challenge() -> None:
    smiling = aligned(only(Action.SMILE), seed=3)
    nodding = aligned(only(Action.NOD), seed=3)
    later_ms = smiling.now_ms + 1_000
    assert SampledModel.EMOTION in smiling.session.wanted_models(later_ms)
    assert nodding.session.wanted_models(later_ms) == {SampledModel.TEXTURE, SampledModel.DEEPFAKE}


def test_challenges_and_nonces_are_drawn_without_a_seed_as_well() -> None:
    session = LivenessSession(Policy(), opened_at_ms=0)
    assert 3 <= session.challenges_total <= 5
    assert session.current is None


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
    ("shown", "reason", "decision"),
    [
        (None, Reason.NO_RESPONSE, Decision.INCONCLUSIVE),
        (TOO_SMALL, Reason.POOR_CAPTURE, Decision.INCONCLUSIVE),
        (NEUTRAL, Reason.CHALLENGE_FAILED, Decision.FAIL),
    ],
)
def test_three_failures_in_a_row_end_it_with_what_they_had_in_common(
    shown: object, reason: Reason, decision: Decision
) -> None:
    performer = aligned()
    face = NEUTRAL if shown is NEUTRAL else TOO_SMALL if shown is TOO_SMALL else None
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
    session = open_session(only(Action.TURN_LEFT))
    performer = Performer(session, now_ms=OPENED_AT_MS)
    performer.start()
    performer.perform()
    deadline_ms = session.deadline_ms
    performer.show(make_observation(NEUTRAL, picture=900))
    turned = make_observation(carry_out(Action.TURN_LEFT, 1.0), picture=901)
    for arrived_at_ms in (deadline_ms - 300, deadline_ms - 1):
        events = session.observe(
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
