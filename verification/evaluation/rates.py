"""Error rates with their 95 % Wilson intervals, and areas under curves. Standard library and numpy."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Z_95 = 1.959964  # the normal distribution's 97.5 % quantile


@dataclass(frozen=True, slots=True)
class Rate:
    """errors out of n. rate: None for n = 0. low, high: the 95 % Wilson interval, 0 and 1 for n = 0."""

    n: int
    errors: int

    def __post_init__(self) -> None:
        if not 0 <= self.errors <= self.n:
            raise ValueError(f"{self.errors} errors in {self.n} cannot be")

    @property
    def rate(self) -> float | None:
        return self.errors / self.n if self.n else None

    @property
    def interval(self) -> tuple[float, float]:
        return wilson_interval(self.errors, self.n)

    def as_dict(self) -> dict[str, float | int | None]:
        low, high = self.interval
        return {"n": self.n, "errors": self.errors, "rate": self.rate, "low": low, "high": high}


def count_errors(outcomes: Iterable[bool]) -> Rate:
    """outcomes: whether each trial was an error."""
    listed = list(outcomes)
    return Rate(len(listed), sum(listed))


def wilson_interval(errors: int, n: int) -> tuple[float, float]:
    """The 95 % score interval of a proportion (Wilson, JASA 1927), clipped to 0..1."""
    if n == 0:
        return 0.0, 1.0
    share, z2 = errors / n, Z_95**2
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = Z_95 / (1 + z2 / n) * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    # At the ends rounding would leave a trace of the other side.
    low = 0.0 if errors == 0 else max(0.0, middle - half)
    high = 1.0 if errors == n else min(1.0, middle + half)
    return low, high


def area_under_curve(bona_fide: Sequence[float], attacks: Sequence[float]) -> float | None:
    """P(a bona fide score is above an attack's), ties half; None where either side is empty.

    The Mann-Whitney statistic over all pairs, which is the area under the ROC curve.
    """
    if not bona_fide or not attacks:
        return None
    ordered = np.sort(np.asarray(attacks, dtype=np.float64))
    scores = np.asarray(bona_fide, dtype=np.float64)
    below = np.searchsorted(ordered, scores, side="left")
    not_above = np.searchsorted(ordered, scores, side="right")
    return float((below + not_above).mean() / 2 / len(ordered))


@dataclass(frozen=True, slots=True)
class Tradeoff:
    """Error rates at each threshold; arrays of one length, thresholds rising.

    A score passes at or above the threshold. apcer, bpcer: in 0..1.
    """

    thresholds: npt.NDArray[np.float64]
    apcer: npt.NDArray[np.float64]
    bpcer: npt.NDArray[np.float64]

    @property
    def equal_error_rate(self) -> float:
        """The mean of both rates where they are nearest to each other."""
        nearest = int(np.argmin(np.abs(self.apcer - self.bpcer)))
        return float((self.apcer[nearest] + self.bpcer[nearest]) / 2)


def trade_off(bona_fide: Sequence[float], attacks: Sequence[float]) -> Tradeoff | None:
    """Both error rates at every threshold that changes either; None where either side is empty."""
    if not bona_fide or not attacks:
        return None
    real = np.sort(np.asarray(bona_fide, dtype=np.float64))
    attacking = np.sort(np.asarray(attacks, dtype=np.float64))
    thresholds = np.unique(np.concatenate([real, attacking, [0.0, 1.0, np.nextafter(1.0, 2.0)]]))
    return Tradeoff(
        thresholds,
        apcer=1.0 - np.searchsorted(attacking, thresholds, side="left") / len(attacking),
        bpcer=np.searchsorted(real, thresholds, side="left") / len(real),
    )
