"""A print as an attacker holds it: the picture, its white margin, fingers at the edge and their shadow."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from verification.attacks.stills import Image, Still
from verification.vision.crop import bound_landmarks

# The face's width on the paper, metres: from a snapshot to life size on A4 or larger.
_FACE_WIDTH_M = (0.06, 0.15)
_MARGIN_SHARE = (0.0, 0.10)
_FINGER_WIDTH_M = 0.017
# Room around the sheet for fingers that come from outside it.
_BORDER_M = 0.12
# Skin from dark to light, BGR levels in room light.
_SKIN_LEVELS = ((62, 82, 120), (105, 135, 180), (150, 175, 222))

Mask = npt.NDArray[np.float32]
Place = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A held print, seen from straight above; all arrays have the height and width of `page`.

    page: uint8 BGR of shape (H, W, 3), the paper and a border in which there is none.
    paper: uint8, 255 where there is paper. fingers: uint8 BGRA, colours already times alpha.
    px_per_m: resolution. The point (u, v), in metres from the middle of the printed face, is the pixel
    `centre_px + px_per_m * (u, v)`. face_width_m: of the printed face.
    """

    page: Image
    paper: Image
    fingers: Image
    px_per_m: float
    centre_px: tuple[float, float]
    face_width_m: float

    @property
    def to_pixels(self) -> npt.NDArray[np.float64]:
        """3x3 matrix from (u, v, 1) in metres to pixels of `page`."""
        x, y = self.centre_px
        return np.array([(self.px_per_m, 0, x), (0, self.px_per_m, y), (0, 0, 1)])

    @property
    def half_page_m(self) -> tuple[float, float]:
        """From the face's middle to the farther edge of `page`: sideways, and up or down."""
        height, width = self.page.shape[:2]
        x, y = self.centre_px
        return max(x, width - x) / self.px_per_m, max(y, height - y) / self.px_per_m

    @property
    def half_paper_m(self) -> tuple[float, float]:
        """The same to the farther edge of the paper."""
        sideways, along = self.half_page_m
        return sideways - _BORDER_M, along - _BORDER_M


def make_sheet(
    still: Still, rng: np.random.Generator, face_px: float, reach_faces: tuple[float, float] = (0.9, 2.2)
) -> Sheet:
    """Lay out a print of a still.

    face_px: the width at which the face is printed, pixels of the page. reach_faces: how much of the picture
    around it is printed, drawn from this range, in face sizes to either side of its middle.
    """
    face_width_m = float(rng.uniform(*_FACE_WIDTH_M))
    px_per_m = face_px / face_width_m
    picture, centre = _crop_picture(still, rng, face_px, float(rng.uniform(*reach_faces)))
    margin = round(float(rng.uniform(*_MARGIN_SHARE)) * max(picture.shape[:2]))
    border = round(_BORDER_M * px_per_m)
    sheet = _surround(picture, margin, rng.uniform(230, 250, 3).tolist())
    paper = _surround(np.full(sheet.shape[:2], 255, np.uint8), border)
    shadow, fingers = _hold(paper.shape, border, px_per_m, rng)
    page = _surround(sheet, border).astype(np.float32) * (1 - shadow)[..., None]
    offset = border + margin
    return Sheet(
        page=(page + 0.5).astype(np.uint8),
        paper=paper,
        fingers=fingers,
        px_per_m=px_per_m,
        centre_px=(centre[0] + offset, centre[1] + offset),
        face_width_m=face_width_m,
    )


def _surround(image: Image, width_px: int, levels: Sequence[float] = (0.0, 0.0, 0.0)) -> Image:
    width = width_px
    wider = cv2.copyMakeBorder(image, width, width, width, width, cv2.BORDER_CONSTANT, value=levels)
    return wider.astype(np.uint8, copy=False)


