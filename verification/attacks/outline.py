"""Parts of a face in a picture: masks over MediaPipe's landmarks, and colours over them."""

import cv2
import numpy as np
import numpy.typing as npt

from verification.attacks.stills import Image, Points

_JAW = (454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234)
_FOREHEAD = (127, 162, 21, 54, 103, 67, 109, 10, 338, 297, 332, 284, 251, 389, 356)
FACE_OUTLINE = np.array(_JAW + _FOREHEAD)
INNER_LIPS = np.array(
    (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308, 324, 318, 402, 317, 14, 87, 178, 88, 95)
)
_UPPER_LIP, _LOWER_LIP, _CHIN, _NOSE_BRIDGE = 13, 14, 152, 168
# Closed lips leave a gap of one or two hundredths of the face's height.
_OPEN_FROM, _WIDE_FROM = 0.03, 0.08

Mask = npt.NDArray[np.float32]


def fill_face(shape: tuple[int, int], landmarks_px: Points) -> Mask:
    """1 in the face's convex outline, else 0: float32 of shape (H, W)."""
    mask = np.zeros(shape, np.float32)
    hull = cv2.convexHull(landmarks_px[FACE_OUTLINE]).round().astype(np.int32)
    cv2.fillConvexPoly(mask, hull, 1.0)
    return mask


def measure_mouth(landmarks_px: Points) -> float:
    """The gap between the lips as a share of the way from the nose's bridge to the chin."""
    gap = float(np.linalg.norm(landmarks_px[_LOWER_LIP] - landmarks_px[_UPPER_LIP]))
    return gap / max(1.0, float(np.linalg.norm(landmarks_px[_CHIN] - landmarks_px[_NOSE_BRIDGE])))


def fill_mouth(shape: tuple[int, int], landmarks_px: Points) -> Mask:
    """The open mouth, 0 where it is closed, up to 1 where it is wide open: float32 of shape (H, W)."""
    mask = np.zeros(shape, np.float32)
    openness = float(np.clip((measure_mouth(landmarks_px) - _OPEN_FROM) / (_WIDE_FROM - _OPEN_FROM), 0, 1))
    if openness > 0:
        cv2.fillPoly(mask, [landmarks_px[INNER_LIPS].round().astype(np.int32)], openness)
    return mask


def feather(mask: Mask, sigma_px: float) -> Mask:
    """The mask with soft edges."""
    return cv2.GaussianBlur(mask, (0, 0), max(0.5, sigma_px)).astype(np.float32, copy=False)


def blend(below_bgr: Image, above_bgr: Image, mask: Mask) -> Image:
    """above * mask + below * (1 - mask), rounded."""
    share = cv2.cvtColor(mask, cv2.COLOR_GRAY2BGR)
    below = below_bgr.astype(np.float32)
    mixed: Image = (below + (above_bgr.astype(np.float32) - below) * share + 0.5).astype(np.uint8)
    return mixed


def enclose(
    landmarks_px: Points, shape: tuple[int, int], margin_share: float
) -> tuple[int, int, int, int] | None:
    """Left, top, width and height of the landmarks' box within the frame, widened by a share of its width.

    None when less than four pixels a side are left.
    """
    low, high = landmarks_px.min(axis=0), landmarks_px.max(axis=0)
    margin = margin_share * (high[0] - low[0])
    left, top = (int(value) for value in np.maximum(low - margin, 0))
    right, bottom = (int(value) for value in np.minimum(high + margin + 1, (shape[1], shape[0])))
    if right - left < 4 or bottom - top < 4:
        return None
    return left, top, right - left, bottom - top
