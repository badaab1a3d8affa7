"""From scores to a verdict. A weighted mean alone is a hole, so each score has a floor as well."""

from collections.abc import Collection, Sequence

from verification.liveness.policy import Policy
from verification.liveness.score import Scores, Signal
from verification.liveness.vocabulary import Reason

REQUIRED_SIGNALS = frozenset({Signal.PARALLAX})


def decide(
    scores: Scores,
    contradictions: Sequence[Reason],
    policy: Policy,
    *,
    unobserved: Collection[Signal] = (),
) -> Reason:
    """The reason a session that met all its challenges ends with; `Reason.decision` is its verdict.

    contradictions: physical ones (a second person, frozen frames); any one fails whatever the scores.
    unobserved: signals that nothing was seen of. "Could not tell" is an outcome of its own: a session in
        which the head never turned proves nothing against a print, so it is `poor_capture`, not a fail.
    """
    if contradictions:
        return contradictions[0]
    if scores.liveness is None or scores.final is None:
        return Reason.POOR_CAPTURE
    if scores.liveness < policy.floors.liveness:
        return Reason.LIVENESS_BELOW_FLOOR
    if scores.deepfake is not None and scores.deepfake < policy.floors.deepfake:
        return Reason.DEEPFAKE_BELOW_FLOOR
    is_emotion_low = scores.emotion is not None and scores.emotion < policy.floors.emotion
    if is_emotion_low or scores.final < policy.pass_threshold:
        return Reason.SCORE_BELOW_THRESHOLD
    return Reason.POOR_CAPTURE if REQUIRED_SIGNALS.intersection(unobserved) else Reason.VERIFIED
