"""What came of each presentation: one row of `clips.csv`, and the unit that every rate counts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import fmean

from verification.clips.subject import ClipVerdict
from verification.evaluation.tables import BONA_FIDE
from verification.liveness.decision import decide
from verification.liveness.policy import Policy
from verification.liveness.score import Scores, Signal, fuse_liveness, fuse_scores
from verification.liveness.vocabulary import ChallengeOutcome, Decision, Reason

SCORE_NAMES = ("liveness", "emotion", "deepfake", "final")
SIGNAL_NAMES = tuple(str(signal) for signal in Signal)

# What `decide` makes of scores and signals; with others, or another policy, it could be another. The rest
# came of what happened in the session.
_REASONS_OF_SCORES = frozenset(
    {
        Reason.VERIFIED,
        Reason.SCORE_BELOW_THRESHOLD,
        Reason.LIVENESS_BELOW_FLOOR,
        Reason.DEEPFAKE_BELOW_FLOOR,
        Reason.POOR_CAPTURE,
    }
)


class Mode(StrEnum):
    """How a clip was presented. SESSION: challenges were asked and answered. PASSIVE: it was only watched."""

    SESSION = "session"
    PASSIVE = "passive"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One presentation, or one clip that could not be presented: then mode and verdict are None.

    clip: its path as in the table, or the name of a simulated one. presentation: its class.
    seed: of a session's draw. has_found_events: the judges found the actions that the session asked for.
    groups: of the clip, from the table.
    error: why there is no verdict, in words.
    """

    clip: str
    presentation: str
    mode: Mode | None
    verdict: ClipVerdict | None
    seed: int | None = None
    is_simulated: bool = False
    has_found_events: bool = False
    groups: tuple[str, ...] = ()
    error: str = ""

    @property
    def is_bona_fide(self) -> bool:
        return self.presentation == BONA_FIDE

    @property
    def decision(self) -> str:
        return "" if self.verdict is None else self.verdict.decision

    def read(self, name: str) -> float | None:
        """A score or signal by its name; None where it was not observed."""
        if self.verdict is None:
            return None
        if name in SCORE_NAMES:
            return (self.verdict.scores or {}).get(name)
        return (self.verdict.signals or {}).get(name)


def judge_without(outcome: Outcome, left_out: Signal, policy: Policy) -> tuple[Decision, Scores] | None:
    """What would have come of it, had a signal never been there; None for a clip without a verdict.

    What happened in the session stays: a challenge that was failed is failed, and so is a contradiction.
    """
    if outcome.verdict is None:
        return None
    signals = {signal: outcome.read(str(signal)) for signal in Signal if signal is not left_out}
    scores = fuse_scores(
        liveness=fuse_liveness(signals),
        emotion=outcome.read("emotion"),
        deepfake=outcome.read("deepfake"),
        weights=policy.weights,
    )
    reason = Reason(outcome.verdict.reason)
    if reason not in _REASONS_OF_SCORES or not _was_completed(outcome):
        return reason.decision, scores
    # What is demanded of the signal itself is taken out as well: where it was seen, it is as good as any.
    spared = signals | {left_out: None if outcome.read(str(left_out)) is None else 1.0}
    return decide(scores, (), policy, signals=spared).decision, scores


def _was_completed(outcome: Outcome) -> bool:
    """Whether there was nothing more to come: all was watched, or the last challenge was met."""
    if outcome.mode is Mode.PASSIVE or outcome.verdict is None:
        return True
    challenges = outcome.verdict.challenges
    return bool(challenges) and challenges[-1].outcome == ChallengeOutcome.PASSED


def average_by_clip(outcomes: Iterable[Outcome], name: str) -> list[float]:
    """One value a clip, the mean over its sessions, so that no clip counts more for being played often."""
    values: dict[str, list[float]] = {}
    for outcome in outcomes:
        value = outcome.read(name)
        if value is not None:
            values.setdefault(outcome.clip, []).append(value)
    return [fmean(found) for found in values.values()]


def list_species(outcomes: Sequence[Outcome]) -> list[str]:
    """Every attack class, in the order of first appearance."""
    return list(dict.fromkeys(outcome.presentation for outcome in outcomes if not outcome.is_bona_fide))
