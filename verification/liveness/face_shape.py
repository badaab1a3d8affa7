"""A face's shape in few numbers: what it does, whatever its place, size and tilt in the picture."""

import numpy as np
import numpy.typing as npt

from verification.liveness.geometry import Points, find_eyes_px
from verification.liveness.landmark_indices import RIGID_FACE, SHAPE_POINTS

Shape = npt.NDArray[np.float64]


def describe_shape(landmarks_px: Points) -> Shape:
    """Points of lips, lids, brows, nose and outline, shape (2 * n,), in inter-ocular distances.

    landmarks_px: shape (478, 2). The middle of the rigid points is the origin, the line through the eyes
    the x axis.
    """
    right, left = find_eyes_px(landmarks_px)
    eyes = complex(left[0] - right[0], left[1] - right[1])
    middle = complex(*landmarks_px[RIGID_FACE].mean(axis=0, dtype=np.float64))
    points = landmarks_px[SHAPE_POINTS].astype(np.float64).view(np.complex128)[:, 0]
    normal = (points - middle) / (eyes if abs(eyes) > 1e-6 else 1.0)
    return np.concatenate([normal.real, normal.imag])


def measure_distance(one: Shape, other: Shape) -> float:
    """Root mean square distance of the points of two shapes, in inter-ocular distances."""
    return float(np.linalg.norm(one - other) * np.sqrt(2.0 / len(one)))
