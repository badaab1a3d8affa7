"""Scenes before a camera: a living face, or a screen or print that shows one, held somewhere by someone.

Both are cut to the same frames: how far a frame reaches around the face is drawn from the source picture,
whichever class it becomes, so that the cut tells nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from training.samples import FaceSample, resize_face
from training.texture_formats import Image, send_through_formats
from training.texture_surroundings import Medium, film, find_edges, hang_pictures, surround
from verification.attacks.recapture import (
    PaperKind,
    ScreenKind,
    ScreenMedium,
    draw_paper,
    draw_screen,
    print_on_paper,
    show_on_screen,
)
from verification.vision.crop import PixelBox, bound_landmarks

FACE_PX = (58.0, 260.0)
MAX_ENLARGEMENT = 1.5
FRAME_REACH = (0.75, 1.7)
PICTURE_REACH = (0.52, 1.5)
LIVE = "live"
# How much happens to frames on their way: anything a codec can do, or what the capture page lets through.
HARD, CLEAR = 1.0, 0.4

MediumKind = ScreenKind | PaperKind


@dataclass(frozen=True, slots=True)
class Scene:
    """One captured frame. bgr: uint8 (h, w, 3). box: the face's, in its pixels. kind: LIVE, or the medium's kind."""

    bgr: Image
    box: PixelBox
    kind: str


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame to fill: its size in pixels, and the box of the face in it."""

    width: int
    height: int
    box: PixelBox


def film_live(
    source: FaceSample, others: Sequence[FaceSample], rng: np.random.Generator, hardness: float = HARD
) -> Scene:
    """A living face. others: whose pictures hang on the wall behind, where any do."""
    shrunk = _resize(source, rng)
    frame, (left, top) = _draw_frame(shrunk, rng)
    picture = np.ascontiguousarray(shrunk.image_bgr[top : top + frame.height, left : left + frame.width])
    if rng.random() < 0.3:
        picture = hang_pictures(picture, frame.box, others, rng)
    if rng.random() < 0.6:
        picture = film(picture, rng)
    return _finish(Scene(picture, frame.box, LIVE), rng, hardness)


def film_recaptured(
    source: FaceSample,
    others: Sequence[FaceSample],
    kinds: Sequence[MediumKind],
    rng: np.random.Generator,
    hardness: float = HARD,
) -> Scene:
    """A screen or a print of one of `kinds` that shows a face. others: what is seen behind it."""
    kind = kinds[int(rng.integers(len(kinds)))]
    medium: Medium = draw_screen(rng, [kind]) if isinstance(kind, ScreenKind) else draw_paper(rng, [kind])
    shrunk = _resize(source, rng)
    frame, (left, top) = _draw_frame(shrunk, rng)
    cut = _draw_cut(shrunk, rng)
    picture = np.ascontiguousarray(shrunk.image_bgr[cut[1] : cut[3], cut[0] : cut[2]])
    seen_at = _hold(frame, (cut[0] - left, cut[1] - top), rng)
    index = int(rng.integers(1000))
    if isinstance(medium, ScreenMedium):
        shown = show_on_screen(picture, medium, rng, index, seen_at=seen_at)
    else:
        shown = print_on_paper(picture, medium, rng, seen_at=seen_at)
    held = find_edges(seen_at, picture.shape[1], picture.shape[0])
    return _finish(Scene(surround(shown, held, medium, others, rng), frame.box, str(kind)), rng, hardness)


def _finish(scene: Scene, rng: np.random.Generator, hardness: float) -> Scene:
    """The same for every class: formats, and left for right in half of the scenes."""
    bgr, box = send_through_formats(scene.bgr, rng, hardness), scene.box
    if rng.random() < 0.5:
        bgr = np.ascontiguousarray(bgr[:, ::-1])
        box = PixelBox(bgr.shape[1] - box.x - box.width, box.y, box.width, box.height)
    return Scene(bgr, box, scene.kind)


def _resize(source: FaceSample, rng: np.random.Generator) -> FaceSample:
    """The source with a face of a random width; a third keep their own, and with it what their camera left."""
    own_px = source.face_px
    if FACE_PX[0] <= own_px <= FACE_PX[1] and rng.random() < 0.35:
        return source
    largest = float(np.clip(own_px * MAX_ENLARGEMENT, FACE_PX[0] * 1.01, FACE_PX[1]))
    wanted_px = float(np.exp(rng.uniform(np.log(FACE_PX[0]), np.log(largest))))
    image, points = resize_face(source.image_bgr, source.landmarks_px, wanted_px / own_px)
    return FaceSample(image, points, source.identity, source.source, source.origin)


def _draw_frame(source: FaceSample, rng: np.random.Generator) -> tuple[Frame, tuple[int, int]]:
    """A frame around the face, inside the source picture; with the source's pixel that is its corner."""
    left, top, right, bottom = _reach(source, FRAME_REACH, rng)
    x, y, width, height = bound_landmarks(source.landmarks_px)
    return Frame(right - left, bottom - top, PixelBox(x - left, y - top, width, height)), (left, top)


def _draw_cut(source: FaceSample, rng: np.random.Generator) -> tuple[int, int, int, int]:
    """What of the source the medium shows: in a third of cases all of it, else a piece around the face."""
    if rng.random() < 0.35:
        return 0, 0, source.image_bgr.shape[1], source.image_bgr.shape[0]
    return _reach(source, PICTURE_REACH, rng)


def _reach(
    source: FaceSample, bounds: tuple[float, float], rng: np.random.Generator
) -> tuple[int, int, int, int]:
    """Left, top, right and bottom, each at its own distance from the face's middle, in longer sides of its box."""
    x, y, width, height = bound_landmarks(source.landmarks_px)
    longer, middle_x, middle_y = max(width, height), x + width / 2, y + height / 2
    before_x, before_y, after_x, after_y = rng.uniform(*bounds, 4) * longer
    image_height, image_width = source.image_bgr.shape[:2]
    return (
        max(0, int(middle_x - before_x)),
        max(0, int(middle_y - before_y)),
        min(image_width, int(middle_x + after_x) + 1),
        min(image_height, int(middle_y + after_y) + 1),
    )


def _hold(frame: Frame, corner: tuple[int, int], rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """Where each pixel of the frame sees the picture, when a hand holds it a little turned and tilted.

    corner: where the picture's corner would lie in the frame, held straight.
    """
    middle = np.array([frame.box.x + frame.box.width / 2, frame.box.y + frame.box.height / 2])
    turn, zoom = np.deg2rad(rng.normal(0, 5)), float(np.exp(rng.normal(0, 0.04)))
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) * zoom
    tilt = rng.normal(0, 0.12, 2) / max(frame.width, frame.height)
    x = np.arange(frame.width, dtype=np.float32)[np.newaxis] - np.float32(middle[0])
    y = np.arange(frame.height, dtype=np.float32)[:, np.newaxis] - np.float32(middle[1])
    depth = np.maximum(1 + x * np.float32(tilt[0]) + y * np.float32(tilt[1]), np.float32(0.3))
    seen_at = np.empty((frame.height, frame.width, 2), np.float32)
    for axis in (0, 1):
        flat = x * np.float32(rotation[axis, 0]) + y * np.float32(rotation[axis, 1])
        seen_at[..., axis] = flat / depth + np.float32(middle[axis] - corner[axis])
    return seen_at
