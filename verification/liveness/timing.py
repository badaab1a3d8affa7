"""Timing: do frames come live from a camera?

The server's arrival clock judges; the client's capture clock is only compared with it. A live
camera delivers new pictures at about the pace it says; an injected file repeats itself, stands
still, or arrives in bursts.
"""

from bisect import bisect_right
from collections import deque

from verification.liveness.geometry import ramp
from verification.liveness.observation import FaceObservation

WINDOW = 600  # frames; a minute at 10 fps
MIN_FRAMES = 10
BURST_RATIO = 0.2  # arriving five times as fast as captured
FROZEN_FRAMES, FROZEN_MS, FROZEN_SHARE = 25, 2_500, 0.9  # at least so many frames over at least so long


class TimingMeter:
    def __init__(self) -> None:
        self._arrivals_ms: deque[int] = deque(maxlen=WINDOW)
        self._captures_ms: deque[int] = deque(maxlen=WINDOW)
        self._repeats: deque[bool] = deque(maxlen=WINDOW)
        self._bursts: deque[bool] = deque(maxlen=WINDOW - 1)
        self._last_digest = b""

    def observe(self, observation: FaceObservation, *, arrived_at_ms: int, captured_at_ms: int) -> None:
        if self._arrivals_ms:
            arrived_after_ms = arrived_at_ms - self._arrivals_ms[-1]
            captured_after_ms = captured_at_ms - self._captures_ms[-1]
            self._bursts.append(arrived_after_ms < BURST_RATIO * captured_after_ms)
        self._arrivals_ms.append(arrived_at_ms)
        self._captures_ms.append(captured_at_ms)
        self._repeats.append(observation.luma_digest == self._last_digest)
        self._last_digest = observation.luma_digest

    @property
    def is_frozen(self) -> bool:
        """One picture, bit for bit, over seconds: no camera does that."""
        arrivals_ms = list(self._arrivals_ms)
        older = bisect_right(arrivals_ms, arrivals_ms[-1] - FROZEN_MS) if arrivals_ms else 0
        start = min(older, len(arrivals_ms) - FROZEN_FRAMES)
        if start < 1:
            return False
        recent = list(self._repeats)[start:]
        return sum(recent) >= FROZEN_SHARE * len(recent)

    @property
    def measures(self) -> dict[str, float]:
        """Shares of repeated and of burst frames, and the clocks' drift; empty before enough was seen."""
        if len(self._arrivals_ms) < MIN_FRAMES:
            return {}
        arrived_ms = self._arrivals_ms[-1] - self._arrivals_ms[0]
        captured_ms = self._captures_ms[-1] - self._captures_ms[0]
        return {
            "repeat_share": sum(self._repeats) / len(self._repeats),
            "burst_share": sum(self._bursts) / max(len(self._bursts), 1),
            "clock_ratio": captured_ms / max(arrived_ms, 1),
        }

    @property
    def score(self) -> float | None:
        """Repeats to a third and bursts to a third are what slow cameras and Wi-Fi do."""
        measures = self.measures
        if not measures:
            return None
        repeats = 1.0 - ramp(measures["repeat_share"], 0.35, 0.8)
        bursts = 1.0 - ramp(measures["burst_share"], 0.35, 0.8)
        clocks = 1.0 - ramp(abs(measures["clock_ratio"] - 1.0), 0.10, 0.50)
        return min(repeats, bursts, clocks)
