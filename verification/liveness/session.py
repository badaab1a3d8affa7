"""The state machine of a capture session: observations and times in, events out.

Sans-I/O: it knows no clock, no network and no database. `now_ms` is the server's arrival clock, in
milliseconds from any fixed origin, and never falls.
"""

import secrets
import uuid
from enum import StrEnum
from random import Random

from verification.liveness.actions import EXPRESSIONS, Action
from verification.liveness.alignment import AlignmentJudge
from verification.liveness.attempt import ChallengeAttempt
from verification.liveness.baseline import NeutralBaseline
from verification.liveness.decision import decide, excuse_failure
from verification.liveness.draw import draw_actions, draw_replacement
from verification.liveness.events import (
    ChallengeEnded,
    ChallengeRevealed,
    Event,
    FeedbackGiven,
    IssuedChallenge,
    SessionConcluded,
)
from verification.liveness.evidence import Evidence
from verification.liveness.frame_gate import NONCE_BYTES
from verification.liveness.observation import FaceObservation, SampledModel
from verification.liveness.policy import Policy
from verification.liveness.sampling import SampleClock
from verification.liveness.score import Scores
from verification.liveness.vocabulary import ChallengeFault, ChallengeOutcome, Hint, Reason


class Phase(StrEnum):
    WAITING = "waiting"  # for `ready`
    ALIGNING = "aligning"
    CHALLENGING = "challenging"
    CONCLUDED = "concluded"


