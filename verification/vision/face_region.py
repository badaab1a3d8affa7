"""Where in a frame the landmark network looks: a turned rectangle, followed from frame to frame.

The rules are those of MediaPipe's face landmarker graph, so that the landmarks come out the same.
Source: https://github.com/google-ai-edge/mediapipe, mediapipe/tasks/cc/vision/face_landmarker
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

# How much larger than the face the network's picture of it is.
REGION_SCALE = 1.5
# Two regions that share more of their union than this are of one face.
_SAME_FACE_OVERLAP = 0.5
# The outer corners of the subject's right and left eye: the line that is level in the region.
_EYE_CORNERS = (33, 263)


class FaceRegion(NamedTuple):
    """Centre, width and height in fractions of the frame; rotation in radians, clockwise in the picture."""

    x: float
    y: float
    width: float
    height: float
    rotation: float

    @property
    def has_area(self) -> bool:
        """Whether there is anything to look at."""
        return math.isfinite(sum(self)) and self.width > 0 and self.height > 0


def cut_region(bgr: npt.NDArray[np.uint8], region: FaceRegion, side_px: int) -> npt.NDArray[np.uint8]:
    """Cut a region out of a BGR frame and level it: uint8 RGB of shape (side_px, side_px, 3).

    Where it reaches over the frame's edge, the outermost pixels are repeated.
    """
    height_px, width_px = bgr.shape[:2]
    across = region.width * width_px
    down = region.height * height_px
    cosine, sine = math.cos(region.rotation), math.sin(region.rotation)
    to_frame = np.array(
        [
            [cosine * across / side_px, -sine * down / side_px, 0.0],
            [sine * across / side_px, cosine * down / side_px, 0.0],
        ]
    )
    middle = np.array([region.x * width_px, region.y * height_px])
    to_frame[:, 2] = middle - to_frame[:, :2] @ np.full(2, side_px / 2)
    cut = cv2.warpAffine(
        bgr,
        to_frame,
        (side_px, side_px),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return cv2.cvtColor(cut, cv2.COLOR_BGR2RGB).astype(np.uint8, copy=False)


def place_in_frame(points: npt.NDArray[np.float32], region: FaceRegion) -> npt.NDArray[np.float32]:
    """Bring points of a region, shape (N, 3) in 0..1 of its side, into fractions of the frame.

    z keeps its scale: like x, it is in fractions of the frame's width.
    """
    cosine, sine = math.cos(region.rotation), math.sin(region.rotation)
    x, y = points[:, 0] - 0.5, points[:, 1] - 0.5
    placed = np.empty_like(points)
    placed[:, 0] = (cosine * x - sine * y) * region.width + region.x
    placed[:, 1] = (sine * x + cosine * y) * region.height + region.y
    placed[:, 2] = points[:, 2] * region.width
    return placed


def region_around(landmarks: npt.NDArray[np.float32], width_px: int, height_px: int) -> FaceRegion:
    """Return where to look for a face in the next frame: a square around its landmarks, eyes level.

    landmarks: shape (478, 3), in fractions of a frame of this size.
    """
    left, top = (float(value) for value in landmarks[:, :2].min(axis=0))
    right, bottom = (float(value) for value in landmarks[:, :2].max(axis=0))
    start, end = ((landmarks[index, :2] * (width_px, height_px)).tolist() for index in _EYE_CORNERS)
    side_px = REGION_SCALE * max((right - left) * width_px, (bottom - top) * height_px)
    return FaceRegion(
        (left + right) / 2, (top + bottom) / 2, side_px / width_px, side_px / height_px, angle_of(start, end)
    )


def angle_of(start: Sequence[float], end: Sequence[float]) -> float:
    """Return the rotation that makes the line from start to end level, in radians; pixels, y down."""
    return math.atan2(end[1] - start[1], end[0] - start[0])


def merge_regions(followed: Sequence[FaceRegion], found: Sequence[FaceRegion]) -> list[FaceRegion]:
    """Join the regions followed from the last frame with those the detector found in this one.

    Where two are of one face the detector's is taken.
    """
    merged = list(followed)
    for region in found:
        merged = [other for other in merged if overlap(region, other) <= _SAME_FACE_OVERLAP]
        merged.append(region)
    return merged


def overlap(one: FaceRegion, other: FaceRegion) -> float:
    """Return the share of their union that both cover, 0..1, their rotation left aside."""
    across = _shared(one.x, one.width, other.x, other.width)
    down = _shared(one.y, one.height, other.y, other.height)
    union = one.width * one.height + other.width * other.height - across * down
    return across * down / union if union > 0 else 0.0


def _shared(centre: float, length: float, other_centre: float, other_length: float) -> float:
    end = min(centre + length / 2, other_centre + other_length / 2)
    return max(0.0, end - max(centre - length / 2, other_centre - other_length / 2))
