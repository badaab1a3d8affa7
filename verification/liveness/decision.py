"""From scores to a verdict. A weighted mean alone is a hole, so each score and each signal has a floor."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from verification.liveness.policy import Policy
from verification.liveness.score import Scores, Signal
from verification.liveness.vocabulary import Reason

# Below these a signal says what no living face does: a flat one, a frozen one, one on paper or a screen.
CONTRADICTED_BELOW: Mapping[Signal, float] = MappingProxyType(
    {Signal.PARALLAX: 0.10, Signal.MICRO_MOTION: 0.10, Signal.TEXTURE: 0.25}
)
# Below these it says nothing either way, whatever the others say.
UNCLEAR_BELOW: Mapping[Signal, float] = MappingProxyType(
    {Signal.MICRO_MOTION: 0.35, Signal.TEXTURE: 0.50, Signal.TIMING: 0.20, Signal.CONTINUITY: 0.20}
)
UNCLEAR_DEEPFAKE_BELOW = 0.50
REQUIRED_SIGNALS = frozenset({Signal.PARALLAX})
# More than that lost to a slow server, and what the capture subject did not manage is not put down to them.
MAX_LOST_MS = 5_000
# What too few or too late frames may bring about. Contradictions, replays and what single pictures show are not in it.
EXCUSABLE = frozenset(
    {
        Reason.CHALLENGE_FAILED,
        Reason.SCORE_BELOW_THRESHOLD,
        Reason.LIVENESS_BELOW_FLOOR,
        Reason.SESSION_TIMEOUT,
        Reason.NO_RESPONSE,
        Reason.POOR_CAPTURE,
    }
)


def decide(
    scores: Scores,
    contradictions: Sequence[Reason],
    policy: Policy,
    *,
    signals: Mapping[Signal, float | None],
) -> Reason:
    """The reason a session that met all its challenges ends with; `Reason.decision` is its verdict.

    contradictions: physical ones (a second person, frozen frames); any one fails whatever the scores.
    signals: what the liveness score was made of; None or absent is "not observed". "Could not tell" is an
        outcome of its own: a session in which the head never turned proves nothing against a print, so it
        is `poor_capture`, not a fail.
    """
    if contradictions:
        return contradictions[0]
    if scores.liveness is None or scores.final is None:
        return Reason.POOR_CAPTURE
    if scores.liveness < policy.floors.liveness or _is_any_below(signals, CONTRADICTED_BELOW):
        return Reason.LIVENESS_BELOW_FLOOR
    if scores.deepfake is not None and scores.deepfake < policy.floors.deepfake:
        return Reason.DEEPFAKE_BELOW_FLOOR
    is_emotion_low = scores.emotion is not None and scores.emotion < policy.floors.emotion
    if is_emotion_low or scores.final < policy.pass_threshold:
        return Reason.SCORE_BELOW_THRESHOLD
    return Reason.VERIFIED if _is_clear(scores, signals, policy) else Reason.POOR_CAPTURE


def _is_clear(scores: Scores, signals: Mapping[Signal, float | None], policy: Policy) -> bool:
    """Whether all that a pass takes was seen, and nothing of it left in doubt.

    A deepfake floor of 0 says that this score is not to count.
    """
    is_seen = all(signals.get(signal) is not None for signal in REQUIRED_SIGNALS)
    is_heard = scores.deepfake is not None and policy.floors.deepfake > 0.0
    is_genuine = not is_heard or (scores.deepfake or 0.0) >= UNCLEAR_DEEPFAKE_BELOW
    return is_seen and is_genuine and not _is_any_below(signals, UNCLEAR_BELOW)


def excuse_failure(reason: Reason, *, lost_ms: int) -> Reason:
    """The reason a session ends with when the server was late by so much in total; never one that passes."""
    return Reason.SERVER_OVERLOADED if lost_ms > MAX_LOST_MS and reason in EXCUSABLE else reason


def _is_any_below(signals: Mapping[Signal, float | None], floors: Mapping[Signal, float]) -> bool:
    observed = {signal: value for signal, value in signals.items() if value is not None}
    return any(observed[signal] < floor for signal, floor in floors.items() if signal in observed)
