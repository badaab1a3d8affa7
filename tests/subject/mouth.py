"""What lies behind the lips: the portrait's own row of upper teeth before a dark cavity."""

import cv2
import numpy as np

from tests.subject import anatomy
from tests.subject.portrait import TEXTURE_SCALE, Image, Points, Portrait, to_texture_px

MOUTH_COLUMNS, MOUTH_ROWS = 7, 4
FLOOR = slice(MOUTH_COLUMNS * (MOUTH_ROWS - 1), MOUTH_COLUMNS * MOUTH_ROWS)
"""Which vertices of the grid are the floor of the mouth."""

_LEFT, _RIGHT = 197.0, 253.0
_ROWS_Y = (130.0, 142.0, 154.0, 163.0)
_BEHIND_THE_LIPS = (4.0, 4.0, 4.0, 16.0)
"""The depth of each row; the floor must not come through the chin."""
_CAVITY_BGR = (30, 24, 48)
_TONGUE_BGR = (88, 80, 150)
_TOOTH_ENDS_PX = 5
"""Texture pixels by which the teeth go on behind the smiling lower lip."""


def locate_interior(skin: Points) -> Points:
    """Give the grid of the mouth's interior, row by row, curved as the lips are; shape (28, 3)."""
    x, y = np.meshgrid(np.linspace(_LEFT, _RIGHT, MOUTH_COLUMNS), _ROWS_Y)
    middle, corner = skin[13], skin[[78, 308]].mean(axis=0)
    half_width = (skin[308, 0] - skin[78, 0]) / 2
    bend = np.clip(np.abs(x - middle[0]) / half_width, 0, 1.2) ** 2
    z = middle[2] + (corner[2] - middle[2]) * bend + np.array(_BEHIND_THE_LIPS)[:, None]
    # The floor is narrower than the chin that has to hide it.
    narrowed = middle[0] + (x - middle[0]) * np.array([1.0, 1.0, 1.0, 0.5])[:, None]
    return np.stack([narrowed.ravel(), y.ravel(), z.ravel()], axis=1)


def locate_interior_texture(portrait: Portrait) -> Points:
    """Give where the grid lies in the texture that `append_interior` makes; shape (28, 2)."""
    x, y = np.meshgrid(np.linspace(_LEFT, _RIGHT, MOUTH_COLUMNS), _ROWS_Y)
    below = np.array([0.0, portrait.texture.shape[0]])
    grid: Points = np.stack([x.ravel() - _LEFT, y.ravel() - _ROWS_Y[0]], axis=1) * TEXTURE_SCALE + below
    return grid


def append_interior(portrait: Portrait, texture: Image) -> Image:
    """Give a texture of the portrait's size with the mouth's interior painted below it."""
    interior = _paint_interior(portrait)
    strip = np.zeros((interior.shape[0], portrait.texture.shape[1], 3), np.uint8)
    strip[:, : interior.shape[1]] = interior
    return np.concatenate([texture, strip])


def _paint_interior(portrait: Portrait) -> Image:
    left, top = np.rint(to_texture_px(np.array([[_LEFT, _ROWS_Y[0]]]))[0]).astype(int)
    width = round((_RIGHT - _LEFT) * TEXTURE_SCALE) + 2
    height = round((_ROWS_Y[-1] - _ROWS_Y[0]) * TEXTURE_SCALE) + 2
    seen = portrait.texture[top : top + height, left : left + width]
    cavity = np.full_like(seen, _CAVITY_BGR)
    cv2.ellipse(cavity, (width // 2, height), (width // 4, height // 4), 0, 0, 360, _TONGUE_BGR, cv2.FILLED)
    cavity = cv2.GaussianBlur(cavity, (0, 0), 6.0).astype(np.uint8)
    teeth, mask = _extend_teeth(seen, _mask_teeth(portrait, (left, top), (height, width)))
    alpha = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 1.5)[..., None]
    painted: Image = (alpha * teeth + (1 - alpha) * cavity).astype(np.uint8)
    return painted


def _mask_teeth(portrait: Portrait, origin: tuple[int, int], shape: tuple[int, int]) -> Image:
    opening = [*anatomy.UPPER_LIP_INNER, *reversed(anatomy.LOWER_LIP_INNER[1:-1])]
    polygon = np.rint(to_texture_px(portrait.landmarks[opening, :2]) - origin).astype(np.int32)
    mask = np.zeros(shape, np.uint8)
    cv2.fillPoly(mask, [polygon], 1)
    return cv2.erode(mask, np.ones((3, 3), np.uint8)).astype(np.uint8)


def _extend_teeth(seen: Image, mask: Image) -> tuple[Image, Image]:
    """Lengthen each column of teeth up under the lip without end, and down by the tips that the lip hid."""
    teeth, extended = seen.copy(), mask.copy()
    for column in np.flatnonzero(mask.any(axis=0)):
        rows = np.flatnonzero(mask[:, column])
        first, last = int(rows[0]), int(rows[-1])
        tips = min(_TOOTH_ENDS_PX, (last - first) // 3)
        teeth[:first, column] = teeth[first, column]
        teeth[last : last + tips, column] = teeth[last, column]
        extended[: last + tips, column] = 1
    return teeth, extended
