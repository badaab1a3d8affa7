"""Graphics-based swaps of two people's faces.

One person's face is warped onto another's landmarks, its colour matched, and blended in under a soft mask or by
Poisson's equation, as classical face-swap programs do. The former are trained on, the latter only measured.
"""

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from training.masks import Region, blend, fill_region
from training.self_blending import Image, Pair

# A few points of every feature: enough for the warp, few enough to solve it quickly.
_BROWS = (70, 105, 55, 285, 334, 300)
_EYES = (33, 133, 159, 145, 263, 362, 386, 374)
_NOSE = (1, 4, 98, 327, 168, 6)
_MOUTH = (61, 291, 0, 17, 13, 14)
_CONTOUR = (152, 148, 377, 234, 454, 132, 361, 58, 288, 172, 397, 10, 109, 338, 54, 284)
WARP_POINTS = _BROWS + _EYES + _NOSE + _MOUTH + _CONTOUR
# Landmarks tremble: a spline that only comes close does not tie the warp in knots.
SPLINE_SLACK = 1e-3
# The warp is smooth: it is solved at every fourth pixel and interpolated between.
GRID_PX = 4
FEATHER = (0.015, 0.06)

Points = npt.NDArray[np.float32]
Floats = npt.NDArray[np.floating[Any]]


def swap_by_graphics(
    donor_bgr: Image,
    donor_landmarks_px: Points,
    image_bgr: Image,
    landmarks_px: Points,
    rng: np.random.Generator,
    *,
    seamless: bool = False,
) -> Pair:
    """Puts the donor's face onto the picture; the genuine member is the picture as it was.

    seamless: blended in by Poisson's equation, and only then under the soft mask.
    """
    matched = dress(donor_bgr, donor_landmarks_px, image_bgr, landmarks_px)
    face_px = float(np.ptp(landmarks_px[:, 0]))
    region = Region.FACE if rng.random() < 0.4 else Region.BELOW_BROWS
    inner = _fill_inner(image_bgr.shape[:2], landmarks_px, region)
    if seamless:
        matched = _clone(matched, image_bgr, inner)
    mask = cv2.GaussianBlur(inner, (0, 0), rng.uniform(*FEATHER) * face_px).astype(np.float32, copy=False)
    return Pair(image_bgr, blend(image_bgr, matched, mask), mask)


def dress(donor_bgr: Image, donor_px: Points, image_bgr: Image, landmarks_px: Points) -> Image:
    """The donor's face on the picture's landmarks and in its colours; of use inside the face only."""
    warped = warp_face(donor_bgr, donor_px, landmarks_px, image_bgr.shape[:2])
    inner = _fill_inner(image_bgr.shape[:2], landmarks_px, Region.BELOW_BROWS)
    return match_colour(warped, image_bgr, inner > 0)


def _fill_inner(shape: tuple[int, int], landmarks_px: Points, region: Region) -> npt.NDArray[np.float32]:
    """The region's hull, drawn in by 3 % of the face: float32 of shape (H, W), 0 or 1."""
    reach = 2 * round(0.03 * float(np.ptp(landmarks_px[:, 0]))) + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    return cv2.erode(fill_region(shape, landmarks_px, region), kernel).astype(np.float32, copy=False)


def warp_face(source_bgr: Image, source_px: Points, target_px: Points, shape: tuple[int, int]) -> Image:
    """`source_bgr` bent by a thin-plate spline so that its landmarks lie on the target's; `shape` (H, W).

    Source: F. L. Bookstein, "Principal Warps", IEEE PAMI 11, 1989.
    """
    chosen = list(WARP_POINTS)
    origin, scale = target_px[chosen].mean(axis=0), float(np.ptp(target_px[:, 0]))
    knots = (target_px[chosen] - origin) / scale
    weights = _solve_spline(knots, source_px[chosen])
    rows, columns = -(-shape[0] // GRID_PX), -(-shape[1] // GRID_PX)
    y, x = np.indices((rows, columns), np.float32) * GRID_PX + (GRID_PX - 1) / 2
    grid = (np.stack([x.ravel(), y.ravel()], axis=1) - origin) / scale
    coarse = (_spline_terms(grid, knots) @ weights).astype(np.float32).reshape(rows, columns, 2)
    where = cv2.resize(coarse, (columns * GRID_PX, rows * GRID_PX), interpolation=cv2.INTER_LINEAR)
    where = where[: shape[0], : shape[1]]
    bent = cv2.remap(
        source_bgr, where[..., 0], where[..., 1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return bent.astype(np.uint8, copy=False)


def match_colour(source_bgr: Image, target_bgr: Image, where: npt.NDArray[np.bool_]) -> Image:
    """Gives the source the target's mean and spread of each CIELAB channel, both over `where`.

    Source: E. Reinhard et al., "Color Transfer between Images", IEEE CG&A 21, 2001.
    """
    source, target = (
        cv2.cvtColor(image, cv2.COLOR_BGR2LAB).astype(np.float32) for image in (source_bgr, target_bgr)
    )
    mean, spread = source[where].mean(axis=0), source[where].std(axis=0) + 1e-3
    shifted = (source - mean) / spread * target[where].std(axis=0) + target[where].mean(axis=0)
    lab: Image = np.clip(shifted + 0.5, 0, 255).astype(np.uint8)
    return cv2.cvtColor(lab, cv2.COLOR_LAB2BGR).astype(np.uint8, copy=False)


def _clone(source_bgr: Image, target_bgr: Image, mask: npt.NDArray[np.generic]) -> Image:
    """Poisson blending. Source: P. Perez et al., "Poisson Image Editing", SIGGRAPH 2003."""
    filled = (np.asarray(mask, np.float32) > 0).astype(np.uint8) * 255
    filled[[0, -1]], filled[:, [0, -1]] = 0, 0
    x, y, width, height = cv2.boundingRect(filled)
    centre = (x + width // 2, y + height // 2)
    cloned = cv2.seamlessClone(source_bgr, target_bgr, filled, centre, cv2.NORMAL_CLONE)
    return cloned.astype(np.uint8, copy=False)


def _spline_terms(points: Floats, knots: Floats) -> Floats:
    squared = ((points[:, None] - knots[None]) ** 2).sum(axis=2)
    bending = squared * np.log(np.maximum(squared, 1e-12))
    return np.concatenate([bending, np.ones((len(points), 1)), points], axis=1)


def _solve_spline(knots: Floats, values: Points) -> Floats:
    count = len(knots)
    system = np.zeros((count + 3, count + 3))
    system[:count] = _spline_terms(knots, knots)
    system[:count, :count] += SPLINE_SLACK * np.eye(count)
    system[count:, :count] = system[:count, count:].T
    return np.linalg.solve(system, np.concatenate([values, np.zeros((3, 2))]))
