"""A face of numbers that talks, looks about and never does the same thing twice, unless it is a recording."""

from dataclasses import replace
from functools import cache

import numpy as np
import numpy.typing as npt

from tests.verification.liveness.faces import make_face
from verification.liveness.geometry import interocular_distance_px
from verification.liveness.landmark_indices import LIPS
from verification.liveness.observation import Face

# No two are a ratio of small numbers, so their sum does not come back within a minute.
FREQUENCIES_HZ = np.array([0.31, 0.47, 0.73, 1.13, 1.71])
LIDS = np.array([159, 145, 386, 374])
BROWS = np.array([105, 66, 334, 296])


def move_face(at_ms: float, *, noise_px: float = 0.0, seed: int = 0, restlessness: float = 1.0) -> Face:
    """The face at a time of its performance. noise_px: of every landmark, drawn anew for each seed."""
    share = restlessness * _perform(at_ms)
    face = make_face(yaw_deg=float(6.0 * share[0]), pitch_deg=float(4.0 * share[1]))
    landmarks_px = face.landmarks_px.copy()
    unit_px = interocular_distance_px(landmarks_px)
    landmarks_px[LIPS, 1] += unit_px * 0.12 * share[2]
    landmarks_px[LIDS, 1] += unit_px * 0.05 * share[3]
    landmarks_px[BROWS, 1] -= unit_px * 0.08 * share[4]
    noise = np.random.default_rng(seed).normal(0.0, noise_px, landmarks_px.shape) if noise_px else 0.0
    return replace(face, landmarks_px=(landmarks_px + noise).astype(np.float32))


@cache
def _perform(at_ms: float) -> npt.NDArray[np.float64]:
    """Five smooth curves in -1..1, each of two frequencies, shape (5,)."""
    phases = 2 * np.pi * FREQUENCIES_HZ * at_ms / 1_000
    curves: npt.NDArray[np.float64] = (np.sin(phases) + np.sin(1.618 * phases + 1.0)) / 2
    return curves
