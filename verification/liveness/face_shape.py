"""A face's shape in few numbers: what it does, whatever its place, size and tilt in the picture."""

import numpy as np
import numpy.typing as npt

from verification.liveness.geometry import Points
from verification.liveness.landmark_indices import (
    LEFT_EYE_CORNERS,
    RIGHT_EYE_CORNERS,
    RIGID_FACE,
    SHAPE_POINTS,
)

Shape = npt.NDArray[np.float64]


def describe_shape(landmarks_px: Points) -> Shape:
    """Points of lips, lids, brows, nose and outline, shape (2 * n,), in inter-ocular distances.

    landmarks_px: shape (478, 2). The middle of the rigid points is the origin, the line through the eyes
    the x axis.
    """
    points = landmarks_px[:, 0].astype(np.float64) + 1j * landmarks_px[:, 1]
    eyes = points[LEFT_EYE_CORNERS].mean() - points[RIGHT_EYE_CORNERS].mean()
    normal = (points[SHAPE_POINTS] - points[RIGID_FACE].mean()) / (eyes if abs(eyes) > 1e-6 else 1.0)
    return np.concatenate([normal.real, normal.imag])


def measure_distance(one: Shape, other: Shape) -> float:
    """Root mean square distance of the points of two shapes, in inter-ocular distances."""
    return float(np.linalg.norm(one - other) * np.sqrt(2.0 / len(one)))
