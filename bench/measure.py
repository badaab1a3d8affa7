"""Durations and what is said of them."""

import math
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import fmean, median


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` (0..1) of all are no larger than. Raises ValueError for none."""
    if not values:
        raise ValueError("there is nothing to take a percentile of")
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def summarise(values_ms: Sequence[float]) -> dict[str, float | int]:
    """Median, 95th percentile, mean and count. Raises ValueError for none."""
    return {
        "median": round(median(values_ms), 3),
        "p95": round(percentile(values_ms, 0.95), 3),
        "mean": round(fmean(values_ms), 3),
        "n": len(values_ms),
    }


@dataclass(slots=True)
class Steps:
    """Durations in milliseconds, by the step's name."""

    durations_ms: dict[str, list[float]] = field(default_factory=dict)

    @contextmanager
    def time(self, name: str) -> Iterator[None]:
        """Note how long the block took."""
        began = time.perf_counter()
        yield
        self.note(name, (time.perf_counter() - began) * 1_000)

    def note(self, name: str, duration_ms: float) -> None:
        self.durations_ms.setdefault(name, []).append(duration_ms)

    def summarise(self) -> dict[str, dict[str, float | int]]:
        return {name: summarise(values) for name, values in self.durations_ms.items()}
