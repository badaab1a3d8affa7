"""Which part of a face a forgery replaces: regions over the landmarks, deformed and feathered."""

from enum import StrEnum
from typing import TypeVar

import cv2
import numpy as np
import numpy.typing as npt

# Indices of MediaPipe Face Landmarker's 478-point topology.
_JAW = (454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234)
_FOREHEAD = (127, 162, 21, 54, 103, 67, 109, 10, 338, 297, 332, 284, 251, 389, 356)
_BROWS = (70, 63, 105, 66, 107, 55, 65, 52, 53, 46, 300, 293, 334, 296, 336, 285, 295, 282, 283, 276)
_LIPS = (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185)
_CHIN = (152, 148, 377, 176, 400)
_NOSE_BASE = (2, 98, 327)
_CHEEKS = (116, 123, 50, 345, 352, 280)


Pixel = TypeVar("Pixel", np.uint8, np.float32)


class Region(StrEnum):
    """The regions that generators replace."""

    FACE = "face"
    BELOW_BROWS = "below_brows"
    FEATURES = "features"
    MOUTH = "mouth"


REGION_POINTS = {
    Region.FACE: _JAW + _FOREHEAD,
    Region.BELOW_BROWS: _JAW + _BROWS,
    Region.FEATURES: _BROWS + _LIPS + _CHEEKS,
    Region.MOUTH: _LIPS + _CHIN + _NOSE_BASE,
}
REGION_ODDS = {Region.FACE: 0.45, Region.BELOW_BROWS: 0.25, Region.FEATURES: 0.18, Region.MOUTH: 0.12}
# A swap covers the face from 0.5 on; a fainter blend leaves no trace that survives a JPEG.
BLEND_RATIOS = (0.5, 0.75, 1.0, 1.0, 1.0)


def draw_region(rng: np.random.Generator) -> Region:
    """Draws a region, the whole face most often."""
    return Region(rng.choice([region.value for region in REGION_ODDS], p=list(REGION_ODDS.values())))


def fill_region(
    shape: tuple[int, int], landmarks_px: npt.NDArray[np.float32], region: Region
) -> npt.NDArray[np.float32]:
    """Convex hull of the region's landmarks: float32 of shape (H, W), 0 or 1."""
    hull = cv2.convexHull(landmarks_px[list(REGION_POINTS[region])]).round().astype(np.int32)
    mask = np.zeros(shape, np.float32)
    cv2.fillConvexPoly(mask, hull, 1.0)
    return mask


def draw_displacement(
    rng: np.random.Generator, shape: tuple[int, int], amplitude_px: float, cell_px: float
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """A smooth random displacement field: x and y in pixels, float32 of shape (H, W) each.

    amplitude_px: largest displacement. cell_px: distance over which it changes.
    """
    rows, columns = (max(3, round(side / cell_px) + 2) for side in shape)
    coarse = rng.uniform(-amplitude_px, amplitude_px, size=(rows, columns, 2)).astype(np.float32)
    field = cv2.resize(coarse, (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR)
    return field[..., 0].astype(np.float32, copy=False), field[..., 1].astype(np.float32, copy=False)


def displace(
    image: npt.NDArray[Pixel], offsets: tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]
) -> npt.NDArray[Pixel]:
    """`image` sampled at each pixel plus its displacement; the border is repeated."""
    height, width = image.shape[:2]
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    where_x, where_y = x + offsets[0], y + offsets[1]
    moved = cv2.remap(image, where_x, where_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return moved.astype(image.dtype, copy=False)


def draw_mask(
    rng: np.random.Generator, shape: tuple[int, int], landmarks_px: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    """A blending mask: float32 of shape (H, W), 0 outside the face, at most 1.

    The region's hull, bent elastically, grown or shrunk, feathered, and times a blend ratio of 0.5 to 1.
    """
    face_px = float(np.ptp(landmarks_px[:, 0]))
    mask = fill_region(shape, landmarks_px, draw_region(rng))
    mask = displace(mask, draw_displacement(rng, shape, rng.uniform(0, 0.05) * face_px, 0.35 * face_px))
    reach = 2 * round(rng.uniform(0.0, 0.04) * face_px) + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    change = cv2.erode if rng.random() < 0.65 else cv2.dilate
    feather_px = face_px * float(np.exp(rng.uniform(np.log(0.008), np.log(0.08))))
    feathered = cv2.GaussianBlur(change(mask, kernel), (0, 0), max(0.6, feather_px))
    return (np.clip(feathered, 0, 1) * np.float32(rng.choice(BLEND_RATIOS))).astype(np.float32)


def blend(
    target_bgr: npt.NDArray[np.uint8], source_bgr: npt.NDArray[np.uint8], mask: npt.NDArray[np.float32]
) -> npt.NDArray[np.uint8]:
    """source * mask + target * (1 - mask), rounded. Where the mask is 0 the target is kept exactly."""
    weight = mask[..., None]
    mixed = source_bgr.astype(np.float32) * weight + target_bgr.astype(np.float32) * (1 - weight)
    return np.where(weight > 0, (mixed + 0.5).astype(np.uint8), target_bgr)
