"""Micro-motion: does the face move by itself, beyond being carried about?

After the best affine map between frames a fifth of a second apart, a living face still moves: blinks,
lips, brows. A frozen picture leaves noise only. A waved print leaves as much as a face, since the map of
a tilted sheet is not quite affine; but its eyelids keep still. (Jaw, lips and smile are no measure: on a
print that is tilted, the landmark model sees all of them move.)
"""

from collections import deque
from dataclasses import dataclass

import numpy as np

from verification.liveness.geometry import Points, affine_residual_px, interocular_distance_px, ramp
from verification.liveness.landmark_indices import FACE_MESH
from verification.liveness.observation import Face, HeadPose

PAIR_GAP_MS = 180
MAX_POSE_CHANGE_DEG = 3.0
NEAR_FRONTAL_DEG = 12.0
MAX_SAMPLES = 400
MIN_PAIRS = 8
FROZEN_RESIDUAL, ALIVE_RESIDUAL = 0.0008, 0.0020
STILL_EYELIDS, BLINKING_EYELIDS = 0.20, 0.40
EVEN_BURSTINESS, BURSTY = 3.5, 6.0
BURSTINESS_SHARE = 0.7  # of full marks: some waves come in bursts as well
CARRIED_SHARE = 0.3  # what movement is worth that a print could have


@dataclass(frozen=True, slots=True)
class _View:
    at_ms: int
    landmarks_px: Points
    pose: HeadPose


class MicroMotionMeter:
    def __init__(self) -> None:
        self._recent: deque[_View] = deque(maxlen=30)
        self._residuals: deque[float] = deque(maxlen=MAX_SAMPLES)
        self._eye_closures: deque[float] = deque(maxlen=MAX_SAMPLES)

    def observe(self, face: Face, at_ms: int) -> None:
        if max(abs(face.pose.yaw_deg), abs(face.pose.pitch_deg)) > NEAR_FRONTAL_DEG:
            self._recent.clear()
            return
        closure = (face.blendshapes["eyeBlinkLeft"] + face.blendshapes["eyeBlinkRight"]) / 2
        self._eye_closures.append(closure)
        view = _View(at_ms, face.landmarks_px, face.pose)
        earlier = self._take_earlier(at_ms)
        if earlier is not None and _pose_change_deg(earlier.pose, face.pose) < MAX_POSE_CHANGE_DEG:
            self._compare(earlier, view)
        self._recent.append(view)

    def _compare(self, earlier: _View, view: _View) -> None:
        residual_px = affine_residual_px(earlier.landmarks_px[FACE_MESH], view.landmarks_px[FACE_MESH])
        self._residuals.append(residual_px / max(interocular_distance_px(view.landmarks_px), 1.0))

    def _take_earlier(self, at_ms: int) -> _View | None:
        """The newest view that is old enough to compare with; older ones are let go."""
        earlier: _View | None = None
        while self._recent and at_ms - self._recent[0].at_ms >= PAIR_GAP_MS:
            earlier = self._recent.popleft()
        return earlier

    @property
    def measures(self) -> dict[str, float]:
        """Median residual, burstiness and eyelid span; empty before enough was seen."""
        if len(self._residuals) < MIN_PAIRS:
            return {}
        low, middle, high = np.percentile(np.array(self._residuals), (10, 50, 90))
        return {
            "residual": float(middle),
            "burstiness": float(high / max(low, 1e-6)),
            "eyelid_span": max(self._eye_closures) - min(self._eye_closures),
        }

    @property
    def score(self) -> float | None:
        measures = self.measures
        if not measures:
            return None
        alive = ramp(measures["residual"], FROZEN_RESIDUAL, ALIVE_RESIDUAL)
        eyelids = ramp(measures["eyelid_span"], STILL_EYELIDS, BLINKING_EYELIDS)
        bursts = BURSTINESS_SHARE * ramp(measures["burstiness"], EVEN_BURSTINESS, BURSTY)
        return alive * (CARRIED_SHARE + (1.0 - CARRIED_SHARE) * max(eyelids, bursts))


def _pose_change_deg(a: HeadPose, b: HeadPose) -> float:
    return max(abs(a.yaw_deg - b.yaw_deg), abs(a.pitch_deg - b.pitch_deg), abs(a.roll_deg - b.roll_deg))
