"""Repetition: does the face do again, in the same order and at the same pace, what it did before?

A person can smile twice, but not twice alike: on living faces the shape that comes closest to an
earlier one is still away from it by more than a hundredth of the eyes' distance, while a repeated
recording comes back to within the landmarks' noise, whatever noise or compression was added. A run of
such repetition that outlasts its own period is a loop. Where the movement goes to and fro, forwards and
backwards alike, more is asked for: a nod that is tried again and again comes near it, and a clip that is
walked to and fro to test the product does just that, though never for longer than a challenge lasts.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from verification.liveness.face_shape import Shape, describe_shape
from verification.liveness.geometry import ramp
from verification.liveness.landmark_indices import SHAPE_POINTS
from verification.liveness.observation import Face

Numbers = npt.NDArray[np.float64]

CAPACITY = 1_200  # shapes; 80 s at the densest
MIN_SPACING_MS = 60
MAX_SEGMENT_MS = 300
MIN_LAG_MS = 1_500
TOLERANCE = 0.012  # root mean square, inter-ocular distances
LAG_TOLERANCE_MS = 80
MAX_MISS_MS = 450
AWAY = 0.027  # a shape at this distance is another one
MIN_AWAY_SHARE = 0.3  # of the time between a shape and its repeat: a face that kept still repeats nothing
MIN_RUN_MS = 3_000
MIN_EXTENT = 0.03  # how far the shape must have moved within a run, inter-ocular distances
MIN_TELLING_SHARE = 0.3
MAX_RUNS = 32
LOOP_RATIO = 1.25
SUSPECT_RATIO = 0.6
TO_AND_FRO_MS = 16_000  # a run of movement to and fro must last as long to be a loop
MIRROR_SAMPLES = 96
MIRROR_TOLERANCE = 0.015


@dataclass(slots=True)
class _Run:
    """Matches at one lag, unbroken. low, high: the bounds of the shapes in it."""

    lag_ms: float
    began_ms: int
    last_ms: int
    low: Shape
    high: Shape
    frames: int = 0
    telling: int = 0
    is_to_and_fro: bool = False

    def extend(self, lag_ms: float, at_ms: int, shape: Shape, is_telling: bool) -> None:
        self.lag_ms += 0.2 * (lag_ms - self.lag_ms)
        self.last_ms = at_ms
        self.frames += 1
        self.telling += is_telling
        np.minimum(self.low, shape, out=self.low)
        np.maximum(self.high, shape, out=self.high)

    @property
    def ratio(self) -> float:
        """Its length over its lag; 0 for one that proves nothing."""
        length_ms = self.last_ms - self.began_ms
        extent = float(np.linalg.norm(self.high - self.low)) / np.sqrt(len(SHAPE_POINTS))
        is_proof = (
            length_ms >= MIN_RUN_MS
            and extent >= MIN_EXTENT
            and self.telling >= MIN_TELLING_SHARE * self.frames
        )
        return length_ms / self.lag_ms if is_proof else 0.0


@dataclass(frozen=True, slots=True)
class _Matches:
    """Where the path walked before comes within the tolerance: how long ago, and whether that tells anything."""

    lags_ms: Numbers
    are_telling: npt.NDArray[np.bool_]

    def leave_out(self, lag_ms: float) -> "_Matches":
        kept = np.abs(self.lags_ms - lag_ms) > LAG_TOLERANCE_MS
        return _Matches(self.lags_ms[kept], self.are_telling[kept])


class _History:
    """Shapes and their times, oldest first; the oldest quarter is let go when it is full."""

    def __init__(self) -> None:
        self._shapes = np.empty((CAPACITY, 2 * len(SHAPE_POINTS)))
        self._times_ms = np.empty(CAPACITY)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    @property
    def last_ms(self) -> float:
        return float(self._times_ms[self._count - 1]) if self._count else -np.inf

    def append(self, shape: Shape, at_ms: int) -> None:
        if self._count == CAPACITY:
            kept = CAPACITY - CAPACITY // 4
            self._shapes[:kept], self._times_ms[:kept] = (
                self._shapes[-kept:].copy(),
                self._times_ms[-kept:].copy(),
            )
            self._count = kept
        self._shapes[self._count], self._times_ms[self._count] = shape, at_ms
        self._count += 1

    def match(self, shape: Shape, at_ms: int) -> _Matches:
        """Compare with each stretch of the path, not the shapes alone: a repeat is sampled at other instants."""
        shapes, times_ms = self._shapes[: self._count], self._times_ms[: self._count]
        away = shape - shapes
        squared = np.einsum("ij,ij->i", away, away)
        steps, lasting_ms = np.diff(shapes, axis=0), np.diff(times_ms)
        along = np.einsum("ij,ij->i", away[:-1], steps) / (np.einsum("ij,ij->i", steps, steps) + 1e-12)
        along = np.clip(along, 0.0, 1.0)
        left = away[:-1] - along[:, None] * steps
        distances = np.sqrt(np.einsum("ij,ij->i", left, left) / len(SHAPE_POINTS))
        lags_ms = at_ms - (times_ms[:-1] + along * lasting_ms)
        matched = (distances < TOLERANCE) & (lasting_ms <= MAX_SEGMENT_MS) & (lags_ms >= MIN_LAG_MS)
        is_away = np.sqrt(squared / len(SHAPE_POINTS)) > AWAY
        away_since = np.cumsum(is_away[::-1])[::-1][:-1] / np.arange(len(shapes), 1, -1)
        return _Matches(lags_ms[matched], away_since[matched] >= MIN_AWAY_SHARE)

    def resample(self, until_ms: int, span_ms: float) -> Numbers:
        """Shapes at even steps over the span, shape (MIRROR_SAMPLES, 2 * n)."""
        times_ms = until_ms - span_ms * np.arange(MIRROR_SAMPLES)[::-1] / MIRROR_SAMPLES
        shapes = self._shapes[: self._count].T
        known_ms = self._times_ms[: self._count]
        return np.stack([np.interp(times_ms, known_ms, coordinate) for coordinate in shapes], axis=1)


def _is_to_and_fro(period: Numbers) -> bool:
    """Whether a period of movement, from somewhere on, is its own mirror image in time."""
    places = np.arange(len(period))
    mirrored = (places[:, None] - places) % len(period)  # a row for each moment that it may turn at
    away = period - period[mirrored]
    distances = np.sqrt(np.einsum("ijk,ijk->ij", away, away) / len(SHAPE_POINTS))
    return bool(np.median(distances, axis=1).min() < MIRROR_TOLERANCE)


class RepetitionMeter:
    """Follows every lag at which the present resembles the past. Bounded in memory and in time a frame."""

    def __init__(self) -> None:
        self._history = _History()
        self._runs: list[_Run] = []
        self._longest_ratio = 0.0
        self._period_ms: float | None = None

    def observe(self, face: Face, at_ms: int) -> None:
        if at_ms - self._history.last_ms < MIN_SPACING_MS:
            return
        shape = describe_shape(face.landmarks_px)
        if len(self._history) > 1:
            self._follow(self._history.match(shape, at_ms), at_ms, shape)
        self._history.append(shape, at_ms)

    def _follow(self, matches: _Matches, at_ms: int, shape: Shape) -> None:
        for run in self._runs:
            away_ms = np.abs(matches.lags_ms - run.lag_ms)
            if len(away_ms) and away_ms.min() <= LAG_TOLERANCE_MS:
                nearest = int(away_ms.argmin())
                run.extend(float(matches.lags_ms[nearest]), at_ms, shape, bool(matches.are_telling[nearest]))
                matches = matches.leave_out(run.lag_ms)
                self._note(run)
        self._runs = [run for run in self._runs if at_ms - run.last_ms <= MAX_MISS_MS]
        while len(matches.lags_ms) and len(self._runs) < MAX_RUNS:
            lag_ms = float(matches.lags_ms[0])
            self._runs.append(_Run(lag_ms, at_ms, at_ms, shape.copy(), shape.copy()))
            matches = matches.leave_out(lag_ms)

    def _note(self, run: _Run) -> None:
        ratio = run.ratio
        if ratio <= max(self._longest_ratio, SUSPECT_RATIO):
            return
        if not run.is_to_and_fro:
            run.is_to_and_fro = _is_to_and_fro(self._history.resample(run.last_ms, run.lag_ms))
        if not run.is_to_and_fro or run.last_ms - run.began_ms >= TO_AND_FRO_MS:
            self._longest_ratio, self._period_ms = ratio, run.lag_ms

    @property
    def is_loop(self) -> bool:
        """A run of repetition has outlasted its own period."""
        return self._longest_ratio >= LOOP_RATIO

    @property
    def measures(self) -> dict[str, float]:
        """The longest run over its period, and that period; empty where nothing was repeated."""
        if self._period_ms is None:
            return {}
        return {"loop_ratio": self._longest_ratio, "loop_period_ms": self._period_ms}

    @property
    def score(self) -> float:
        return 1.0 - ramp(self._longest_ratio, SUSPECT_RATIO, LOOP_RATIO)
