"""Outcomes with any scores, made by hand."""

from collections.abc import Mapping
from types import MappingProxyType

from verification.clips.subject import ChallengeRecord, ClipVerdict
from verification.evaluation.outcomes import Mode, Outcome
from verification.liveness.policy import Weights
from verification.liveness.score import Signal, fuse_liveness, fuse_scores
from verification.liveness.vocabulary import Reason


def make_outcome(
    clip: str,
    presentation: str,
    reason: Reason = Reason.VERIFIED,
    *,
    mode: Mode = Mode.SESSION,
    seed: int | None = 1,
    is_simulated: bool = False,
    deepfake: float | None = 0.9,
    groups: tuple[str, ...] = (),
    signals: Mapping[str, float] = MappingProxyType({}),
) -> Outcome:
    """signals: by name; those that are not given were not observed."""
    observed = {signal: signals.get(str(signal)) for signal in Signal}
    scores = fuse_scores(liveness=fuse_liveness(observed), emotion=None, deepfake=deepfake, weights=Weights())
    verdict = ClipVerdict(
        str(reason.decision),
        str(reason),
        {
            "liveness": scores.liveness,
            "emotion": scores.emotion,
            "deepfake": scores.deepfake,
            "final": scores.final,
        },
        {str(signal): value for signal, value in observed.items()},
        challenges=[ChallengeRecord("nod", "passed", "passed", 900)] if mode is Mode.SESSION else [],
    )
    return Outcome(clip, presentation, mode, verdict, seed=seed, is_simulated=is_simulated, groups=groups)


def make_unusable(clip: str, presentation: str) -> Outcome:
    return Outcome(clip, presentation, None, None, error="the file is not there")
