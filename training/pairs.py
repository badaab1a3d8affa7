"""Batches of pairs: a bona fide face and its simulated forgery, seen by the same camera.

Batch `i` of seed `s` is always the same, whichever process makes it.
"""

import multiprocessing
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from enum import StrEnum

import cv2
import numpy as np
import numpy.typing as npt

from training.autoencoder_swap import swap_by_autoencoder
from training.degradation import Degradation, apply_camera_colour, degrade, draw_degradation, record
from training.samples import FaceSample, Origin, resize_face
from training.self_blending import Pair, self_blend
from verification.vision.crop import PixelBox, bound_landmarks, prepare_deepfake_input

CLIP_SHARE = 0.3
SWAP_SHARE = 0.45
MAX_BOX_SHIFT = 0.03
BATCHES_AHEAD = 6

Forge = Callable[[npt.NDArray[np.uint8], npt.NDArray[np.float32], np.random.Generator], Pair]
Batch = tuple[npt.NDArray[np.uint8], npt.NDArray[np.float32]]


class Forgery(StrEnum):
    """How a forged member is simulated."""

    SELF_BLEND = "self_blend"
    AUTOENCODER_SWAP = "autoencoder_swap"


FORGE: dict[Forgery, Forge] = {Forgery.SELF_BLEND: self_blend, Forgery.AUTOENCODER_SWAP: swap_by_autoencoder}


def make_pair(
    sample: FaceSample, forge: Forge, rng: np.random.Generator
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """Network inputs of the genuine and the forged member: uint8 RGB of shape (256, 256, 3) each."""
    view = _draw_view(sample, rng)
    pair = forge(view.image_bgr, view.landmarks_px, rng)
    box = _shift_box(bound_landmarks(view.landmarks_px), rng)
    genuine, blended = (degrade(image, view.degradation) for image in (pair.genuine_bgr, pair.blended_bgr))
    return prepare_deepfake_input(genuine, box), prepare_deepfake_input(blended, box)


def make_capture(sample: FaceSample, rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    """Network input of a simulated capture with no forgery: uint8 RGB of shape (256, 256, 3)."""
    view = _draw_view(sample, rng)
    box = _shift_box(bound_landmarks(view.landmarks_px), rng)
    return prepare_deepfake_input(degrade(view.image_bgr, view.degradation), box)


def prepare_sample(sample: FaceSample) -> npt.NDArray[np.uint8]:
    """Network input of a face as it stands in its file: uint8 RGB of shape (256, 256, 3)."""
    return prepare_deepfake_input(sample.image_bgr, bound_landmarks(sample.landmarks_px))


@dataclass(frozen=True, slots=True)
class _View:
    """A face at the size, side and colour in which a camera sees it, and what the capture then does to it."""

    image_bgr: npt.NDArray[np.uint8]
    landmarks_px: npt.NDArray[np.float32]
    degradation: Degradation


def _draw_view(sample: FaceSample, rng: np.random.Generator) -> _View:
    degradation = draw_degradation(rng, sample.face_px)
    scale = degradation.face_px / sample.face_px
    recorded = record(sample.image_bgr, degradation)
    image, landmarks = resize_face(recorded, sample.landmarks_px, scale)
    if rng.random() < 0.5:
        image = np.ascontiguousarray(image[:, ::-1])
        landmarks = landmarks * np.array([-1, 1], np.float32)
        landmarks = landmarks + np.array([image.shape[1] - 1, 0], np.float32)
    return _View(apply_camera_colour(image, degradation), landmarks, degradation)


def _shift_box(box: PixelBox, rng: np.random.Generator) -> PixelBox:
    """Landmarks tremble from frame to frame; the same shift for both members."""
    x, y, width, height = box
    shift_x, shift_y, grow = rng.uniform(-MAX_BOX_SHIFT, MAX_BOX_SHIFT, 3) * max(width, height)
    return PixelBox(x + shift_x - grow / 2, y + shift_y - grow / 2, width + grow, height + grow)


@dataclass(frozen=True, slots=True)
class PairSampler:
    """Draws batches: origins by a fixed share, identities evenly within one, then one of their faces."""

    faces: dict[Origin, list[list[FaceSample]]]
    seed: int
    pairs_per_batch: int = 16

    @classmethod
    def over(cls, samples: Sequence[FaceSample], seed: int, pairs_per_batch: int = 16) -> "PairSampler":
        """A sampler over `samples`. Raises ValueError when there is none."""
        if not samples:
            raise ValueError("there are no faces to draw pairs from")
        grouped: dict[Origin, dict[str, list[FaceSample]]] = {}
        for sample in samples:
            grouped.setdefault(sample.origin, {}).setdefault(sample.identity, []).append(sample)
        return cls({origin: list(faces.values()) for origin, faces in grouped.items()}, seed, pairs_per_batch)

    def draw_batch(self, index: int) -> Batch:
        """Images, uint8 of shape (32, 256, 256, 3), and labels, float32 of shape (32, 1): 1 is genuine.

        The numbers hold for 16 pairs a batch; the members of a pair follow each other, genuine first.
        """
        rng = np.random.default_rng([self.seed, index])
        images: list[npt.NDArray[np.uint8]] = []
        for _ in range(self.pairs_per_batch):
            forgery = Forgery.AUTOENCODER_SWAP if rng.random() < SWAP_SHARE else Forgery.SELF_BLEND
            images.extend(make_pair(self.draw_sample(rng), FORGE[forgery], rng))
        labels = np.tile(np.array([1, 0], np.float32), self.pairs_per_batch)[:, None]
        return np.stack(images), labels

    def draw_sample(self, rng: np.random.Generator) -> FaceSample:
        """A face of the origin and the identity that come up."""
        if len(self.faces) == 2:
            people = self.faces[Origin.CLIP if rng.random() < CLIP_SHARE else Origin.PORTRAIT]
        else:
            (people,) = self.faces.values()
        faces = people[rng.integers(len(people))]
        return faces[rng.integers(len(faces))]


_sampler: PairSampler | None = None


def _start_worker(sampler: PairSampler) -> None:
    global _sampler  # noqa: PLW0603  a process's own copy, sent once instead of with every batch
    cv2.setNumThreads(1)
    _sampler = sampler


def _draw_in_worker(index: int) -> Batch:
    assert _sampler is not None
    return _sampler.draw_batch(index)


def stream_batches(sampler: PairSampler, first: int, stop: int) -> Iterator[Batch]:
    """Batches `first` to `stop` - 1 in order, made ahead by one worker process."""
    pool = ProcessPoolExecutor(
        1, mp_context=multiprocessing.get_context("spawn"), initializer=_start_worker, initargs=(sampler,)
    )
    waiting: deque[Future[Batch]] = deque()
    try:
        for index in range(first, stop):
            waiting.append(pool.submit(_draw_in_worker, index))
            if len(waiting) >= BATCHES_AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
