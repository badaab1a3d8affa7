"""Parallax: is the face a solid that turns, or a plane?

The landmarks of the most frontal view are mapped by the best homography onto views with the head
turned. A plane leaves only landmark noise; a head leaves what its depth moves. Residuals are in
inter-ocular distances. Measured on real clips and on flat prints of their frames rotated by code
(simulated): at 8-12 degrees heads 0.045-0.08, prints 0.026-0.049; past 15 degrees heads 0.07 and
more, prints seldom get there (docs/detection.md).
"""

from statistics import median

from verification.liveness.geometry import Points, homography_residual_px, interocular_distance_px, ramp
from verification.liveness.landmark_indices import FACE_WITHOUT_LIPS
from verification.liveness.observation import Face, HeadPose

FLAT_RESIDUAL = 0.045
SOLID_RESIDUAL = 0.085
MIN_CHANGE_DEG = 6.0
BIN_DEG = 2.0
TOP_VIEWS = 5


class ParallaxMeter:
    """Keeps one residual for each two degrees of change, so that a long session costs no more."""

    def __init__(self) -> None:
        self._frontal: Points | None = None
        self._frontal_pose: HeadPose | None = None
        self._residual_by_bin: dict[tuple[int, int], float] = {}

    def set_frontal(self, face: Face) -> None:
        """The view that others are compared with: neutral, straight, from the alignment step."""
        self._frontal, self._frontal_pose = face.landmarks_px, face.pose

    def observe(self, face: Face) -> None:
        if self._frontal is None or self._frontal_pose is None:
            return
        yaw_deg = face.pose.yaw_deg - self._frontal_pose.yaw_deg
        pitch_deg = face.pose.pitch_deg - self._frontal_pose.pitch_deg
        key = (round(yaw_deg / BIN_DEG), round(pitch_deg / BIN_DEG))
        if max(abs(yaw_deg), abs(pitch_deg)) < MIN_CHANGE_DEG or key in self._residual_by_bin:
            return
        residual_px = homography_residual_px(
            self._frontal[FACE_WITHOUT_LIPS], face.landmarks_px[FACE_WITHOUT_LIPS]
        )
        # A face brought closer is measured in its own, larger size: the landmarks' error grows with it.
        sizes_px = interocular_distance_px(self._frontal), interocular_distance_px(face.landmarks_px)
        self._residual_by_bin[key] = residual_px / max(*sizes_px, 1.0)

    @property
    def residual(self) -> float | None:
        """Median of the largest residuals, or None before the head has turned enough."""
        if len(self._residual_by_bin) < 2:
            return None
        return median(sorted(self._residual_by_bin.values())[-TOP_VIEWS:])

    @property
    def score(self) -> float | None:
        residual = self.residual
        return None if residual is None else ramp(residual, FLAT_RESIDUAL, SOLID_RESIDUAL)
