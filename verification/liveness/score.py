"""Signals to scores. 1 is bona fide; None is "not observed" and is left out, its weight spread."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TypeVar

from verification.liveness.policy import Weights

Name = TypeVar("Name", bound=str)


class Signal(StrEnum):
    """What the liveness score is made of (docs/detection.md says what each one proves)."""

    PARALLAX = "parallax"
    MICRO_MOTION = "micro_motion"
    TEXTURE = "texture"
    COMPLIANCE = "compliance"
    TIMING = "timing"
    CONTINUITY = "continuity"


SIGNAL_WEIGHTS: Mapping[Signal, float] = MappingProxyType(
    {
        Signal.PARALLAX: 0.30,
        Signal.MICRO_MOTION: 0.15,
        Signal.TEXTURE: 0.25,
        Signal.COMPLIANCE: 0.15,
        Signal.TIMING: 0.10,
        Signal.CONTINUITY: 0.05,
    }
)


@dataclass(frozen=True, slots=True)
class Scores:
    """0..1 each, or None where nothing was observed."""

    liveness: float | None = None
    emotion: float | None = None
    deepfake: float | None = None
    final: float | None = None


def spread_mean(parts: Mapping[Name, float | None], weights: Mapping[Name, float]) -> float | None:
    """Weighted mean over the parts that were observed; None when none of any weight was."""
    observed = {name: value for name, value in parts.items() if value is not None}
    total = sum(weights[name] for name in observed)
    if total <= 0.0:
        return None
    mean = sum(weights[name] * value for name, value in observed.items()) / total
    return min(1.0, max(0.0, mean))


def fuse_liveness(signals: Mapping[Signal, float | None]) -> float | None:
    return spread_mean(signals, SIGNAL_WEIGHTS)


def fuse_scores(
    *, liveness: float | None, emotion: float | None, deepfake: float | None, weights: Weights
) -> Scores:
    """The final score from the three, by the policy's weights."""
    final = spread_mean(
        {"liveness": liveness, "emotion": emotion, "deepfake": deepfake},
        {"liveness": weights.liveness, "emotion": weights.emotion, "deepfake": weights.deepfake},
    )
    return Scores(liveness, emotion, deepfake, final)
