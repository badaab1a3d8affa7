"""Plane geometry over landmark sets: arrays of shape (n, 2), float, pixels."""

import math

import numpy as np
import numpy.typing as npt

from verification.liveness.landmark_indices import LEFT_EYE_CORNERS, RIGHT_EYE_CORNERS, Indices

Points = npt.NDArray[np.floating]


def interocular_distance_px(landmarks_px: Points) -> float:
    """Distance between the centres of the eyes, in pixels."""
    right, left = find_eyes_px(landmarks_px)
    return math.hypot(left[0] - right[0], left[1] - right[1])


def find_eyes_px(landmarks_px: Points) -> tuple[tuple[float, float], tuple[float, float]]:
    """Centres of the right and the left eye. In plain numbers: NumPy takes longer over two points than over a face."""
    (inner_x, inner_y), (outer_x, outer_y) = landmarks_px[RIGHT_EYE_CORNERS].tolist()
    right = (inner_x + outer_x) / 2, (inner_y + outer_y) / 2
    (inner_x, inner_y), (outer_x, outer_y) = landmarks_px[LEFT_EYE_CORNERS].tolist()
    return right, ((inner_x + outer_x) / 2, (inner_y + outer_y) / 2)


def align_similar(source: Points, target: Points, *, by: Indices) -> Points:
    """All of source after the shift, turn and scale that best take its points `by` to the target's.

    Least squares over complex numbers, where a turn with a scale is one factor.
    """
    source_c, target_c = _to_complex(source), _to_complex(target)
    source_mean, target_mean = source_c[by].mean(), target_c[by].mean()
    a, b = source_c[by] - source_mean, target_c[by] - target_mean
    factor = np.vdot(a, b) / max(np.vdot(a, a).real, 1e-12)
    aligned = (source_c - source_mean) * factor + target_mean
    return np.stack([aligned.real, aligned.imag], axis=1)


def affine_residual_px(source: Points, target: Points) -> float:
    """RMS distance left after the affine map that best takes source to target, in pixels."""
    design = np.concatenate([source, np.ones((len(source), 1))], axis=1).astype(np.float64)
    solution = np.linalg.solve(design.T @ design, design.T @ target)
    return _rms(design @ solution - target)


def _to_complex(points: Points) -> npt.NDArray[np.complex128]:
    return points[:, 0].astype(np.float64) + 1j * points[:, 1]


def _rms(differences: Points) -> float:
    return float(np.sqrt((differences**2).sum(axis=1).mean()))


def ramp(value: float, low: float, high: float) -> float:
    """0 at or below low, 1 at or above high, linear between."""
    return min(1.0, max(0.0, (value - low) / (high - low)))
