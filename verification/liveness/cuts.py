"""Cuts: does the picture jump as no face moves, as where recordings are put together?

Whatever moves has inertia: it comes from where it was heading and goes on that way. So a boundary
between two frames is judged by how badly each side foretells the other, over how restless either side is
by itself. Three things are watched, the face's place, its shape and the whole scene, and a cut shows in
all three at once; a blink, a jolt of the camera or a step of its exposure shows in one.

Who has a recording of every action must cut to the right one when he learns what is asked. So a lesser jump
counts where it follows the reveal of a challenge at once: chance seldom puts one there, twice hardly ever.
"""

import math
from collections import deque
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from verification.liveness.face_shape import describe_shape
from verification.liveness.geometry import interocular_distance_px, ramp
from verification.liveness.landmark_indices import RIGID_FACE
from verification.liveness.observation import Face, FaceObservation

Numbers = npt.NDArray[np.float64]

MAX_GAP_MS = 150
UNREST = 0.02  # movement that a boundary is never blamed for, in each of the three measures
SPEED_SHARE = 0.7  # of the speed on either side counts as its unrest
MIN_PART = 0.05
CUT_RATIO = 1.7
MAX_CUTS = 4
CUE_MS = 600
CUED_RATIO, SHARP_RATIO = 1.45, 2.0
MAX_CUED_CUTS = 2
SAME_CUT = 0.02
KEPT_CUTS = 40
_PLACES = RIGID_FACE[::6]
_BEFORE = 3  # of the six frames of a window, those before the boundary
_WINDOW = 6


@dataclass(frozen=True, slots=True)
class _View:
    """One frame. place: in pixels; shape: in inter-ocular distances; scene: in its own contrast."""

    at_ms: int
    interocular_px: float
    place: Numbers
    shape: Numbers
    scene: Numbers


class CutMeter:
    """Judges the boundary three frames back, so that both of its sides are known."""

    def __init__(self) -> None:
        self._views: deque[_View] = deque(maxlen=_WINDOW)
        self._last_digest = b""
        self._cuts: deque[Numbers] = deque(maxlen=KEPT_CUTS)
        self._count = self._cued_count = 0
        self._cue_ms: int | None = None
        self._is_cue_due = False
        self._sharpest = self._sharpest_on_cue = 0.0

    def note_reveal(self) -> None:
        """A challenge was revealed: from the next frame on, it can be cut to."""
        self._is_cue_due = True

    def observe(self, observation: FaceObservation, at_ms: int) -> bool:
        """Take one frame; True where a new cut comes to light.

        A frame without a face, or after a gap, begins anew; a repeated one is not there at all.
        """
        if self._is_cue_due:
            self._cue_ms, self._is_cue_due = at_ms, False
        if observation.luma_digest == self._last_digest:
            return False
        self._last_digest = observation.luma_digest
        is_next = bool(self._views) and at_ms - self._views[-1].at_ms <= MAX_GAP_MS
        if observation.face is None or not is_next:
            self._views.clear()
        if observation.face is not None:
            self._views.append(_view(observation.face, observation.luma_thumbnail, at_ms))
        return len(self._views) == _WINDOW and self._judge()

    def _judge(self) -> bool:
        views = list(self._views)
        scale_px = max(views[_BEFORE].interocular_px, 1.0)
        parts = (
            _measure_jump([view.place / scale_px for view in views]),
            _measure_jump([view.shape for view in views]),
            _measure_jump([view.scene for view in views]),
        )
        ratio = math.prod(max(part, MIN_PART) for part in parts) ** (1 / len(parts))
        self._sharpest = max(self._sharpest, ratio)
        before, after = views[_BEFORE - 1], views[_BEFORE]
        is_cued = self._cue_ms is not None and 0 <= after.at_ms - self._cue_ms <= CUE_MS
        if is_cued:
            self._sharpest_on_cue = max(self._sharpest_on_cue, ratio)
        if ratio < (CUED_RATIO if is_cued else CUT_RATIO) or not self._is_new(before, after):
            return False
        self._count += ratio >= CUT_RATIO
        self._cued_count += is_cued
        return ratio >= CUT_RATIO

    def _is_new(self, before: _View, after: _View) -> bool:
        """The same cut of a clip that is walked to and fro, either way, is one cut."""
        there = np.concatenate([before.shape, after.shape])
        back = np.concatenate([after.shape, before.shape])
        known = any(min(_rms(there - cut), _rms(back - cut)) < SAME_CUT for cut in self._cuts)
        if not known:
            self._cuts.append(there)
        return not known

    @property
    def is_stitched(self) -> bool:
        """So many cuts that no chance explains them."""
        return self._count >= MAX_CUTS or self._cued_count >= MAX_CUED_CUTS

    @property
    def measures(self) -> dict[str, float]:
        """Cuts found, those among the lesser jumps that followed a reveal, and the sharpest jump of all."""
        return {
            "cuts": float(self._count),
            "cuts_on_cue": float(self._cued_count),
            "sharpest_jump": self._sharpest,
        }

    @property
    def score(self) -> float:
        """0 as well where a single jump on cue is so sharp that it can hardly be chance: no proof, but doubt."""
        sharpness = ramp(self._sharpest_on_cue, CUED_RATIO, SHARP_RATIO)
        return 1.0 - max(ramp(self._count, 0, MAX_CUTS), ramp(self._cued_count, 0, MAX_CUED_CUTS), sharpness)


def _view(face: Face, thumbnail: npt.NDArray[np.uint8], at_ms: int) -> _View:
    scene = thumbnail.astype(np.float64).ravel()
    scene -= scene.mean()
    place = face.landmarks_px[_PLACES].astype(np.float64)
    return _View(
        at_ms=at_ms,
        interocular_px=interocular_distance_px(face.landmarks_px),
        place=place.ravel() * math.sqrt(2.0),
        shape=describe_shape(face.landmarks_px) * math.sqrt(2.0),
        scene=scene / max(float(scene.std()), 5.0),
    )


def _measure_jump(steps: list[Numbers]) -> float:
    """How much worse the two sides of the boundary foretell each other than either foretells itself."""
    a, b, c, d, e, f = steps
    from_before, from_after = _rms(d - 2 * c + b), _rms(c - 2 * d + e)
    jump = min(from_before, from_after, _rms(d - c))
    speed = SPEED_SHARE * max(_rms(c - b), _rms(e - d))
    unrest = max(_rms(c - 2 * b + a), _rms(f - 2 * e + d), speed)
    return jump / (unrest + UNREST)


def _rms(numbers: Numbers) -> float:
    return math.sqrt(float(numbers @ numbers) / len(numbers))
