"""What stands still behind the head: a plain wall, the suit, and a neck that the head turns on."""

import cv2
import numpy as np
import numpy.typing as npt

from tests.subject.outline import trace_head, trace_neck, trace_suit
from tests.subject.portrait import FRAME_SCALE, HEIGHT_PX, WIDTH_PX, WINDOW, Image, Points, Portrait

_SHADE_SPAN = np.array([[0.0, 160.0], [0.0, 188.0]])
_CHIN_SHADE = 0.62


def _to_frame_px(points: Points) -> npt.NDArray[np.int32]:
    frame_px: npt.NDArray[np.int32] = np.rint((points - WINDOW[0]) * FRAME_SCALE).astype(np.int32)
    return frame_px


def _fill(points: Points) -> Image:
    mask = np.zeros((HEIGHT_PX, WIDTH_PX), np.uint8)
    cv2.fillPoly(mask, [_to_frame_px(points)], 255)
    return mask


def paint_wall(portrait: Portrait) -> Image:
    """Give the portrait's own wall with everything before it painted out, smooth but for its slow shading."""
    picture = _shrink(portrait)
    standing = _fill(trace_head(portrait)) | _fill(trace_suit(portrait))
    standing = cv2.dilate(standing, np.ones((17, 17), np.uint8)).astype(np.uint8)
    # The flag and the model shuttle at the sides are no wall either.
    left, right = _to_frame_px(np.array([[112.0, 0.0], [345.0, 0.0]]))[:, 0]
    standing[:, :left] = 255
    standing[:, right:] = 255
    known = (standing == 0).astype(np.float32)
    weight = cv2.GaussianBlur(known, (0, 0), 60.0) + 1e-4
    average = (picture * known[..., None]).sum(axis=(0, 1)) / known.sum()
    shading = cv2.GaussianBlur((picture - average) * known[..., None], (0, 0), 60.0) / weight[..., None]
    wall: Image = np.clip(average + shading, 0, 255).astype(np.uint8)
    return wall


def paint_scene(portrait: Portrait) -> Image:
    """Give wall, suit and neck without the head, BGR uint8 of 640x480."""
    scene = paint_wall(portrait)
    picture = _shrink(portrait)
    alpha = cv2.GaussianBlur(_fill(trace_suit(portrait)), (5, 5), 1.2)[..., None] / 255.0
    scene = (alpha * picture + (1 - alpha) * scene).astype(np.uint8)
    return _add_neck(portrait, scene, picture)


def _shrink(portrait: Portrait) -> Image:
    small = cv2.resize(portrait.texture, (WIDTH_PX, HEIGHT_PX), interpolation=cv2.INTER_AREA)
    return small.astype(np.uint8)


def _add_neck(portrait: Portrait, scene: Image, picture: Image) -> Image:
    """Lengthen the strip of skin that shows above the collar upwards, darker where the chin shades it."""
    neck = _fill(trace_neck(portrait))
    jaw = cv2.dilate(_fill(trace_head(portrait)), np.ones((9, 9), np.uint8))
    bare = ((cv2.erode(neck, np.ones((5, 5), np.uint8)) > 0) & (jaw == 0)).astype(np.float64)
    weight = cv2.GaussianBlur(bare.sum(axis=0)[None], (0, 0), 8.0) + 1e-6
    columns = cv2.GaussianBlur((picture * bare[..., None]).sum(axis=0)[None], (0, 0), 8.0) / weight[..., None]
    shade = np.interp(np.arange(HEIGHT_PX), _to_frame_px(_SHADE_SPAN)[:, 1], (_CHIN_SHADE, 1.0))
    skin = columns * shade[:, None, None]
    alpha = cv2.GaussianBlur(neck, (5, 5), 1.2)[..., None] / 255.0
    scene_with_neck: Image = (alpha * skin + (1 - alpha) * scene).astype(np.uint8)
    return scene_with_neck
