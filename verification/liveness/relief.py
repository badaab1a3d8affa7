"""Relief: how far the nose moves against the rest of the face when the head turns.

Two views of a sheet of paper, flat or bent, are related by a smooth map: a turned plane by a nearly affine
one, a turned cylinder by one that is quadratic in the place on the sheet. So the quadratic map that best
takes the rigid points of the frontal view to those of another view explains away what any print does.
What is left is depth that no smooth sheet has: the nose's tip runs ahead of the inner corners of the eyes.
(Affine structure from motion: Koenderink and van Doorn, J. Opt. Soc. Am. A 8, 1991.)

The map's linear part tells how much the view is squeezed: a plane turned by an angle is narrower by its
cosine, whatever pose a landmark model makes of it.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from verification.liveness.geometry import Points, interocular_distance_px
from verification.liveness.landmark_indices import INNER_EYE_CORNERS, NOSE_TIP, RIGID_FACE

Vector = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ViewRelief:
    """One view against the frontal one.

    nose_shift: shape (2,), how far the nose's tip ran ahead of the inner eye corners, to the image's right
        and down, in inter-ocular distances of this view.
    squeeze: the smaller over the larger stretch of the face, in 0..1.
    squeezed_along: shape (2,), the unit vector in the image along which it was squeezed.
    """

    nose_shift: Vector
    squeeze: float
    squeezed_along: Vector


class ReliefGauge:
    """Holds the frontal view in the form that makes another view two small products.

    frontal_px: landmarks of shape (478, 2).
    """

    def __init__(self, frontal_px: Points) -> None:
        rigid = frontal_px[RIGID_FACE].astype(np.float64)
        centred = (rigid - rigid.mean(axis=0)) / max(interocular_distance_px(frontal_px), 1.0)
        design = make_quadratic(centred)
        self._scale_px = max(interocular_distance_px(frontal_px), 1.0)
        self._fit = np.linalg.pinv(design)
        contrast = _average(NOSE_TIP) - _average(INNER_EYE_CORNERS)
        # What the contrast is once the quadratic map is taken out: linear in the view, so one row.
        self._residual_contrast = contrast - contrast @ design @ self._fit

    def measure(self, landmarks_px: Points) -> ViewRelief:
        """landmarks_px: shape (478, 2), of the same person turned."""
        view = landmarks_px[RIGID_FACE].astype(np.float64) / self._scale_px
        stretch = (self._fit[1:3] @ view).T
        directions, sizes, _ = np.linalg.svd(stretch)
        size = max(float(sizes[0]), 1e-6)
        return ViewRelief(
            nose_shift=self._residual_contrast @ view / size,
            squeeze=float(sizes[1]) / size,
            squeezed_along=directions[:, 1],
        )


def make_quadratic(points: Points) -> npt.NDArray[np.float64]:
    """The terms of a quadratic map for each point, shape (n, 6): 1, x, y, x^2, xy, y^2."""
    x, y = points.T
    return np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=1)


def _average(of: npt.NDArray[np.intp]) -> Vector:
    """The row that takes the mean of some of the rigid points."""
    chosen = np.isin(RIGID_FACE, of).astype(np.float64)
    row: Vector = chosen / chosen.sum()
    return row