class LivenessSession:
    """One session from `ready` to its verdict.

    rng draws the challenges; it is SystemRandom unless a replay needs a seed. Nonces and challenge
    ids always come from the operating system.
    """

    def __init__(self, policy: Policy, *, opened_at_ms: int, rng: Random | None = None) -> None:
        self._policy = policy
        self._rng = rng or secrets.SystemRandom()
        self._ends_at_ms = opened_at_ms + policy.session_timeout_ms
        self._actions = list(draw_actions(policy.pool, policy.challenge_count, self._rng))
        self._position = 0  # of the current action; the alignment step comes before all
        self._failures: list[ChallengeFault] = []
        self._skips = 0
        self._lost_ms = 0
        self._evidence = Evidence()
        self._samples = SampleClock(is_sparing=True)
        self._alignment = AlignmentJudge()
        self._baseline: NeutralBaseline | None = None
        self._attempt: ChallengeAttempt | None = None
        self.phase = Phase.WAITING

    # --- what a caller may ask -------------------------------------------------------------------

    @property
    def challenges_total(self) -> int:
        return len(self._actions)

    @property
    def current(self) -> IssuedChallenge | None:
        return self._attempt.challenge if self._attempt else None

    @property
    def scores(self) -> Scores:
        return self._evidence.score(self._policy.weights)

    @property
    def deadline_ms(self) -> int:
        """When `expire` has something to do."""
        return min(self._ends_at_ms, self._attempt.ends_at_ms) if self._attempt else self._ends_at_ms

    def wanted_models(self, now_ms: int) -> frozenset[SampledModel]:
        """The models that should look at the next frame."""
        action = self._attempt.challenge.action if self._attempt else Action.LOOK_STRAIGHT
        return self._samples.wanted(action, now_ms)

    # --- what a caller may tell ------------------------------------------------------------------

    def start(self, now_ms: int) -> list[Event]:
        """The camera runs: reveal the alignment step. A second start changes nothing."""
        if self.phase is not Phase.WAITING:
            return []
        self.phase = Phase.ALIGNING
        return [self._reveal(Action.LOOK_STRAIGHT, now_ms)]

    def observe(
        self, observation: FaceObservation, *, seq: int, captured_at_ms: int, arrived_at_ms: int, now_ms: int
    ) -> list[Event]:
        """Take one analysed frame of the current challenge; its feedback always comes first.

        A frame that arrived at the deadline or later is no answer any more, however many come: the
        deadline is acted on instead. One that arrived in time counts even if its analysis took longer.
        """
        if self._attempt is None:
            return []
        if arrived_at_ms >= self.deadline_ms:
            return self.expire(now_ms)
        self._samples.note(observation, now_ms)
        self._evidence.observe(observation, arrived_at_ms=arrived_at_ms, captured_at_ms=captured_at_ms)
        hint = self._judge(self._attempt, observation, arrived_at_ms)
        box = observation.face.box if observation.face else None
        feedback = FeedbackGiven(seq, hint, box, self._progress(), self.scores)
        return [feedback, *self._advance(now_ms)]

    def excuse(self, lost_ms: int) -> None:
        """The server was late by so much: the current challenge lasts longer, though never beyond the session."""
        self._lost_ms += lost_ms
        if self._attempt is not None:
            self._attempt.excuse(lost_ms)

    def skip(self, challenge_id: str, now_ms: int) -> list[Event]:
        """ "I can't do this": another action takes its place, as often as the policy allows."""
        attempt = self._attempt
        is_current = attempt is not None and attempt.challenge.challenge_id == challenge_id
        if not is_current or self.phase is not Phase.CHALLENGING or self._skips >= self._policy.max_skips:
            return []
        if now_ms >= self.deadline_ms:
            return self.expire(now_ms)
        self._skips += 1
        ended = self._end_challenge(ChallengeOutcome.SKIPPED, None, now_ms)
        self._replace_action()
        return [ended, self._reveal(self._actions[self._position], now_ms)]

    def expire(self, now_ms: int) -> list[Event]:
        """Act on a deadline that has passed; nothing otherwise."""
        if self.phase is Phase.CONCLUDED or now_ms < self.deadline_ms:
            return []
        if self._attempt is None or now_ms >= self._ends_at_ms:
            return self.conclude(Reason.SESSION_TIMEOUT, now_ms)
        fault = self._attempt.fault
        if self.phase is Phase.ALIGNING:
            is_empty = fault is ChallengeFault.NO_RESPONSE
            return self.conclude(Reason.NO_RESPONSE if is_empty else Reason.POOR_CAPTURE, now_ms)
        return self._fail_challenge(fault, now_ms)

    def conclude(self, reason: Reason, now_ms: int) -> list[Event]:
        """End the session for a reason from within or without. A physical contradiction outranks it."""
        if self.phase is Phase.CONCLUDED:
            return []
        ended: list[Event] = []
        if self._attempt is not None:
            ended = [self._end_challenge(ChallengeOutcome.ABANDONED, None, now_ms)]
        self.phase = Phase.CONCLUDED
        contradictions = self._evidence.contradictions
        if contradictions and reason is not Reason.REPLAY_DETECTED:
            reason = contradictions[0]
        else:
            reason = excuse_failure(reason, lost_ms=self._lost_ms)
        return [*ended, SessionConcluded(reason, self.scores, self._signals(), self._evidence.measures)]

    # --- within ----------------------------------------------------------------------------------

    def _judge(self, attempt: ChallengeAttempt, observation: FaceObservation, at_ms: int) -> Hint:
        if self.phase is Phase.ALIGNING:
            hint = self._alignment.observe(observation, at_ms)
            attempt.note(observation, hint)
            return hint
        assert self._baseline is not None  # noqa: S101  (set when the alignment step passed)
        return attempt.observe(observation, self._baseline, at_ms)

    def _signals(self) -> dict[str, float | None]:
        return {str(signal): value for signal, value in self._evidence.signals.items()}

    def _progress(self) -> float:
        if self.phase is Phase.ALIGNING:
            return self._alignment.progress
        return self._attempt.progress if self._attempt else 0.0

    def _advance(self, now_ms: int) -> list[Event]:
        if self._evidence.contradictions:
            return self.conclude(self._evidence.contradictions[0], now_ms)
        if self.phase is Phase.ALIGNING:
            return self._finish_alignment(now_ms) if self._alignment.is_done else []
        is_done = self._attempt is not None and self._attempt.is_done
        return self._pass_challenge(now_ms) if is_done else []

    def _finish_alignment(self, now_ms: int) -> list[Event]:
        self._baseline, frontal = self._alignment.conclude()
        self._evidence.begin_challenges(self._baseline, frontal)
        ended = self._end_challenge(ChallengeOutcome.PASSED, None, now_ms)
        self.phase = Phase.CHALLENGING
        return [ended, self._reveal(self._actions[0], now_ms)]

    def _pass_challenge(self, now_ms: int) -> list[Event]:
        self._failures.clear()
        ended = self._end_challenge(ChallengeOutcome.PASSED, None, now_ms)
        self._position += 1
        if self._position < len(self._actions):
            return [ended, self._reveal(self._actions[self._position], now_ms)]
        evidence = self._evidence
        reason = decide(self.scores, evidence.contradictions, self._policy, signals=evidence.signals)
        return [ended, *self.conclude(reason, now_ms)]

    def _fail_challenge(self, fault: ChallengeFault, now_ms: int) -> list[Event]:
        self._failures.append(fault)
        ended = self._end_challenge(ChallengeOutcome.FAILED, fault, now_ms)
        if len(self._failures) >= self._policy.max_consecutive_failures:
            return [ended, *self.conclude(_reason_for(self._failures), now_ms)]
        self._replace_action()
        return [ended, self._reveal(self._actions[self._position], now_ms)]

    def _replace_action(self) -> None:
        """Never the one that just failed or was set aside: a second try must not be a rehearsed one."""
        self._actions[self._position] = draw_replacement(
            self._policy.pool,
            replaced=self._actions[self._position],
            upcoming=self._actions[self._position + 1 :],
            rng=self._rng,
        )

    def _reveal(self, action: Action, now_ms: int) -> ChallengeRevealed:
        is_alignment = action is Action.LOOK_STRAIGHT
        challenge = IssuedChallenge(
            challenge_id=str(uuid.uuid4()),
            index=0 if is_alignment else self._position + 1,
            total=len(self._actions),
            action=action,
            nonce=secrets.token_bytes(NONCE_BYTES),
            revealed_at_ms=now_ms,
            timeout_ms=self._policy.align_timeout_ms if is_alignment else self._policy.challenge_timeout_ms,
        )
        self._attempt = ChallengeAttempt(challenge)
        self._evidence.note_reveal()
        return ChallengeRevealed(challenge)

    def _end_challenge(
        self, outcome: ChallengeOutcome, fault: ChallengeFault | None, now_ms: int
    ) -> ChallengeEnded:
        assert self._attempt is not None  # noqa: S101
        attempt, self._attempt = self._attempt, None
        if outcome in (ChallengeOutcome.PASSED, ChallengeOutcome.FAILED) and self.phase is Phase.CHALLENGING:
            self._evidence.add_compliance(attempt.compliance if attempt.is_done else 0.0)
            if attempt.challenge.action in EXPRESSIONS:
                self._evidence.add_expression(attempt.expression_shown)
        return ChallengeEnded(
            challenge=attempt.challenge,
            outcome=outcome,
            fault=fault,
            attempts_left=self._policy.max_consecutive_failures - len(self._failures),
            latency_ms=now_ms - attempt.challenge.revealed_at_ms,
            measures={"peak": attempt.peak, "progress": attempt.progress},
            scores=self.scores,
            signals=self._signals(),
        )


def _reason_for(failures: list[ChallengeFault]) -> Reason:
    """Three times nobody there, or three times unreadable, tells nothing about liveness."""
    if all(fault is ChallengeFault.NO_RESPONSE for fault in failures):
        return Reason.NO_RESPONSE
    if all(fault is ChallengeFault.POOR_CAPTURE for fault in failures):
        return Reason.POOR_CAPTURE
    return Reason.CHALLENGE_FAILED