def _crop_picture(
    still: Still, rng: np.random.Generator, face_px: float, reach_faces: float
) -> tuple[Image, tuple[float, float]]:
    """The part that is printed, its face `face_px` wide, and the middle of the face in it."""
    x, y, width, height = bound_landmarks(still.landmarks_px)
    middle = np.array([x + width / 2, y + height / 2])
    reach = reach_faces * max(width, height)
    limit = np.array(still.bgr.shape[1::-1])
    low = np.clip(middle - reach * rng.uniform(0.8, 1.2, 2), 0, limit - 2).astype(int)
    high = np.clip(middle + reach * rng.uniform(0.8, 1.2, 2), low + 2, limit).astype(int)
    part = still.bgr[low[1] : high[1], low[0] : high[0]]
    scale = face_px / max(1.0, width)
    size = (max(2, round(part.shape[1] * scale)), max(2, round(part.shape[0] * scale)))
    interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    sized = cv2.resize(part, size, interpolation=interpolation).astype(np.uint8, copy=False)
    centre = (middle - low) * scale
    return sized, (float(centre[0]), float(centre[1]))


def _hold(
    shape: tuple[int, ...], border_px: int, px_per_m: float, rng: np.random.Generator
) -> tuple[Mask, Image]:
    """Two to four fingertips over the edges: their soft shadow (0..1) and themselves (BGRA)."""
    height, width = shape[:2]
    finger_px = _FINGER_WIDTH_M * px_per_m
    shadow, fingers = np.zeros((height, width), np.float32), np.zeros((height, width), np.float32)
    for side in rng.choice(["left", "right", "bottom"], size=int(rng.integers(1, 4)), replace=False):
        inset, along = border_px + rng.uniform(0.3, 1.2) * finger_px, rng.uniform(0.4, 0.85)
        outward, tip = {
            "left": ((-1.0, 0.6), (inset, along * height)),
            "right": ((1.0, 0.6), (width - inset, along * height)),
            "bottom": ((0.2, 1.0), (along * width, height - inset)),
        }[str(side)]
        root = np.array(tip) + np.array(outward) * (inset - border_px + rng.uniform(1.8, 2.6) * finger_px)
        _draw_hand(fingers, np.array(tip), root, np.array(outward), finger_px)
        _draw_stroke(shadow, np.array(tip) + finger_px / 3, root, 1.1 * finger_px)
    shadow = cv2.GaussianBlur(shadow, (0, 0), finger_px / 3).astype(np.float32, copy=False)
    return shadow * np.float32(rng.uniform(0.2, 0.6)), _colour_fingers(fingers, finger_px, rng)


def _draw_hand(mask: Mask, tip: Place, root: Place, outward: Place, finger_px: float) -> None:
    """A thumb on the paper, and beside the paper the fist and the arm that it belongs to."""
    _draw_stroke(mask, tip, root, finger_px)
    _draw_stroke(mask, root, root + outward * finger_px, 3.2 * finger_px)
    arm = root + np.array([outward[0], 2.0]) * 8 * finger_px
    _draw_stroke(mask, root + outward * 0.8 * finger_px, arm, 2.6 * finger_px)


def _draw_stroke(mask: Mask, start: Place, end: Place, width_px: float) -> None:
    ends = [(round(float(x)), round(float(y))) for x, y in (start, end)]
    cv2.line(mask, ends[0], ends[1], 1.0, max(1, round(width_px)))


def _colour_fingers(fingers: Mask, finger_px: float, rng: np.random.Generator) -> Image:
    """BGRA, premultiplied. Fingers are round: darker towards their edges."""
    place = float(rng.uniform(0, len(_SKIN_LEVELS) - 1))
    steps = np.arange(len(_SKIN_LEVELS))
    skin = np.array([np.interp(place, steps, channel) for channel in zip(*_SKIN_LEVELS, strict=True)])
    cover = cv2.GaussianBlur(fingers, (0, 0), 1.0)[..., None]
    roundness = cv2.GaussianBlur(fingers, (0, 0), finger_px / 4)[..., None]
    colour = skin * (0.5 + 0.5 * roundness) * cover
    return np.concatenate([colour, 255 * cover], axis=2).clip(0, 255).astype(np.uint8)
