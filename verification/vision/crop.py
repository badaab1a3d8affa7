"""Face boxes and crops, the same for serving and for training."""

from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

DEEPFAKE_INPUT_PX = 256
# 1.0 x the landmark box called both of MesoNet's own face swaps real; 1.5 x shows the blending edge.
DEEPFAKE_CROP_SCALE = 1.5
TEXTURE_CONTEXT_PX = 80
# Wide enough to show a bezel, the edge of a print, or the hand that holds them.
TEXTURE_CONTEXT_SCALE = 2.7
TEXTURE_DETAIL_PX = 128


class PixelBox(NamedTuple):
    """A rectangle in pixels of the frame; may reach outside it."""

    x: float
    y: float
    width: float
    height: float


def bound_landmarks(landmarks_px: npt.NDArray[np.float32]) -> PixelBox:
    """Return the smallest rectangle that holds all landmarks, shape (N, 2), in pixels."""
    left, top = (float(value) for value in landmarks_px.min(axis=0))
    right, bottom = (float(value) for value in landmarks_px.max(axis=0))
    return PixelBox(left, top, right - left, bottom - top)


def crop_face_square(
    bgr: npt.NDArray[np.uint8],
    box: tuple[float, float, float, float],
    scale: float = DEEPFAKE_CROP_SCALE,
) -> npt.NDArray[np.uint8]:
    """Cut a square around a face box (x, y, width, height in pixels).

    Its side is `scale` times the box's longer side, its centre the box's. Where it reaches over the
    frame's edge, the outermost pixels are repeated.
    """
    x, y, width, height = box
    side = max(1, round(scale * max(width, height)))
    left, right, pad_left, pad_right = _fit_span(round(x + width / 2 - side / 2), side, bgr.shape[1])
    top, bottom, pad_top, pad_bottom = _fit_span(round(y + height / 2 - side / 2), side, bgr.shape[0])
    inside = bgr[top:bottom, left:right]
    if not (pad_left or pad_right or pad_top or pad_bottom):
        return inside
    padded = cv2.copyMakeBorder(inside, pad_top, pad_bottom, pad_left, pad_right, cv2.BORDER_REPLICATE)
    return padded.astype(np.uint8, copy=False)


def prepare_deepfake_input(
    bgr: npt.NDArray[np.uint8], box: tuple[float, float, float, float]
) -> npt.NDArray[np.uint8]:
    """Cut and scale a face for MesoNet-4: uint8 RGB of shape (256, 256, 3).

    box: the landmarks' bounding box, x, y, width, height in pixels. The network takes the values / 255.
    """
    face = crop_face_square(bgr, box, DEEPFAKE_CROP_SCALE)
    interpolation = cv2.INTER_AREA if face.shape[0] > DEEPFAKE_INPUT_PX else cv2.INTER_LINEAR
    resized = cv2.resize(face, (DEEPFAKE_INPUT_PX, DEEPFAKE_INPUT_PX), interpolation=interpolation)
    return cv2.cvtColor(resized, cv2.COLOR_BGR2RGB).astype(np.uint8, copy=False)


class TextureViews(NamedTuple):
    """A face as the texture network takes it: uint8 BGR.

    context: shape (80, 80, 3), the face and what is around it, as `cut_surroundings` cuts it.
    detail: shape (128, 128, 3), pixels of the middle of the face as they are, so that moire and dots survive.
    """

    context: npt.NDArray[np.uint8]
    detail: npt.NDArray[np.uint8]


def prepare_texture_views(bgr: npt.NDArray[np.uint8], box: tuple[float, float, float, float]) -> TextureViews:
    """Cut both views of a face out of a frame, whose edge neither reaches over.

    box: the landmarks' bounding box, x, y, width, height in pixels.
    """
    context = cut_surroundings(bgr, box, TEXTURE_CONTEXT_SCALE)
    detail = cut_square_inside(bgr, box, TEXTURE_DETAIL_PX)
    if detail.shape[0] < TEXTURE_DETAIL_PX:
        rest = TEXTURE_DETAIL_PX - detail.shape[0]
        before, after = rest // 2, rest - rest // 2
        padded = cv2.copyMakeBorder(detail, before, after, before, after, cv2.BORDER_REFLECT)
        detail = padded.astype(np.uint8, copy=False)
    return TextureViews(context, detail)


def cut_surroundings(
    bgr: npt.NDArray[np.uint8], box: tuple[float, float, float, float], scale: float
) -> npt.NDArray[np.uint8]:
    """Cut `scale` times a box, moved into the frame and no larger than it, and bring it to 80 x 80 px, uint8 BGR.

    Pixel for pixel what the MiniFASNets were trained on (Minivision's `CropImage`): sides in the box's proportions,
    and sampled rather than averaged, so that fine patterns fold into coarse ones that 80 px can show.
    """
    height, width = bgr.shape[:2]
    x, y, box_width, box_height = round(box[0]), round(box[1]), max(1, round(box[2])), max(1, round(box[3]))
    scale = min((height - 1) / box_height, (width - 1) / box_width, scale)
    cut_width, cut_height = box_width * scale, box_height * scale
    left = min(max(x + box_width / 2 - cut_width / 2, 0), width - 1 - cut_width)
    top = min(max(y + box_height / 2 - cut_height / 2, 0), height - 1 - cut_height)
    around = bgr[int(top) : int(top + cut_height) + 1, int(left) : int(left + cut_width) + 1]
    return cv2.resize(around, (TEXTURE_CONTEXT_PX, TEXTURE_CONTEXT_PX)).astype(np.uint8, copy=False)


def cut_square_inside(
    bgr: npt.NDArray[np.uint8], box: tuple[float, float, float, float], side: int
) -> npt.NDArray[np.uint8]:
    """Cut the square of `side` pixels around a box's middle, moved into the frame and no larger than it."""
    height, width = bgr.shape[:2]
    side = max(1, min(side, height, width))
    x, y, box_width, box_height = box
    left = min(max(round(x + box_width / 2 - side / 2), 0), width - side)
    top = min(max(round(y + box_height / 2 - side / 2), 0), height - side)
    return bgr[top : top + side, left : left + side]


def _fit_span(start: int, length: int, limit: int) -> tuple[int, int, int, int]:
    """Clip a span to 0..limit, keeping a pixel at least; return start, stop, and the padding on each side."""
    first = min(max(start, 0), limit - 1)
    last = max(min(start + length, limit), first + 1)
    pad_before = min(max(-start, 0), length - 1)
    last = min(last, first + length - pad_before)
    return first, last, pad_before, length - pad_before - (last - first)
