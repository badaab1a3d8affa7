"""Painting skin anew where an expression changes more than its place: lids that close, cheeks that relax."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from tests.subject import anatomy
from tests.subject.portrait import TEXTURE_SCALE, Image, Points, Portrait, to_texture_px

_LASHES_BGR = np.array([44.0, 56.0, 78.0])
_CHEEKS = np.array([
    (194, 107), (200, 108), (208, 108), (212, 109), (207, 114), (209, 122), (208, 128), (210, 134),
    (217, 137), (225, 137.5), (233, 137), (240, 133), (242, 128), (240, 121), (242, 113), (237, 109),
    (242, 108), (250, 108), (257, 107), (262, 112), (263, 122), (262, 138), (257, 150), (248, 158),
    (238, 160), (225, 158), (212, 160), (202, 158), (193, 150), (188, 138), (187, 122), (189, 110),
], float)  # fmt: skip
"""Around the mouth and up to the lower lids, but for the nose, in levelled pixels."""

_LIP_ENDS = (206.5, 211.5, 238.5, 243.5)
"""Between the inner two the relaxed lips are the smiling ones; outside the outer two they are painted."""

_CORNER_SHADE = 0.9
_MEMBRANE_STEPS = 1500


@dataclass(frozen=True)
class Patch:
    """A rectangle of the texture painted anew; alpha, 0..1, of shape (h, w, 1) says where."""

    left: int
    top: int
    painted: Points
    alpha: Points

    def apply(self, texture: Image, strength: float) -> None:
        """Blend the patch into the texture in place; strength 0..1."""
        height, width = self.alpha.shape[:2]
        under = texture[self.top : self.top + height, self.left : self.left + width]
        alpha = strength * self.alpha
        under[:] = np.clip(alpha * self.painted + (1 - alpha) * under, 0, 255).astype(np.uint8)


def paint_lid(portrait: Portrait, skin: Image, side: int) -> Patch:
    """Paint what an upper lid hides while it is open: plain skin down to a dark row of lashes."""
    crease, margin, under_brow = (
        _sort_by_x(to_texture_px(portrait.landmarks[list(rows[side]), :2]))
        for rows in (anatomy.LID_CREASES, anatomy.UPPER_LIDS, anatomy.UNDER_BROWS)
    )
    left, right = int(margin[0, 0]), int(margin[-1, 0]) + 1
    top, bottom = int(crease[:, 1].min()) - 6, int(margin[:, 1].max()) + 3
    x, y = np.arange(left, right), np.arange(top, bottom)
    crease_y, margin_y = (np.interp(x, row[:, 0], row[:, 1]) for row in (crease, margin))
    down = (y[:, None] - crease_y) / np.maximum(margin_y - crease_y, 1.0)
    tone = cv2.GaussianBlur(skin, (0, 0), 5.0)[np.rint(np.interp(x, *under_brow.T)).astype(int), x]
    shade = np.interp(down, (0.0, 0.15, 0.4, 0.8), (0.90, 0.90, 1.02, 0.97))[..., None]
    lashes = np.interp(down, (0.74, 0.86), (0.0, 0.9))[..., None]
    painted = (1 - lashes) * shade * tone.astype(float) + lashes * _LASHES_BGR
    ends = np.interp(x, (left, left + 8, right - 8, right), (0.0, 1.0, 1.0, 0.0))
    alpha = np.interp(down, (-0.2, 0.1), (0.0, 1.0)) * ends
    alpha[y[:, None] > margin_y + 1] = 0.0
    return Patch(left, top, painted, alpha[..., None])


def paint_relaxed_cheeks(portrait: Portrait, skin: Image) -> Patch:
    """Paint the cheeks without the folds of the smile, which go on smiling when the mouth no longer does.

    The corners of the mouth, dark and drawn out by the smile, become plain lip.
    """
    rim = [*anatomy.UPPER_LIP_OUTER, *reversed(anatomy.LOWER_LIP_OUTER[1:-1])]
    cheeks = _fill(skin.shape[:2], _CHEEKS)
    lips = _fill(skin.shape[:2], portrait.landmarks[rim, :2])
    rows, columns = np.flatnonzero(cheeks.any(axis=1)), np.flatnonzero(cheeks.any(axis=0))
    margin = round(4 * TEXTURE_SCALE)
    box = (slice(rows[0] - margin, rows[-1] + margin), slice(columns[0] - margin, columns[-1] + margin))
    ends = to_texture_px(np.array([[x, 0.0] for x in _LIP_ENDS]))[:, 0]
    kept = np.interp(np.arange(skin.shape[1]), ends, (0.0, 1.0, 1.0, 0.0))[box[1], None]
    lip_alpha = _feather(lips[box], 0.5)[..., None]
    lip_tone = _CORNER_SHADE * skin[lips > 0].mean(axis=0)
    painted = (1 - lip_alpha) * _stretch_membrane(skin[box], cheeks[box]) + lip_alpha * lip_tone
    alpha = _feather(cheeks[box], 2.5)[..., None] * (1 - lip_alpha * kept)
    return Patch(int(box[1].start), int(box[0].start), painted, alpha)


def _fill(shape: Sequence[int], outline: Points) -> Image:
    mask = np.zeros(shape, np.uint8)
    cv2.fillPoly(mask, [np.rint(to_texture_px(outline)).astype(np.int32)], 1)
    return mask


def _feather(mask: Image, width: float) -> Points:
    """Let a mask fade out inwards over about twice a width in portrait pixels."""
    blurred = cv2.GaussianBlur(mask.astype(np.float64), (0, 0), width * TEXTURE_SCALE)
    return np.clip(2 * blurred - 1, 0, 1)


def _stretch_membrane(skin: Image, hole: Image) -> Points:
    """Fill a hole so that it meets its rim without a seam: Laplace's equation by Jacobi's steps."""
    size = (round(skin.shape[1] / TEXTURE_SCALE), round(skin.shape[0] / TEXTURE_SCALE))
    known = cv2.resize(skin, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    is_hole = (cv2.resize(hole.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0)[..., None]
    neighbours = np.array([[0, 0.25, 0], [0.25, 0, 0.25], [0, 0.25, 0]], np.float32)
    filled: npt.NDArray[np.float32] = np.where(is_hole, known[~is_hole[..., 0]].mean(axis=0), known)
    for _ in range(_MEMBRANE_STEPS):
        filled = np.where(is_hole, cv2.filter2D(filled, -1, neighbours), known)
    return cv2.resize(filled, skin.shape[1::-1], interpolation=cv2.INTER_CUBIC).astype(np.float64)


def _sort_by_x(points: Points) -> Points:
    ordered: Points = points[np.argsort(points[:, 0])]
    return ordered
