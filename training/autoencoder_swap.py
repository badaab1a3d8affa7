"""Simulated autoencoder swaps: what such generators do to a face, without the generator.

They decode a face at a fixed small size, which smooths it, then enlarge it, match its colour and blend it in.
It is a simulation: figures measured on it say little about real swaps.
"""

import cv2
import numpy as np
import numpy.typing as npt

from training.masks import blend, draw_mask
from training.self_blending import Image, Pair, shift_colour, shift_position
from verification.vision.crop import bound_landmarks

DECODED_PX = (64.0, 128.0)
# A face that is decoded at its own size and shown smaller has lost nothing, and would be labelled wrongly.
MAX_DECODED_SHARE = 0.75


def decode_face(
    face_bgr: Image, rng: np.random.Generator, sides_px: tuple[float, float] = DECODED_PX
) -> Image:
    """The face as a decoder of `sides_px` would give it back, at its own size again."""
    height, width = face_bgr.shape[:2]
    side = max(8, round(min(rng.uniform(*sides_px), MAX_DECODED_SHARE * min(height, width))))
    shrunk = cv2.resize(face_bgr, (side, side), interpolation=cv2.INTER_AREA)
    decoded = _smooth(shrunk.astype(np.uint8, copy=False), rng)
    if rng.random() < 0.15:
        decoded = add_upsampling_grid(decoded, rng)
    method = (cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_LANCZOS4)[rng.integers(3)]
    enlarged = cv2.resize(decoded, (width, height), interpolation=method)
    if rng.random() < 0.35:
        amount = rng.uniform(0.3, 1.0)
        soft = cv2.GaussianBlur(enlarged, (0, 0), 1.5)
        enlarged = cv2.addWeighted(enlarged, 1 + amount, soft, -amount, 0)
    return enlarged.astype(np.uint8, copy=False)


def swap_by_autoencoder(
    image_bgr: Image,
    landmarks_px: npt.NDArray[np.float32],
    rng: np.random.Generator,
    donor_bgr: Image | None = None,
) -> Pair:
    """Replaces the face by its decoded self; or by a donor's, who lies on the same landmarks."""
    left, top, right, bottom = _draw_aligned_square(image_bgr.shape[:2], landmarks_px, rng)
    source = (image_bgr if donor_bgr is None else donor_bgr).copy()
    source[top:bottom, left:right] = decode_face(source[top:bottom, left:right], rng)
    if rng.random() < 0.7:
        source = shift_colour(source, rng, rng.uniform(0.1, 0.6))
    if rng.random() < 0.7:
        source = shift_position(source, rng, float(np.ptp(landmarks_px[:, 0])))
    mask = draw_mask(rng, image_bgr.shape[:2], landmarks_px)
    return Pair(image_bgr, blend(image_bgr, source, mask), mask)


def _draw_aligned_square(
    shape: tuple[int, int], landmarks_px: npt.NDArray[np.float32], rng: np.random.Generator
) -> tuple[int, int, int, int]:
    """The square that a generator is fed: 1.1 to 1.5 times the landmark box, inside the image."""
    x, y, width, height = bound_landmarks(landmarks_px)
    half = rng.uniform(1.1, 1.5) * max(width, height) / 2
    centre_x, centre_y = x + width / 2, y + height / 2
    left, top = max(0, int(centre_x - half)), max(0, int(centre_y - half))
    return left, top, min(shape[1], int(centre_x + half)), min(shape[0], int(centre_y + half))


def _smooth(image_bgr: Image, rng: np.random.Generator) -> Image:
    if rng.random() < 0.5:
        return cv2.GaussianBlur(image_bgr, (0, 0), rng.uniform(0.4, 1.1)).astype(np.uint8, copy=False)
    return cv2.bilateralFilter(image_bgr, 5, rng.uniform(10, 40), 2.0).astype(np.uint8, copy=False)


def add_upsampling_grid(image_bgr: Image, rng: np.random.Generator) -> Image:
    """The checkerboard that transposed convolutions leave, at the decoder's last resolution."""
    rows, columns = np.indices(image_bgr.shape[:2])
    board = np.where((rows + columns) % 2 == 1, 1.0, -1.0) * rng.uniform(1.0, 4.0)
    gridded: Image = np.clip(image_bgr + board[..., None], 0, 255).astype(np.uint8)
    return gridded
