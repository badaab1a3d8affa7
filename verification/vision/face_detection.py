"""From the numbers of MediaPipe's short-range face detector to regions: anchors, scores, overlapping boxes.

Sources: V. Bazarevsky et al., "BlazeFace: Sub-millisecond Neural Face Detection on Mobile GPUs", 2019;
mediapipe/tasks/cc/vision/face_detector of https://github.com/google-ai-edge/mediapipe
"""

from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from verification.vision.face_region import REGION_SCALE, FaceRegion, angle_of

DETECTOR_INPUT_PX = 128
ANCHOR_COUNT = 896
VALUES_PER_ANCHOR = 16
# Anchors: two for each cell of 8 pixels, six for each cell of 16.
_GRIDS = ((8, 2), (16, 6))
_LEAST_LOGIT = 0.0  # a score of 0.5
_SUPPRESSION_OVERLAP = 0.3

_Floats = npt.NDArray[np.float32]


class Letterbox(NamedTuple):
    """How a frame was put into the detector's square: scaled, then moved by pixels of the square."""

    scale: float
    left: float
    top: float


def fit_to_detector(bgr: npt.NDArray[np.uint8]) -> tuple[npt.NDArray[np.uint8], Letterbox]:
    """Scale a BGR frame into the middle of a black square: uint8 RGB of shape (128, 128, 3)."""
    height_px, width_px = bgr.shape[:2]
    side = DETECTOR_INPUT_PX
    scale = side / max(height_px, width_px)
    fit = Letterbox(scale, (side - width_px * scale) / 2, (side - height_px * scale) / 2)
    to_square = np.array([[scale, 0, fit.left], [0, scale, fit.top]])
    square = cv2.warpAffine(bgr, to_square, (side, side), flags=cv2.INTER_LINEAR)
    return cv2.cvtColor(square, cv2.COLOR_BGR2RGB).astype(np.uint8, copy=False), fit


def read_detections(
    values: _Floats, logits: _Floats, fit: Letterbox, width_px: int, height_px: int
) -> list[FaceRegion]:
    """Return the regions of the faces found, the surest first.

    values: shape (896, 16), a box's centre and size and six points, in pixels of the square from its anchor.
    logits: shape (896,). width_px, height_px: the frame's size.
    """
    kept = np.flatnonzero(logits >= _LEAST_LOGIT)
    if not kept.size:
        return []
    scores = np.float32(1) / (np.float32(1) + np.exp(-logits[kept]))
    points = values[kept].reshape(-1, VALUES_PER_ANCHOR // 2, 2) / np.float32(DETECTOR_INPUT_PX)
    points[:, 0] += _ANCHORS[kept]
    points[:, 2:] += _ANCHORS[kept, np.newaxis]
    centre, half = points[:, 0].copy(), points[:, 1] / 2
    points[:, 0], points[:, 1] = centre - half, centre + half
    shapes = _blend_overlapping(points, scores)
    return [_to_region(shape, fit, width_px, height_px) for shape in shapes]


def _blend_overlapping(shapes: _Floats, scores: _Floats) -> list[_Floats]:
    """Make one shape of all that overlap with the surest, weighted by their scores; go on with the rest.

    shapes: (N, 8, 2), each a box's two corners and six points.
    """
    blended = []
    waiting = np.argsort(-scores, kind="stable")
    while waiting.size:
        is_same = _overlap_with_first(shapes[waiting, :2]) > _SUPPRESSION_OVERLAP
        is_same[0] = True  # also where its box has no area
        same = waiting[is_same]
        weights = scores[same] / scores[same].sum()
        blended.append(np.tensordot(weights, shapes[same], axes=1))
        waiting = waiting[~is_same]
    return blended


def _overlap_with_first(boxes: _Floats) -> _Floats:
    """boxes: (N, 2, 2), left top and right bottom corners. Returns intersections over unions, shape (N,)."""
    low = np.maximum(boxes[:, 0], boxes[0, 0])
    high = np.minimum(boxes[:, 1], boxes[0, 1])
    shared = np.prod(np.clip(high - low, 0, None), axis=1)
    areas = np.prod(boxes[:, 1] - boxes[:, 0], axis=1)
    unions = areas + areas[0] - shared
    share: _Floats = np.where(unions > 0, shared / np.where(unions > 0, unions, 1), 0)
    return share


def _to_region(shape: _Floats, fit: Letterbox, width_px: int, height_px: int) -> FaceRegion:
    in_frame = (shape * DETECTOR_INPUT_PX - (fit.left, fit.top)) / fit.scale
    (left, top), (right, bottom) = in_frame[:2].tolist()
    right_eye, left_eye = in_frame[2].tolist(), in_frame[3].tolist()
    return FaceRegion(
        (left + right) / 2 / width_px,
        (top + bottom) / 2 / height_px,
        (right - left) / width_px * REGION_SCALE,
        (bottom - top) / height_px * REGION_SCALE,
        angle_of(right_eye, left_eye),
    )


def _lay_anchors() -> _Floats:
    """Centres of the anchors in 0..1 of the square, in the order of the network's outputs."""
    grids = []
    for stride, per_cell in _GRIDS:
        cells = DETECTOR_INPUT_PX // stride
        middles = (np.arange(cells, dtype=np.float32) + np.float32(0.5)) / np.float32(cells)
        y, x = np.meshgrid(middles, middles, indexing="ij")
        grids.append(np.repeat(np.stack([x, y], axis=-1).reshape(-1, 2), per_cell, axis=0))
    return np.concatenate(grids)


_ANCHORS = _lay_anchors()
