"""What is around a face: bezels, margins, hands and rooms; and the camera that films living faces."""

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from training.samples import FaceSample
from training.texture_formats import Image
from verification.attacks.recapture import PaperMedium, ScreenMedium
from verification.attacks.recapture.camera import draw_camera, expose, light_blobs, soften
from verification.vision.crop import PixelBox, bound_landmarks

Medium = ScreenMedium | PaperMedium


class Held(NamedTuple):
    """Where a picture lies in a frame.

    outside: how far beyond the picture's nearest edge each pixel looks, float32 of shape (h, w), in pixels of the
        picture; negative inside. longer_px: the picture's longer side.
    """

    outside: npt.NDArray[np.float32]
    longer_px: int


def find_edges(seen_at: npt.NDArray[np.float32], width: int, height: int) -> Held:
    x, y = seen_at[..., 0], seen_at[..., 1]
    outside = np.maximum(np.maximum(-x, x - (width - 1)), np.maximum(-y, y - (height - 1)))
    return Held(outside, max(width, height))


def surround(
    shown: Image,
    held: Held,
    medium: Medium,
    others: Sequence[FaceSample],
    rng: np.random.Generator,
) -> Image:
    """The medium with its bezel or margin, before a room, in a hand."""
    if float(held.outside.max()) <= 0:
        return shown
    room = film(_find_background(shown.shape[:2], others, rng), rng)
    rim_px = float(rng.uniform(0.0, 0.14)) * held.longer_px
    outside = held.outside
    result = _mix(room, np.broadcast_to(_rim_colour(medium, rng), shown.shape), outside - rim_px)
    if rng.random() < 0.4:
        _draw_fingers(result, outside, rng)
    return _mix(result, shown, outside)


def _mix(behind: Image, before: npt.NDArray[np.generic], outside: npt.NDArray[np.float32]) -> Image:
    """`before` where outside < 0, `behind` elsewhere, with an edge a pixel wide."""
    share = np.clip(np.float32(0.5) - outside, 0, 1)[..., np.newaxis]
    mixed = behind + (before.astype(np.float32) - behind) * share + np.float32(0.5)
    return np.ascontiguousarray(mixed.astype(np.uint8))


