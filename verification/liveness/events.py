"""What a session says in answer to what it is told."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from verification.liveness.actions import CATALOGUE, Action, ChallengeKind
from verification.liveness.observation import Box
from verification.liveness.score import Scores
from verification.liveness.vocabulary import ChallengeFault, ChallengeOutcome, Decision, Hint, Reason


@dataclass(frozen=True, slots=True)
class IssuedChallenge:
    """One revealed challenge. nonce: 128 random bits, good for this challenge of this session only."""

    challenge_id: str
    index: int
    total: int
    action: Action
    nonce: bytes
    revealed_at_ms: int
    timeout_ms: int

    @property
    def kind(self) -> ChallengeKind:
        return CATALOGUE[self.action].kind

    @property
    def params(self) -> Mapping[str, int]:
        return CATALOGUE[self.action].params


@dataclass(frozen=True, slots=True)
class ChallengeRevealed:
    challenge: IssuedChallenge


@dataclass(frozen=True, slots=True)
class FeedbackGiven:
    """progress: of the current challenge, 0..1."""

    seq: int
    hint: Hint
    box: Box | None
    progress: float
    scores: Scores


@dataclass(frozen=True, slots=True)
class ChallengeEnded:
    """attempts_left: failures still allowed in a row before the session ends.

    scores, signals: as the evidence stood then, so that a session's course can be shown afterwards.
    """

    challenge: IssuedChallenge
    outcome: ChallengeOutcome
    fault: ChallengeFault | None
    attempts_left: int
    latency_ms: int
    measures: Mapping[str, float] = field(default_factory=dict)
    scores: Scores = field(default_factory=Scores)
    signals: Mapping[str, float | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SessionConcluded:
    reason: Reason
    scores: Scores
    signals: Mapping[str, float | None]
    measures: Mapping[str, Mapping[str, Any]]

    @property
    def decision(self) -> Decision:
        return self.reason.decision


Event = ChallengeRevealed | FeedbackGiven | ChallengeEnded | SessionConcluded
