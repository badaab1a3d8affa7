"""Likeness: is this still the face that the session began with?

The rigid points of near-frontal views, each fitted to the frontal view by a quadratic map (see `relief`),
are averaged over a second or two. What stays away from the frontal view is no turn of the head and no
noise but another skull. It is a weak trait: on real clips one person's own average differs by 0.013 at the
median and 0.028 at the 99th percentile, two people's by 0.030 at the median.

What brows, eyes and nose look like tells more. It is averaged and compared in the same way.
"""

import math

import numpy as np
import numpy.typing as npt

from verification.liveness.geometry import interocular_distance_px
from verification.liveness.landmark_indices import RIGID_FACE
from verification.liveness.observation import Face, HeadPose
from verification.liveness.relief import make_quadratic

NEAR_POSE_DEG = 6.0
LOOKS_POSE_DEG = 12.0  # looks change less with a turn than the shape's outline does
MIN_VIEWS = 10
MEMORY = 18  # views that the average reaches back, about


class LikenessMeter:
    """Starts from the frontal view of the alignment step."""

    def __init__(self, frontal: Face) -> None:
        rigid = frontal.landmarks_px[RIGID_FACE].astype(np.float64)
        scale_px = max(interocular_distance_px(frontal.landmarks_px), 1.0)
        self._frontal = (rigid - rigid.mean(axis=0)) / scale_px
        self._pose = frontal.pose
        self._mean: npt.NDArray[np.float64] = np.zeros_like(self._frontal)
        self._views = 0
        self._looks = frontal.appearance
        self._mean_looks = np.zeros_like(frontal.appearance) if frontal.appearance is not None else None
        self._looked = 0

    def observe(self, face: Face) -> None:
        if _is_near(face.pose, self._pose, LOOKS_POSE_DEG):
            self._observe_looks(face)
        if not _is_near(face.pose, self._pose, NEAR_POSE_DEG):
            return
        view = face.landmarks_px[RIGID_FACE].astype(np.float64)
        design = make_quadratic(
            (view - view.mean(axis=0)) / max(interocular_distance_px(face.landmarks_px), 1.0)
        )
        solution = np.linalg.solve(design.T @ design, design.T @ self._frontal)
        self._views += 1
        self._mean += (self._frontal - design @ solution - self._mean) / min(self._views, MEMORY)

    def _observe_looks(self, face: Face) -> None:
        if self._mean_looks is not None and face.appearance is not None:
            self._looked += 1
            self._mean_looks += (face.appearance - self._mean_looks) / min(self._looked, MEMORY)

    def forget(self) -> None:
        """The track was broken: who is there now is judged by what is seen from now on."""
        self._mean[:] = 0.0
        self._views = self._looked = 0

    @property
    def change_of_looks(self) -> float | None:
        """1 less the cosine of the angle between how the face looked and looks, 0..1; None as for `change`."""
        if self._looked < MIN_VIEWS or self._looks is None or self._mean_looks is None:
            return None
        length = max(float(np.linalg.norm(self._mean_looks)), 1e-6)
        return 1.0 - float(self._looks @ self._mean_looks) / length

    @property
    def change(self) -> float | None:
        """Of the shape: root mean square, in inter-ocular distances; None before enough was seen."""
        if self._views < MIN_VIEWS:
            return None
        return math.sqrt(float((self._mean**2).sum(axis=1).mean()))


def _is_near(a: HeadPose, b: HeadPose, within_deg: float) -> bool:
    return max(abs(a.yaw_deg - b.yaw_deg), abs(a.pitch_deg - b.pitch_deg)) <= within_deg
