"""Repetition: does the picture come back the way it went before?

A person can smile twice, but not twice alike. So the last three seconds are laid upon every earlier three, and what
is left between them is set against how much was going on: about 1 where they have nothing in common, near 0 where
one is a copy, whatever noise or compression was added to it. Face, place and scene have to agree, or the face alone
for four seconds. Living people leave 0.23 at the least, copies 0.001 to 0.07 (docs/detection.md).

Backwards is no proof: a head that turns and returns is nearly its own mirror image in time. And a clip is walked to and
fro to test the product, by the very same pictures, bit for bit: that is let pass for no longer than a challenge lasts.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from verification.liveness.geometry import ramp
from verification.liveness.landmark_indices import SHAPE_POINTS
from verification.liveness.moments import CAPACITY, MAX_SEGMENT_MS, STEP_MS, Moment, Past, take_moment
from verification.liveness.observation import FaceObservation
from verification.liveness.path_match import PathMatcher
from verification.liveness.retracing import PictureTrail

WINDOW = 45  # steps; 3 s, which is longer than a gesture
LONG_WINDOW = 60  # for the face alone, where place or scene were tampered with
MIN_LAG = 15  # steps; 1 s
COPY, DOUBTFUL = 0.03, 0.06  # left over, as a share of what was going on
TELLING_SHAPE = 0.008  # inter-ocular distances, standard deviation of each of the face's points
RECENT_LAG = (
    180  # steps; 12 s: what came longer ago must come for longer, as of a camera that tests play from a file
)
LONG_COPY_RATIO = 1.25  # of the lag
WALKED_MS = 16_000
REST_MS = 3_000  # what pauses for longer begins anew


@dataclass(frozen=True, slots=True)
class _Return:
    """A stretch that comes back. left_over: 0..1 and more. lag_ms: since it was seen before."""

    left_over: float = 1.0
    lag_ms: float = 0.0


class RepetitionMeter:
    """Bounded in memory, and in time a frame."""

    def __init__(self) -> None:
        self._past: Past | None = None
        self._last: Moment | None = None
        self._due_ms = 0.0
        self._short, self._long = PathMatcher(WINDOW, CAPACITY), PathMatcher(LONG_WINDOW, CAPACITY)
        self._trail = PictureTrail(window_ms=WINDOW * STEP_MS, min_age_ms=MIN_LAG * STEP_MS)
        self._copied_ms: tuple[float, float] | None = None  # since when, and when last
        self._closest = _Return()

    def note_reveal(self) -> None:
        """A challenge was revealed: a walk to and fro may begin anew."""
        if self._trail.has_known and not self._trail.is_forward:
            self._copied_ms = None

    def observe(self, observation: FaceObservation, at_ms: int) -> None:
        """Take one frame. A time that does not rise is no new moment."""
        self._trail.observe(observation.luma_digest, at_ms)
        if observation.face is None or (self._last is not None and at_ms <= self._last.at_ms):
            return
        moment = take_moment(observation, observation.face, at_ms)
        before, self._last = self._last, moment
        if before is None or moment.at_ms - before.at_ms > MAX_SEGMENT_MS:
            self._resume(moment)
            return
        while self._due_ms <= moment.at_ms:
            self._step(before.blend(moment, self._due_ms))
            self._due_ms += STEP_MS

    def _resume(self, moment: Moment) -> None:
        """Begin, or go on after a gap, that no stretch reaches across."""
        if self._past is None:
            self._past = Past((len(moment.shape), len(moment.place), len(moment.scene)))
        else:
            self._step(None)
        self._due_ms = moment.at_ms

    def _step(self, moment: Moment | None) -> None:
        past = self._past
        assert past is not None  # noqa: S101  (made with the first moment)
        dropped = past.append(moment)
        distances = np.empty(0) if moment is None else past.measure_away(moment)
        for matcher in (self._short, self._long):
            if dropped:
                matcher.drop(dropped)
            matcher.add(distances)
        if moment is not None:
            self._judge(past, moment.at_ms)

    def _judge(self, past: Past, at_ms: float) -> None:
        again, back, alone = self._find_returns(past)
        closest = min(again, alone, key=lambda found: found.left_over)
        is_reversed = back.left_over < DOUBTFUL or not self._trail.is_forward
        patience_ms = 0.0
        if is_reversed and self._trail.has_known:
            patience_ms = WALKED_MS
        elif closest.lag_ms > RECENT_LAG * STEP_MS:
            patience_ms = LONG_COPY_RATIO * closest.lag_ms
        if closest.left_over < DOUBTFUL and self._measure_copied_ms(at_ms) < patience_ms:
            return
        if closest.left_over < self._closest.left_over:
            self._closest = closest

    def _measure_copied_ms(self, at_ms: float) -> float:
        """For how long it has been a copy by now."""
        since_ms, last_ms = self._copied_ms or (at_ms, at_ms)
        self._copied_ms = since_ms if at_ms - last_ms <= REST_MS else at_ms, at_ms
        return at_ms - self._copied_ms[0]

    def _find_returns(self, past: Past) -> tuple[_Return, _Return, _Return]:
        """The best of those forwards, of those backwards, and of the face alone."""
        newest, least = past.count - 1, TELLING_SHAPE**2 * len(SHAPE_POINTS)
        short, long = (2.0 * m.window * past.measure_unrest(m.window) for m in (self._short, self._long))
        again = back = alone = _Return()
        if short > 2.0 * WINDOW * least:
            end = _find_least(self._short.ahead, newest, COPY * short)
            start = int(self._short.back[: max(newest - WINDOW, 1)].argmin())
            if self._short.ahead[end] / short < DOUBTFUL:
                again = _Return(past.compare(end, WINDOW), (newest - end) * STEP_MS)
            if self._short.back[start] / short < DOUBTFUL:
                back = _Return(past.compare(start, WINDOW, is_back=True), (newest - start) * STEP_MS)
        if long > 2.0 * LONG_WINDOW * least:
            end = _find_least(self._long.ahead, newest, COPY * long)
            alone = _Return(float(self._long.ahead[end]) / long, (newest - end) * STEP_MS)
        return again, back, alone

    @property
    def is_loop(self) -> bool:
        """A stretch was a copy of an earlier one."""
        return self._closest.left_over < COPY

    @property
    def measures(self) -> dict[str, float]:
        """What the closest return left over, and how long ago it was; empty where nothing came near."""
        if self._closest.left_over >= 1.0:
            return {}
        return {"return_left_over": self._closest.left_over, "return_lag_ms": self._closest.lag_ms}

    @property
    def score(self) -> float:
        return ramp(self._closest.left_over, COPY, DOUBTFUL)


def _find_least(sums: npt.NDArray[np.floating], newest: int, enough: float) -> int:
    """The earlier step with the least; a recent one where that is enough, since a loop repeats at each multiple."""
    last = max(newest - MIN_LAG, 1)
    first = max(0, min(newest - RECENT_LAG, last - 1))
    recent = first + int(sums[first:last].argmin())
    return recent if sums[recent] < enough else int(sums[:last].argmin())
