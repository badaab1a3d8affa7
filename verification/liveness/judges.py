"""Judges: has the capture subject done what was asked since it was revealed?

A judge sees only times since the reveal (`at_ms`). What happens before a human can react cannot
be an answer, and an action that is already under way at the reveal must first be let go.
"""

from collections import deque
from collections.abc import Sequence
from typing import Protocol

from verification.liveness.actions import CATALOGUE, Action
from verification.liveness.measures import HELD_MEASURES, FaceReading, Measure, measure_eye_closure

MIN_REACTION_MS = 250  # below any published human reaction to a visual, spoken or read prompt
REST = 0.6  # a measure under this is at rest
CLOSED, REOPENED = 1.0, 0.5
MIN_CLOSURE_MS, MAX_CLOSURE_MS = 30, 700  # a blink takes 100-400 ms; beyond it the eyes are shut
MAX_HOLD_GAP_MS = 500  # what happened between two frames further apart was not seen
NOD_STROKE_DEG = 8.0
NOD_DRIFT_DEG = 0.5  # from frame to frame; a head that falls faster at the reveal began before it
NOD_MAX_MS = 3_000


class Judge(Protocol):
    """Fed with every analysed face of one challenge, in order."""

    @property
    def progress(self) -> float: ...

    @property
    def is_done(self) -> bool: ...

    @property
    def peak(self) -> float: ...

    def observe(self, reading: FaceReading, at_ms: int) -> None: ...


class HoldJudge:
    """An action that must rise from rest to its bound and stay there for a while."""

    def __init__(self, measure: Measure, hold_ms: int) -> None:
        self._measure = measure
        self._hold_ms = hold_ms
        self._is_armed = False
        self._held_since_ms: int | None = None
        self._last_ms = 0
        self._progress = 0.0
        self.peak = 0.0
        self.is_done = False

    @property
    def progress(self) -> float:
        return 1.0 if self.is_done else self._progress

    def observe(self, reading: FaceReading, at_ms: int) -> None:
        value = self._measure(reading)
        self._arm(value, at_ms)
        gap_ms, self._last_ms = at_ms - self._last_ms, at_ms
        if not self._is_armed or at_ms < MIN_REACTION_MS:
            return
        self.peak = max(self.peak, value)
        if value < 1.0 or gap_ms > MAX_HOLD_GAP_MS:
            self._held_since_ms = None
        if value < 1.0:
            self._progress = 0.5 * max(0.0, value)
            return
        self._held_since_ms = at_ms if self._held_since_ms is None else self._held_since_ms
        held_ms = at_ms - self._held_since_ms
        self._progress = 0.5 + 0.5 * min(1.0, held_ms / self._hold_ms)
        self.is_done = self.is_done or held_ms >= self._hold_ms

    def _arm(self, value: float, at_ms: int) -> None:
        """It must be seen to begin: what left rest before a person can have reacted must be let go first."""
        if value < REST:
            self._is_armed = True
        elif at_ms < MIN_REACTION_MS:
            self._is_armed = False


class BlinkJudge:
    """Counts closures that reopen; a long closure is not a blink."""

    def __init__(self, count: int) -> None:
        self._wanted = count
        self._counted = 0
        self._has_been_open = False
        self._closed_at_ms: int | None = None
        self.peak = 0.0

    @property
    def is_done(self) -> bool:
        return self._counted >= self._wanted

    @property
    def progress(self) -> float:
        return min(1.0, self._counted / self._wanted)

    def observe(self, reading: FaceReading, at_ms: int) -> None:
        closure = measure_eye_closure(reading)
        if at_ms >= MIN_REACTION_MS:
            self.peak = max(self.peak, closure)
        if closure <= REOPENED:
            self._count_reopening(at_ms)
            self._has_been_open = True
        elif closure >= CLOSED and self._has_been_open and self._closed_at_ms is None:
            self._closed_at_ms = at_ms

    def _count_reopening(self, at_ms: int) -> None:
        closed_at_ms, self._closed_at_ms = self._closed_at_ms, None
        if closed_at_ms is None or closed_at_ms < MIN_REACTION_MS:
            return
        if MIN_CLOSURE_MS <= at_ms - closed_at_ms <= MAX_CLOSURE_MS:
            self._counted += 1


class NodJudge:
    """Counts strokes of the head down and up again within NOD_MAX_MS, wherever the head was before."""

    def __init__(self, count: int) -> None:
        self._wanted = count
        self._counted = 0
        self._recent: deque[tuple[int, float]] = deque()  # (time, pitch) of the last NOD_MAX_MS
        self._is_down = False
        self._last_pitch_deg: float | None = None
        self.peak = 0.0

    @property
    def is_done(self) -> bool:
        return self._counted >= self._wanted

    @property
    def progress(self) -> float:
        half = 0.5 if self._is_down else 0.0
        return min(1.0, (self._counted + half) / self._wanted)

    def observe(self, reading: FaceReading, at_ms: int) -> None:
        pitch_deg = reading.face.pose.pitch_deg
        last_deg, self._last_pitch_deg = self._last_pitch_deg, pitch_deg
        is_falling = last_deg is not None and pitch_deg < last_deg - NOD_DRIFT_DEG
        if at_ms < MIN_REACTION_MS or (not self._recent and is_falling):
            return
        self._recent.append((at_ms, pitch_deg))
        while at_ms - self._recent[0][0] > NOD_MAX_MS:
            self._recent.popleft()
        down_deg, nod_deg = _measure_strokes_deg([pitch_deg for _, pitch_deg in self._recent])
        self._is_down = down_deg >= NOD_STROKE_DEG
        self.peak = max(self.peak, nod_deg / NOD_STROKE_DEG)
        if nod_deg >= NOD_STROKE_DEG:
            self._counted += 1
            self._is_down = False
            self._recent = deque([self._recent[-1]])  # where the next nod may begin


def _measure_strokes_deg(pitches_deg: Sequence[float]) -> tuple[float, float]:
    """The longest way down, and the longest that was gone down and then up again to the last pitch."""
    top_deg, down_deg, nod_deg = pitches_deg[0], 0.0, 0.0
    for pitch_deg in pitches_deg:
        top_deg = max(top_deg, pitch_deg)
        down_deg = max(down_deg, top_deg - pitch_deg)
        nod_deg = max(nod_deg, min(top_deg - pitch_deg, pitches_deg[-1] - pitch_deg))
    return down_deg, nod_deg


def judge_for(action: Action) -> Judge:
    """A fresh judge for an action. Raises KeyError for the alignment step, which has its own."""
    params = CATALOGUE[action].params
    if action is Action.BLINK:
        return BlinkJudge(params["count"])
    if action is Action.NOD:
        return NodJudge(params["count"])
    return HoldJudge(HELD_MEASURES[action], params["hold_ms"])
