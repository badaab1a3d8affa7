"""How busy this process is: what a frame costs, how late answers are, how late the event loop runs.

The measures decide who gets in (`admission`) and what does not count against a capture subject
(`session_driver`). See docs/decisions/0012.
"""

import asyncio
import math
import time
from collections import deque
from dataclasses import dataclass

from django.conf import settings

from verification.conf import count_inference_threads

# What every session inside should get: ten frames a second, below which a blink is missed.
ROUND_MS = 100
WINDOW_S = 3.0
COST_SHARE = 0.05  # of each new frame in the running mean
LAG_SAMPLE_S = 0.25
STALL_MS = 250


@dataclass(frozen=True, slots=True)
class Stall:
    """The event loop did nothing meanwhile. Milliseconds of the server's monotonic clock."""

    from_ms: int
    until_ms: int


class RecentValues:
    """The values of the last WINDOW_S seconds. Times are those of `time.monotonic`."""

    def __init__(self) -> None:
        self._values: deque[tuple[float, float]] = deque(maxlen=2_000)

    def add(self, value: float, now_s: float) -> None:
        self._values.append((now_s, value))

    def find_high(self, now_s: float, share: float = 0.9) -> float:
        """The value that `share` of them do not exceed; 0 where there are none."""
        while self._values and now_s - self._values[0][0] > WINDOW_S:
            self._values.popleft()
        ordered = sorted(value for _, value in self._values)
        return ordered[math.ceil(share * len(ordered)) - 1] if ordered else 0.0


class LoadMeter:
    """Belongs to the event loop; the properties may be read from anywhere."""

    def __init__(self) -> None:
        self.analysis_ms: float | None = None
        self.last_stall: Stall | None = None
        self._answers = RecentValues()
        self._lags = RecentValues()
        self._watching: asyncio.Task[None] | None = None

    def note_analysis(self, took_ms: float) -> None:
        """One frame was looked at and judged, on an inference thread."""
        known = took_ms if self.analysis_ms is None else self.analysis_ms
        self.analysis_ms = known + COST_SHARE * (took_ms - known)

    def note_answer(self, late_ms: float) -> None:
        """One frame was answered, so long after it had arrived."""
        self._answers.add(late_ms, time.monotonic())

    def note_lag(self, lag_ms: float) -> None:
        """The event loop came back to something so long after it was due."""
        now_s = time.monotonic()
        self._lags.add(lag_ms, now_s)
        if lag_ms > STALL_MS:
            now_ms = int(now_s * 1_000)
            self.last_stall = Stall(now_ms - int(lag_ms), now_ms)

    @property
    def answer_ms(self) -> float:
        """How long nine of ten answers took at most, lately."""
        return self._answers.find_high(time.monotonic())

    @property
    def lag_ms(self) -> float:
        """The event loop's worst delay, lately."""
        return self._lags.find_high(time.monotonic(), share=1.0)

    def has_room(self, held: int) -> bool:
        """Whether those inside keep what they have when one more comes. held: sessions inside.

        An empty process always has: what it measured before may be long past.
        """
        limit_ms = settings.POL_MAX_ANSWER_MS
        if held == 0 or limit_ms == 0:
            return True
        round_ms = (held + 1) * (self.analysis_ms or 0.0) / count_inference_threads()
        return round_ms <= ROUND_MS and self.answer_ms <= limit_ms and self.lag_ms <= limit_ms

    def begin_soon(self) -> None:
        """Watch the event loop from now on."""
        if self._watching is None:
            self._watching = asyncio.create_task(self._watch())

    async def _watch(self) -> None:
        while True:
            due_s = time.monotonic() + LAG_SAMPLE_S
            await asyncio.sleep(LAG_SAMPLE_S)
            self.note_lag(max(0.0, time.monotonic() - due_s) * 1_000)


load = LoadMeter()
