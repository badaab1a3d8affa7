"""Laying the newest stretch of a path upon every earlier one, a step at a time and at little cost."""

from collections import deque

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.floating]

_FAR = 1_000.0  # squared; further than anything that is measured


class PathMatcher:
    """Sums of squared distances between the last `window` steps and every earlier stretch, both ways round.

    ahead[i]: the stretch that ends at step i. back[i]: the one that begins at step i, taken backwards.
    """

    def __init__(self, window: int, capacity: int) -> None:
        self.window = window
        self.ahead = np.full(capacity, window * _FAR)
        self.back = self.ahead.copy()
        self._rows = deque(np.full(capacity, _FAR) for _ in range(window))

    def add(self, distances: Numbers) -> None:
        """Take the newest step's squared distances from each earlier one, shape (n,)."""
        row = np.full(len(self.ahead), _FAR)
        row[: len(distances)] = distances
        oldest = self._rows.popleft()
        self._rows.append(row)
        edge = self.window * _FAR
        self.ahead = np.concatenate([[edge], self.ahead[:-1]]) + row - _shift(oldest, -self.window)
        self.back = np.concatenate([self.back[1:], [edge]]) + row - _shift(oldest, self.window)

    def drop(self, steps: int) -> None:
        """The oldest steps were let go."""
        for row in self._rows:
            row[:-steps], row[-steps:] = row[steps:].copy(), _FAR
        newest_first = list(enumerate(reversed(self._rows)))
        self.ahead = sum((_shift(row, -ago) for ago, row in newest_first), np.zeros(len(self.ahead)))
        self.back = sum((_shift(row, ago) for ago, row in newest_first), np.zeros(len(self.back)))


def _shift(row: Numbers, by: int) -> Numbers:
    """row[i + by], far beyond the ends."""
    away = np.full(abs(by), _FAR)
    return np.concatenate([row[by:], away]) if by >= 0 else np.concatenate([away, row[:by]])


def measure_away(point: Numbers, path: Numbers) -> Numbers:
    """Squared distances of a point, shape (d,), from each leg of a path, shape (n + 1, d): shape (n,).

    From the legs and not their ends, since a copy is sampled at other instants.
    """
    away, legs = point - path, np.diff(path, axis=0)
    along = np.einsum("ij,ij->i", away[:-1], legs) / (np.einsum("ij,ij->i", legs, legs) + 1e-12)
    left = away[:-1] - np.clip(along, 0.0, 1.0)[:, None] * legs
    squared: Numbers = np.einsum("ij,ij->i", left, left)
    return squared


def measure_left_over(now: Numbers, legs: Numbers) -> float:
    """What an earlier stretch does not explain of this: 0 for a copy, about 1 where they have nothing in common.

    now: shape (n, d). legs: both ends of the leg beside each point, shape (2, n, d).
    """
    starts, ends = legs
    along = np.einsum("ij,ij->i", now - starts, ends - starts)
    along /= np.einsum("ij,ij->i", ends - starts, ends - starts) + 1e-12
    left = now - starts - np.clip(along, 0.0, 1.0)[:, None] * (ends - starts)
    return float((left**2).sum(axis=1).mean()) / max(2.0 * float(now.var(axis=0).sum()), 1e-12)
