"""One capture of a face: how a camera or a generator has it, what is kept of the frame, and how it is stored."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from training.degradation import (
    Degradation,
    Encoding,
    apply_camera_colour,
    degrade,
    draw_degradation,
    encode_jpeg,
    record,
)
from training.recording import film, reduce_palette
from training.samples import FaceSample, resize_face
from verification.vision.crop import PixelBox, bound_landmarks

# Of faces that allow it, this share is forged larger than it is shown.
SHRUNK_SHARE = 0.35
MAX_SHRINKAGE = 2.0
# What is kept of a frame, times the landmark box: the crop, its shifts, and a little more.
KEPT_SCALE = 1.7
# Frames that a codec or a palette has been through are kept nearly as they are.
ARCHIVE_QUALITY = 96
MAX_DRIFT_PX = 2.0

Image = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class View:
    """A face as a camera or a generator has it, and what the capture then does to it.

    shrinkage: how much smaller it is shown than it stands here; at least 1.
    """

    image_bgr: Image
    landmarks_px: npt.NDArray[np.float32]
    degradation: Degradation
    shrinkage: float


@dataclass(frozen=True, slots=True)
class Shot:
    """Frames of one face before they are stored, the box of its landmarks, and how to store them."""

    frames_bgr: tuple[Image, ...]
    box: PixelBox
    degradation: Degradation
    drift_px: npt.NDArray[np.float32]


def draw_view(sample: FaceSample, rng: np.random.Generator) -> View:
    """Draws a capture of the face, and the face as it is before that: its size, side and colour."""
    degradation = draw_degradation(rng, sample.face_px)
    shrinkage = float(rng.uniform(1, MAX_SHRINKAGE)) if rng.random() < SHRUNK_SHARE else 1.0
    shrinkage = max(1.0, min(shrinkage, sample.face_px / degradation.face_px))
    scale = degradation.face_px * shrinkage / sample.face_px
    recorded = record(sample.image_bgr, degradation)
    image, landmarks = resize_face(recorded, sample.landmarks_px, scale)
    if rng.random() < 0.5:
        image = np.ascontiguousarray(image[:, ::-1])
        landmarks = landmarks * np.array([-1, 1], np.float32)
        landmarks = landmarks + np.array([image.shape[1] - 1, 0], np.float32)
    return View(apply_camera_colour(image, degradation), landmarks, degradation, shrinkage)


def shoot(view: View, images_bgr: tuple[Image, ...], rng: np.random.Generator) -> Shot:
    """The pictures of one view as captured frames, cut to what the crop needs."""
    drift = rng.uniform(-MAX_DRIFT_PX, MAX_DRIFT_PX, 2).astype(np.float32)
    resized = [resize_face(image, view.landmarks_px, 1 / view.shrinkage) for image in images_bgr]
    box = bound_landmarks(resized[0][1])
    half = KEPT_SCALE * max(box.width, box.height) / 2
    left, top = (max(0, int(centre - half)) for centre in (box.x + box.width / 2, box.y + box.height / 2))
    stop = (box.x + box.width / 2 + half, box.y + box.height / 2 + half)
    frames = tuple(
        degrade(
            np.ascontiguousarray(image[top : int(stop[1]) + 1, left : int(stop[0]) + 1]), view.degradation
        )
        for image, _ in resized
    )
    return Shot(frames, box._replace(x=box.x - left, y=box.y - top), view.degradation, drift)


def store_shots(shots: Sequence[Shot], codec: Sequence[str]) -> list[tuple[Image, ...]]:
    """Every shot's frames as JPEG bytes, after the codec or palette it calls for."""
    filmed = [shot for shot in shots if shot.degradation.encoding is Encoding.VIDEO]
    frames = [frame for shot in filmed for frame in shot.frames_bgr]
    drifts = np.array([shot.drift_px for shot in filmed for _ in shot.frames_bgr], np.float32)
    coded = iter(film(frames, codec, drifts))
    stored = []
    for shot in shots:
        kept, quality = shot, ARCHIVE_QUALITY
        if shot.degradation.encoding is Encoding.VIDEO:
            kept = replace(shot, frames_bgr=tuple(next(coded) for _ in shot.frames_bgr))
        elif shot.degradation.encoding is Encoding.PALETTE:
            kept = replace(shot, frames_bgr=tuple(reduce_palette(frame) for frame in shot.frames_bgr))
        else:
            quality = shot.degradation.jpeg_quality
        stored.append(tuple(encode_jpeg(frame, quality) for frame in kept.frames_bgr))
    return stored
