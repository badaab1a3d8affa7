import pytest

from tests.verification.liveness.faces import make_observation
from tests.verification.liveness.performance import carry_out
from tests.verification.liveness.rehearsal import (
    NEUTRAL,
    OPENED_AT_MS,
    POLICY,
    TOO_SMALL,
    aligned,
    only,
    perform,
)
from verification.liveness.actions import EXPRESSIONS, HEAD_TURNS, POOL, Action
from verification.liveness.events import FeedbackGiven
from verification.liveness.observation import SampledModel
from verification.liveness.policy import Policy
from verification.liveness.session import LivenessSession, Phase
from verification.liveness.vocabulary import ChallengeOutcome, Decision, Hint, Reason


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
    paper = perform(is_flat=True, texture=0.2)
    assert paper.run_to_the_end().reason is Reason.LIVENESS_BELOW_FLOOR


def test_a_face_that_looks_generated_does_not_pass_although_it_answers() -> None:
    generated = perform(deepfake=0.01)
    assert generated.run_to_the_end().reason is Reason.DEEPFAKE_BELOW_FLOOR


def test_a_server_without_texture_weights_can_still_pass_and_says_what_it_did_not_see() -> None:
    concluded = perform(texture=None).run_to_the_end()
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
