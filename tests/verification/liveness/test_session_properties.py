"""What holds of a session whatever is done to it, in whatever order."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.verification.liveness.faces import make_face, make_observation
from tests.verification.liveness.performance import Performer
from verification.liveness.actions import EXPRESSIONS, HEAD_MOVEMENTS, POOL, Action
from verification.liveness.events import (
    ChallengeEnded,
    ChallengeRevealed,
    Event,
    FeedbackGiven,
    SessionConcluded,
)
from verification.liveness.policy import Policy
from verification.liveness.session import LivenessSession
from verification.liveness.vocabulary import ChallengeOutcome, Decision, Reason

STEPS = (
    *("start", "align", "align", "perform", "perform", "perform", "perform", "neutral", "nobody", "crowd"),
    *("frozen", "wait", "run_out", "run_out", "skip", "skip", "skip_stale", "expire", "cancel", "excuse"),
)
NEUTRAL = make_face()
policies = st.builds(
    Policy,
    pool=st.lists(st.sampled_from(POOL), min_size=3, unique=True).map(tuple),
    challenge_count=st.tuples(st.integers(1, 3), st.integers(3, 5)),
    challenge_timeout_ms=st.sampled_from([2_000, 15_000]),
    session_timeout_ms=st.sampled_from([10_000, 120_000]),
    max_consecutive_failures=st.integers(1, 4),
    max_skips=st.integers(0, 3),
)


@dataclass(frozen=True)
class Trace:
    """What was done to a session and what came of it."""

    policy: Policy
    log: Sequence[tuple[int, Event]]
    deadlines_ms: Sequence[int]

    @property
    def events(self) -> list[Event]:
        return [event for _, event in self.log]

    @property
    def revealed(self) -> list[ChallengeRevealed]:
        return [event for event in self.events if isinstance(event, ChallengeRevealed)]

    @property
    def ended(self) -> list[ChallengeEnded]:
        return [event for event in self.events if isinstance(event, ChallengeEnded)]

    @property
    def conclusions(self) -> list[SessionConcluded]:
        return [event for event in self.events if isinstance(event, SessionConcluded)]


def play(policy: Policy, steps: Sequence[str], seed: int) -> Trace:
    performer = Performer(LivenessSession(policy, opened_at_ms=0, rng=Random(seed)))
    deadlines_ms = [performer.session.deadline_ms]
    for step in steps:
        take(performer, step)
        deadlines_ms.append(performer.session.deadline_ms)
    return Trace(policy, performer.log, deadlines_ms)


def take(performer: Performer, step: str) -> None:
    session = performer.session
    match step:
        case "start":
            performer.start()
        case "align":
            performer.do(Action.LOOK_STRAIGHT, [0.0] * 9)
        case "perform":
            performer.perform()
        case "neutral" | "nobody" | "crowd":
            face = None if step == "nobody" else NEUTRAL
            for _ in range(4):
                observation = make_observation(
                    face, picture=performer.frames, face_count=2 if step == "crowd" else None
                )
                performer.show(observation)
        case "frozen":
            for _ in range(9):
                performer.show(make_observation(NEUTRAL, picture=10**6))
        case "wait":
            performer.wait(1_500)
        case "run_out":
            performer.run_out_of_time()
        case "skip" | "skip_stale":
            known = [event.challenge.challenge_id for event in performer.revealed]
            if known:
                performer.skip(known[-1] if step == "skip" else known[0])
        case "expire":
            performer.wait(0)
        case "excuse":
            session.excuse(1_700)
        case "cancel":
            performer.log += [
                (performer.now_ms, event) for event in session.conclude(Reason.CANCELLED, performer.now_ms)
            ]


@st.composite
def traces(draw: st.DrawFn) -> Trace:
    """A session that mostly begins, and then anything; cancelling is rare, for it hides the rest."""
    opening = draw(st.sampled_from([["start", "align"], ["start", "align"], ["start"], []]))
    steps = draw(st.lists(st.sampled_from(STEPS), max_size=18))
    return play(draw(policies), opening + steps, draw(st.integers(0, 1_000)))


some = settings(max_examples=40)


@some
@given(traces())
def test_a_session_ends_at_most_once_and_then_says_nothing_more(trace: Trace) -> None:
    assert len(trace.conclusions) <= 1
    assert not trace.conclusions or trace.events[-1] is trace.conclusions[0]


@some
@given(traces())
def test_no_nonce_and_no_challenge_id_ever_comes_twice(trace: Trace) -> None:
    nonces = [event.challenge.nonce for event in trace.revealed]
    ids = [event.challenge.challenge_id for event in trace.revealed]
    assert len(set(nonces)) == len(nonces)
    assert len(set(ids)) == len(ids)
    assert all(len(nonce) == 16 for nonce in nonces)


@some
@given(traces())
def test_a_challenge_is_revealed_only_at_the_start_or_right_after_the_last_one_ended(trace: Trace) -> None:
    spoken = [event for event in trace.events if not isinstance(event, FeedbackGiven)]
    for number, event in enumerate(spoken):
        if isinstance(event, ChallengeRevealed):
            before = spoken[number - 1] if number else None
            assert isinstance(before, ChallengeEnded) if number else event.challenge.index == 0
    assert [event.challenge for event in trace.ended] == [
        event.challenge for event in trace.revealed[: len(trace.ended)]
    ]
    assert len(trace.revealed) - len(trace.ended) in (0, 1)
    assert not trace.conclusions or len(trace.revealed) == len(trace.ended)


@some
@given(traces())
def test_skips_and_failures_in_a_row_keep_to_their_bounds(trace: Trace) -> None:
    outcomes = [event.outcome for event in trace.ended]
    assert outcomes.count(ChallengeOutcome.SKIPPED) <= trace.policy.max_skips
    in_a_row = 0
    for number, event in enumerate(trace.ended):
        if event.outcome is ChallengeOutcome.PASSED:
            in_a_row = 0
        in_a_row += event.outcome is ChallengeOutcome.FAILED
        assert event.attempts_left == trace.policy.max_consecutive_failures - in_a_row
        assert event.attempts_left > 0 or number == len(trace.ended) - 1
        assert event.attempts_left > 0 or trace.conclusions


@some
@given(traces())
def test_no_event_of_a_session_comes_after_its_deadline_but_those_of_its_end(trace: Trace) -> None:
    for at_ms, event in trace.log:
        if at_ms >= trace.policy.session_timeout_ms:
            assert isinstance(event, SessionConcluded) or (
                isinstance(event, ChallengeEnded) and event.outcome is ChallengeOutcome.ABANDONED
            )
        if isinstance(event, ChallengeEnded) and event.outcome in (
            ChallengeOutcome.PASSED,
            ChallengeOutcome.SKIPPED,
        ):
            assert event.latency_ms < event.challenge.timeout_ms
        if isinstance(event, ChallengeEnded) and event.outcome is ChallengeOutcome.FAILED:
            assert event.latency_ms >= event.challenge.timeout_ms


@some
@given(traces())
def test_the_deadline_never_lies_beyond_the_sessions_end(trace: Trace) -> None:
    assert max(trace.deadlines_ms) <= trace.policy.session_timeout_ms


@some
@given(traces())
def test_no_action_is_revealed_twice_in_a_row_or_from_outside_the_pool(trace: Trace) -> None:
    actions = [event.challenge.action for event in trace.revealed]
    assert all(a is not b for a, b in pairwise(actions))
    assert set(actions) <= {*trace.policy.pool, Action.LOOK_STRAIGHT}
    indices = [event.challenge.index for event in trace.revealed]
    assert indices == sorted(indices)


@some
@given(traces())
def test_a_pass_takes_every_challenge_the_threshold_and_the_floors(trace: Trace) -> None:
    for concluded in trace.conclusions:
        passed = [event for event in trace.ended if event.outcome is ChallengeOutcome.PASSED]
        scores, floors = concluded.scores, trace.policy.floors
        if concluded.decision is Decision.PASS:
            assert len(passed) == trace.revealed[0].challenge.total + 1
            assert scores.final is not None
            assert scores.final >= trace.policy.pass_threshold
            assert scores.liveness is not None
            assert scores.liveness >= floors.liveness
            assert scores.deepfake is None or scores.deepfake >= floors.deepfake
            assert scores.emotion is None or scores.emotion >= floors.emotion


@some
@given(traces())
def test_progress_and_scores_stay_within_0_and_1(trace: Trace) -> None:
    for event in trace.events:
        if isinstance(event, FeedbackGiven | SessionConcluded):
            scores = event.scores
            for score in (scores.liveness, scores.emotion, scores.deepfake, scores.final):
                assert score is None or 0.0 <= score <= 1.0
        if isinstance(event, FeedbackGiven):
            assert 0.0 <= event.progress <= 1.0


@settings(max_examples=60)
@given(
    st.sets(st.sampled_from(sorted(HEAD_MOVEMENTS)), min_size=2),
    st.sets(st.sampled_from(sorted(set(POOL) - HEAD_MOVEMENTS)), min_size=2),
    st.lists(st.sampled_from(["perform", "skip", "run_out"]), max_size=12),
    st.integers(0, 1_000),
)
def test_skipping_and_failing_cannot_rid_a_session_of_its_head_movement(
    movements: set[Action], others: set[Action], steps: list[str], seed: int
) -> None:
    policy = Policy(pool=(*movements, *others), challenge_count=(3, 3))
    trace = play(policy, ["start", "align", *steps, *["perform"] * 4], seed)
    outcomes = {
        event.challenge.index: event for event in trace.ended if event.outcome is ChallengeOutcome.PASSED
    }
    if len(outcomes) == 4:
        assert HEAD_MOVEMENTS & {event.challenge.action for event in outcomes.values()}


@settings(max_examples=25)
@given(st.integers(0, 10_000))
def test_a_living_subject_who_answers_always_passes(seed: int) -> None:
    performer = Performer(LivenessSession(Policy(), opened_at_ms=0, rng=Random(seed)))
    concluded = performer.run_to_the_end()
    assert concluded.reason is Reason.VERIFIED
    assert EXPRESSIONS & {event.challenge.action for event in performer.revealed}