def _rim_colour(medium: Medium, rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """A bezel is dark, now and then white or grey; a print's margin is its paper."""
    if isinstance(medium, PaperMedium):
        return (np.sqrt(np.array(medium.paper_bgr) * medium.camera.exposure).clip(0, 1) * 250).astype(
            np.float32
        )
    level = float(rng.choice((rng.uniform(4, 40), rng.uniform(4, 40), rng.uniform(90, 230))))
    return np.full(3, level, np.float32) + rng.normal(0, 3, 3).astype(np.float32)


def _draw_fingers(picture: Image, outside: npt.NDArray[np.float32], rng: np.random.Generator) -> None:
    """Thumbs and fingers over the rim: round-ended strokes of a skin colour, in place."""
    edge = np.argwhere(np.abs(outside) < 3)
    if not len(edge):
        return
    skin = np.array([rng.uniform(60, 170), rng.uniform(80, 195), rng.uniform(110, 235)])
    width = max(4, int(rng.uniform(0.05, 0.12) * max(picture.shape[:2])))
    y, x = (int(value) for value in edge[rng.integers(len(edge))])
    along, apart = rng.uniform(0, 2 * np.pi), int(width * 1.1)
    for number in range(int(rng.integers(1, 5))):
        start = x + int(number * apart * np.cos(along)), y + int(number * apart * np.sin(along))
        reach = rng.uniform(1, 4) * width
        end = start[0] - int(reach * np.sin(along)), start[1] + int(reach * np.cos(along))
        cv2.line(picture, start, end, tuple(float(value) for value in skin * rng.uniform(0.8, 1.05)), width)


def _find_background(shape: tuple[int, int], others: Sequence[FaceSample], rng: np.random.Generator) -> Image:
    """A room: the upper part of another picture beside its face, out of focus or not; or a plain wall."""
    height, width = shape
    if rng.random() < 0.2:
        corners = rng.uniform(20, 235, (2, 2, 1)) + rng.normal(0, 15, (2, 2, 3))
        return np.clip(cv2.resize(corners, (width, height)), 0, 255).astype(np.uint8)
    other = others[int(rng.integers(len(others)))]
    x, y, box_width, box_height = bound_landmarks(other.landmarks_px)
    image_height, image_width = other.image_bgr.shape[:2]
    wide_left, wide_right = max(8, int(x)), max(8, int(image_width - x - box_width))
    bottom = max(8, min(image_height, int(y + box_height * 1.6)))
    side = (
        other.image_bgr[:bottom, :wide_left]
        if wide_left > wide_right
        else other.image_bgr[:bottom, -wide_right:]
    )
    room = cv2.resize(side, (width, height), interpolation=cv2.INTER_LINEAR)
    sigma = rng.uniform(0, 4)
    return (cv2.GaussianBlur(room, (0, 0), sigma) if sigma > 0.5 else room).astype(np.uint8, copy=False)


def hang_pictures(
    picture: Image, box: PixelBox, others: Sequence[FaceSample], rng: np.random.Generator
) -> Image:
    """Frames, screens and doors behind a living person, who stays before them."""
    height, width = picture.shape[:2]
    behind = picture.astype(np.float32)
    for _ in range(int(rng.integers(1, 4))):
        x, y = int(rng.integers(-width // 3, width)), int(rng.integers(-height // 3, height))
        far = x + int(rng.uniform(0.15, 1.0) * width), y + int(rng.uniform(0.15, 1.0) * height)
        inside = slice(max(0, y), max(0, min(far[1], height))), slice(max(0, x), max(0, min(far[0], width)))
        if behind[inside].size and rng.random() < 0.6:
            behind[inside] = _find_background(behind[inside].shape[:2], others, rng)
        colour = tuple(float(value) for value in np.full(3, rng.uniform(0, 255)) + rng.normal(0, 12, 3))
        cv2.rectangle(behind, (x, y), far, colour, int(rng.integers(1, max(2, width // 16))))
    person = np.zeros((height, width), np.float32)
    middle = int(box.x + box.width / 2), int(box.y + box.height * 0.4)
    cv2.ellipse(person, middle, (int(box.width * 0.72), int(box.height * 0.85)), 0, 0, 360, 1.0, -1)
    shoulders = middle[0], int(box.y + box.height * 2.0)
    cv2.ellipse(person, shoulders, (int(box.width * 1.7), int(box.height * 1.05)), 0, 0, 360, 1.0, -1)
    person = cv2.GaussianBlur(person, (0, 0), max(1.0, box.width * 0.02))[..., np.newaxis]
    return (picture * person + behind * (1 - person)).astype(np.uint8)


def film(picture: Image, rng: np.random.Generator) -> Image:
    """One capture by the same cameras as before a medium: exposure, cast, noise; lamps that flicker or flare."""
    camera = draw_camera(rng, cast=0.1)
    levels = (np.arange(256) / 255)[:, np.newaxis] ** rng.uniform(1.8, 2.2)
    table = levels * np.array(camera.gains_bgr) * camera.exposure
    light = cv2.LUT(soften(picture, camera), table[np.newaxis].astype(np.float32)).astype(
        np.float32, copy=False
    )
    height, width = picture.shape[:2]
    if rng.random() < 0.12:
        rows = np.sin(np.arange(height) / height * rng.uniform(4, 60) + rng.uniform(0, 6))
        light *= (1 + rng.uniform(0.02, 0.1) * rows).astype(np.float32)[:, np.newaxis, np.newaxis]
    if rng.random() < 0.12:
        flare = light_blobs(int(rng.integers(2**31)), int(rng.integers(1, 3)), height, width)
        light += (flare * np.float32(rng.uniform(0.05, 0.4)))[..., np.newaxis]
    return expose(light, camera, rng)
