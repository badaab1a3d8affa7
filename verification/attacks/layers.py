"""Putting pictures over each other in whole numbers: much faster than in floating point."""

import cv2
import numpy as np
import numpy.typing as npt

from verification.attacks.stills import Image


def sample(layer: Image, seen_at: npt.NDArray[np.float32]) -> Image:
    """The layer at each place of `seen_at`, shape (H, W, 2), x and y in pixels; 0 outside of it."""
    return cv2.remap(layer, seen_at, np.empty(0, np.float32), cv2.INTER_LINEAR).astype(np.uint8, copy=False)


def mix(below_bgr: Image, above_bgr: Image, cover: npt.NDArray[np.uint8]) -> Image:
    """One picture over another. cover: uint8 of shape (H, W), 255 where only the upper one is seen."""
    wide = cv2.cvtColor(cover, cv2.COLOR_GRAY2BGR).astype(np.uint8, copy=False)
    return cv2.add(scale(above_bgr, wide), scale(below_bgr, 255 - wide)).astype(np.uint8, copy=False)


def lay_over(below_bgr: Image, layer: Image) -> Image:
    """A layer, BGRA with its colours already times alpha, over a picture."""
    alpha = np.ascontiguousarray(layer[..., 3])
    behind = scale(below_bgr, cv2.cvtColor(255 - alpha, cv2.COLOR_GRAY2BGR).astype(np.uint8, copy=False))
    return cv2.add(behind, cv2.cvtColor(layer, cv2.COLOR_BGRA2BGR)).astype(np.uint8, copy=False)


def scale(bgr: Image, share: Image) -> Image:
    """Each value times a share of the same shape, of which 255 is one."""
    return cv2.multiply(bgr, share, scale=1 / 255).astype(np.uint8, copy=False)
