"""Bending a picture so that its landmarks come to lie where other landmarks are.

Source: F. L. Bookstein, "Principal Warps: Thin-Plate Splines and the Decomposition of Deformations", IEEE
PAMI 11, 1989.
"""

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from verification.attacks.stills import Points

# A few points of every feature: enough for the warp, few enough to solve it for every frame.
_BROWS = (70, 105, 55, 285, 334, 300)
_EYES = (33, 133, 159, 145, 263, 362, 386, 374)
_NOSE = (1, 4, 98, 327, 168, 6)
_MOUTH = (61, 291, 0, 17, 13, 14)
_CONTOUR = (152, 148, 377, 234, 454, 132, 361, 58, 288, 172, 397, 10, 109, 338, 54, 284)
WARP_POINTS = np.array(_BROWS + _EYES + _NOSE + _MOUTH + _CONTOUR)
# Landmarks tremble: a spline that only comes close does not tie the warp in knots.
_SLACK = 1e-3
# The warp is smooth: it is evaluated at every eighth pixel and interpolated between.
_GRID_PX = 8

Floats = npt.NDArray[np.floating[Any]]
Region = tuple[int, int, int, int]


def map_between(target_px: Points, source_px: Points, region: Region) -> npt.NDArray[np.float32]:
    """Where each pixel of a region finds its colour: float32 of shape (height, width, 2), as cv2.remap takes it.

    target_px, source_px: shape (N, 2); what lies at the source's point is drawn at the target's.
    region: left, top, width, height in the target picture.
    """
    left, top, width, height = region
    origin, scale = target_px.mean(axis=0), max(1.0, float(np.ptp(target_px[:, 0])))
    knots = ((target_px - origin) / scale).astype(np.float64)
    weights = _solve(knots, source_px)
    rows, columns = -(-height // _GRID_PX), -(-width // _GRID_PX)
    y, x = np.indices((rows, columns), np.float32) * _GRID_PX + (_GRID_PX - 1) / 2
    places = (np.stack([x.ravel() + left, y.ravel() + top], axis=1) - origin) / scale
    terms = _list_terms(places.astype(np.float32), knots.astype(np.float32))
    coarse = (terms @ weights.astype(np.float32)).reshape(rows, columns, 2)
    whole = cv2.resize(coarse, (columns * _GRID_PX, rows * _GRID_PX), interpolation=cv2.INTER_LINEAR)
    return np.ascontiguousarray(whole[:height, :width], np.float32)


def _solve(knots: Floats, values: Points) -> Floats:
    count = len(knots)
    system = np.zeros((count + 3, count + 3))
    system[:count] = _list_terms(knots, knots)
    system[:count, :count] += _SLACK * np.eye(count)
    system[count:, :count] = system[:count, count:].T
    return np.linalg.solve(system, np.concatenate([values, np.zeros((3, 2))]))


def _list_terms(points: Floats, knots: Floats) -> Floats:
    """r² log r² to every knot, then 1, x and y; shape (points, knots + 3)."""
    squares = (points * points).sum(axis=1)[:, None] + (knots * knots).sum(axis=1)[None]
    squared = np.maximum(squares - 2 * (points @ knots.T), 1e-9)
    ones = np.ones((len(points), 1), points.dtype)
    return np.concatenate([squared * np.log(squared), ones, points], axis=1)
