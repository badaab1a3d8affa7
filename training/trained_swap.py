"""Swaps by a real autoencoder pair, trained on the spot: a kind of forgery that is measured and never trained on.

One encoder, shared, and one decoder a person, as the first face-swap programs had them: what the encoder saw of one
person is drawn by the other's decoder. Small and trained for minutes, so softer than a patient forger's. Needs
TensorFlow. Source: I. Perov et al., "DeepFaceLab", arXiv:2005.05535, section 3, of which this is the least form.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import keras
import numpy as np
import numpy.typing as npt
from keras import layers, ops

from training.generators import align_face
from training.graphics_swap import match_colour
from training.masks import Region, blend, displace, draw_displacement, fill_region
from training.samples import FaceSample
from training.self_blending import Image, Pair

SIDE_PX = 64
CODE_SIZE = 256
STEPS = 300
BATCH = 8
LEARNING_RATE = 1e-3
MAX_BEND = 0.05
FEATHER = 0.05

Points = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class SwapPair:
    """encoder: one for both. decoders: of the first person and of the second."""

    encoder: keras.Model
    decoders: tuple[keras.Model, keras.Model]

    def swap(self, whose: int, image_bgr: Image, landmarks_px: Points, _: np.random.Generator) -> Pair:
        """Draws person `whose` (0 or 1) over the face; the genuine member is the picture as it was."""
        shape, into = image_bgr.shape[:2], align_face(landmarks_px, SIDE_PX)
        crop = cv2.warpAffine(image_bgr, into, (SIDE_PX, SIDE_PX), borderMode=cv2.BORDER_REPLICATE)
        coded = self.encoder(crop[np.newaxis].astype(np.float32) / 255, training=False)
        drawn = self.decoders[whose](coded, training=False).numpy()[0]
        face = np.clip(drawn * 255 + 0.5, 0, 255).astype(np.uint8)
        flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
        back = cv2.warpAffine(face, into, shape[::-1], flags=flags, borderMode=cv2.BORDER_REPLICATE)
        mask = fill_region(shape, landmarks_px, Region.BELOW_BROWS)
        matched = match_colour(back.astype(np.uint8, copy=False), image_bgr, mask > 0)
        sigma_px = FEATHER * float(np.ptp(landmarks_px[:, 0]))
        soft = cv2.GaussianBlur(mask, (0, 0), sigma_px).astype(np.float32, copy=False)
        return Pair(image_bgr, blend(image_bgr, matched, soft), soft)


def train_swap(
    people: tuple[Sequence[FaceSample], Sequence[FaceSample]],
    seed: int,
    steps: int = STEPS,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> SwapPair:
    """Trains the pair on the faces of two people, each step on 8 faces of each."""
    rng = np.random.default_rng(seed)
    faces = [[_cut(sample) for sample in samples] for samples in people]
    encoder, decoders = _build_encoder(), (_build_decoder(), _build_decoder())
    trainers = [_join(encoder, decoder) for decoder in decoders]
    for step in range(steps):
        for trainer, crops in zip(trainers, faces, strict=True):
            chosen = np.stack([crops[index] for index in rng.integers(len(crops), size=BATCH)])
            bent = np.stack([_bend(crop, rng) for crop in chosen])
            trainer.train_on_batch(bent.astype(np.float32) / 255, chosen.astype(np.float32) / 255)
        progress(step + 1, steps)
    return SwapPair(encoder, decoders)


def _cut(sample: FaceSample) -> Image:
    into = align_face(sample.landmarks_px, SIDE_PX)
    crop = cv2.warpAffine(sample.image_bgr, into, (SIDE_PX, SIDE_PX), borderMode=cv2.BORDER_REPLICATE)
    return crop.astype(np.uint8, copy=False)


def _bend(crop: Image, rng: np.random.Generator) -> Image:
    """A face bent at random, from which the straight one is to be drawn."""
    return displace(crop, draw_displacement(rng, (SIDE_PX, SIDE_PX), MAX_BEND * SIDE_PX, SIDE_PX / 4))


def _join(encoder: keras.Model, decoder: keras.Model) -> keras.Model:
    whole = keras.Model(encoder.input, decoder(encoder.output))
    whole.compile(keras.optimizers.Adam(LEARNING_RATE, beta_1=0.5), "mae")
    return whole


def _build_encoder() -> keras.Model:
    face = keras.Input((SIDE_PX, SIDE_PX, 3))
    x = face
    for filters in (32, 64, 128):
        x = layers.LeakyReLU(0.1)(layers.Conv2D(filters, 5, strides=2, padding="same")(x))
    x = layers.Dense(CODE_SIZE)(layers.Flatten()(x))
    x = layers.Reshape((8, 8, 32))(layers.Dense(8 * 8 * 32)(x))
    return keras.Model(face, _enlarge(x, 32))


def _build_decoder() -> keras.Model:
    code = keras.Input((16, 16, 32))
    x = _enlarge(_enlarge(code, 32), 16)
    return keras.Model(code, layers.Conv2D(3, 5, padding="same", activation="sigmoid")(x))


def _enlarge(x: keras.KerasTensor, filters: int) -> keras.KerasTensor:
    """Twice the side, four pixels made of four channels."""
    x = layers.LeakyReLU(0.1)(layers.Conv2D(4 * filters, 3, padding="same")(x))
    height, width = x.shape[1:3]
    x = layers.Reshape((height, width, 2, 2, filters))(x)
    x = ops.transpose(x, (0, 1, 3, 2, 4, 5))
    return layers.Reshape((2 * height, 2 * width, filters))(x)
