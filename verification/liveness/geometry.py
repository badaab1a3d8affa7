"""Plane geometry over landmark sets: arrays of shape (n, 2), float, pixels."""

import numpy as np
import numpy.typing as npt

from verification.liveness.landmark_indices import LEFT_EYE_CORNERS, RIGHT_EYE_CORNERS

Points = npt.NDArray[np.floating]


def interocular_distance_px(landmarks_px: Points) -> float:
    """Distance between the centres of the eyes, in pixels."""
    right = landmarks_px[RIGHT_EYE_CORNERS].mean(axis=0)
    left = landmarks_px[LEFT_EYE_CORNERS].mean(axis=0)
    return float(np.linalg.norm(left - right))


def homography_residual_px(source: Points, target: Points) -> float:
    """RMS distance left after the homography that best maps source onto target, in pixels.

    Normalised direct linear transform (Hartley and Zisserman, Multiple View Geometry, algorithm
    4.2). Two views of a plane are related by a homography; two views of a head are not.
    """
    from_source, source_n = _normalise(source)
    from_target, target_n = _normalise(target)
    x, y = source_n.T
    u, v = target_n.T
    zero, one = np.zeros_like(x), np.ones_like(x)
    rows_u = np.stack([x, y, one, zero, zero, zero, -u * x, -u * y, -u], axis=1)
    rows_v = np.stack([zero, zero, zero, x, y, one, -v * x, -v * y, -v], axis=1)
    system = np.concatenate([rows_u, rows_v])
    _, vectors = np.linalg.eigh(system.T @ system)
    homography = np.linalg.inv(from_target) @ vectors[:, 0].reshape(3, 3) @ from_source
    mapped = np.concatenate([source, np.ones((len(source), 1))], axis=1) @ homography.T
    return _rms(mapped[:, :2] / mapped[:, 2:] - target)


def affine_residual_px(source: Points, target: Points) -> float:
    """RMS distance left after the affine map that best takes source to target, in pixels."""
    design = np.concatenate([source, np.ones((len(source), 1))], axis=1).astype(np.float64)
    solution = np.linalg.solve(design.T @ design, design.T @ target)
    return _rms(design @ solution - target)


def _normalise(points: Points) -> tuple[Points, Points]:
    centre = points.mean(axis=0)
    mean_distance = np.sqrt(((points - centre) ** 2).sum(axis=1)).mean()
    scale = np.sqrt(2.0) / max(float(mean_distance), 1e-9)
    matrix = np.array([[scale, 0, -scale * centre[0]], [0, scale, -scale * centre[1]], [0, 0, 1]])
    return matrix, (points.astype(np.float64) - centre) * scale


def _rms(differences: Points) -> float:
    return float(np.sqrt((differences**2).sum(axis=1).mean()))


def ramp(value: float, low: float, high: float) -> float:
    """0 at or below low, 1 at or above high, linear between."""
    return min(1.0, max(0.0, (value - low) / (high - low)))
