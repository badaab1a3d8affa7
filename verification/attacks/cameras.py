"""Attacks on the order and the timing of frames, whatever a frame is: a JPEG, or an observation made before."""

from collections.abc import Sequence
from typing import Generic

import numpy as np

from verification.clips.camera import MARGIN_S, Camera, Frame, WalkingCamera
from verification.clips.segments import Segment

_HOLD_MS = (400.0, 2500.0)
_GAP_MS = (0.5, 6.0)


class StitchedCamera(WalkingCamera[Frame]):
    """injected_stitch: a library of recorded actions, cut to as they are asked for.

    head_start_s: where the recording is cut to, in seconds after the action's beginning; below zero there is
    a run-up. Above zero the answer has begun before anyone could have read what was asked.
    """

    def __init__(self, frames: Sequence[Frame], fps: float, head_start_s: float = -MARGIN_S) -> None:
        super().__init__(frames, fps)
        self._head_start_s = head_start_s

    def aim(self, segment: Segment | None) -> None:
        """Cut to the segment, and play it to and fro; None goes on through the whole recording."""
        super().aim(segment)
        if segment is not None:
            start = round((segment.start_s + self._head_start_s) * self.fps)
            low, high = self._range
            self._position, self._step = min(max(low, start), high), 1


class LoopedCamera(Generic[Frame]):
    """injected_loop: the same few seconds over and over, whatever is asked for.

    first, length: the loop's frames. is_boomerang: played back to its beginning rather than cut.
    Raises ValueError for a loop that does not lie in the recording.
    """

    def __init__(
        self, frames: Sequence[Frame], fps: float, *, first: int, length: int, is_boomerang: bool = False
    ) -> None:
        if length < 1 or first < 0 or first + length > len(frames):
            raise ValueError(f"{len(frames)} frames hold no loop of {length} from {first}")
        piece = list(range(first, first + length))
        self._order = piece + piece[-2:0:-1] if is_boomerang else piece
        self._frames = frames
        self._taken = 0
        self.fps = fps

    @property
    def duration_s(self) -> float:
        """Of the whole recording, which is what segments are measured in."""
        return len(self._frames) / self.fps

    def aim(self, segment: Segment | None) -> None:
        """A loop does not listen."""

    def take(self) -> Frame:
        index = self._order[self._taken % len(self._order)]
        self._taken += 1
        return self._frames[index]


class SwappedCamera(Generic[Frame]):
    """person_swap: one person takes the alignment and the first challenges, another all that follow.

    after_challenges: how many the first person answers; the alignment, which is aimed at first, is not counted.
    second_segments: where the second clip shows actions; for one that it lacks it is walked as a whole.
    Raises ValueError when the clips' rates differ by more than a tenth: one clock plays both.
    """

    def __init__(
        self,
        first: Camera[Frame],
        second: Camera[Frame],
        after_challenges: int = 1,
        second_segments: Sequence[Segment] = (),
    ) -> None:
        if not 0.9 <= second.fps / first.fps <= 1.1:
            raise ValueError(f"one camera cannot run at {first.fps:g} and {second.fps:g} frames a second")
        self._first, self._second = first, second
        self._aims_left = after_challenges + 1
        self._segments: dict[str, Segment] = {}
        for segment in second_segments:
            self._segments.setdefault(segment.action, segment)

    @property
    def fps(self) -> float:
        return self._first.fps

    @property
    def duration_s(self) -> float:
        """Of the first clip, which the session's segments belong to."""
        return self._first.duration_s

    @property
    def has_swapped(self) -> bool:
        """Whether the second person is before the camera."""
        return self._aims_left < 0

    def aim(self, segment: Segment | None) -> None:
        """Aim whoever is before the camera now."""
        self._aims_left -= 1
        if self.has_swapped:
            self._second.aim(None if segment is None else self._segments.get(segment.action))
        else:
            self._first.aim(segment)

    def take(self) -> Frame:
        return self._second.take() if self.has_swapped else self._first.take()


class BurstClock:
    """injected_burst: frames are held back for 0.4 to 2.5 s, then sent within milliseconds of each other."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._sent_from_ms = -1.0
        self._last_ms = -1.0

    def arrive(self, captured_at_ms: float) -> int:
        """When a frame arrives, in ms, rising with each call and never before it was captured.

        captured_at_ms: not below that of the call before.
        """
        if captured_at_ms > self._sent_from_ms:
            self._sent_from_ms = captured_at_ms + float(self._rng.uniform(*_HOLD_MS))
        gap_ms = float(self._rng.uniform(*_GAP_MS))
        self._last_ms = max(self._sent_from_ms, self._last_ms + gap_ms)
        return round(self._last_ms)
