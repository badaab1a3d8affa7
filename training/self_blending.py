"""Self-blended images: a face blended onto itself leaves the traces of a swap and no other difference.

Source: K. Shiohara, T. Yamasaki, "Detecting Deepfakes with Self-Blended Images", CVPR 2022, section 3.
"""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from training.masks import blend, displace, draw_displacement, draw_mask

Image = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Pair:
    """A bona fide face and its simulated forgery, uint8 BGR of one shape, equal outside `mask`.

    mask: float32 of shape (H, W), the share of the replaced face at each pixel, 0..1.
    """

    genuine_bgr: Image
    blended_bgr: Image
    mask: npt.NDArray[np.float32]


def shift_colour(image_bgr: Image, rng: np.random.Generator, strength: float) -> Image:
    """Shifts channels, hue, saturation, brightness and contrast; `strength` 1 is the paper's range."""
    shifted = image_bgr.astype(np.float32) + rng.uniform(-20, 20, 3).astype(np.float32) * strength
    contrast = 1 + rng.uniform(-0.1, 0.1) * strength
    brightness = rng.uniform(-0.1, 0.1) * 255 * strength
    shifted = np.clip((shifted - 127.5) * contrast + 127.5 + brightness, 0, 255).astype(np.uint8)
    hsv = cv2.cvtColor(shifted, cv2.COLOR_BGR2HSV).astype(np.float32)
    hsv[..., 0] = (hsv[..., 0] + rng.uniform(-4, 4) * strength) % 180
    hsv[..., 1] = np.clip(hsv[..., 1] * (1 + rng.uniform(-0.2, 0.2) * strength), 0, 255)
    return cv2.cvtColor(hsv.astype(np.uint8), cv2.COLOR_HSV2BGR).astype(np.uint8, copy=False)


def shift_frequency(image_bgr: Image, rng: np.random.Generator) -> Image:
    """Takes fine detail away (shrunk 1.3 to 4 times and enlarged again) or sharpens it."""
    height, width = image_bgr.shape[:2]
    if rng.random() < 0.6:
        factor = float(np.exp(rng.uniform(np.log(1.3), np.log(4.0))))
        small = (max(8, round(width / factor)), max(8, round(height / factor)))
        shrunk = cv2.resize(image_bgr, small, interpolation=cv2.INTER_AREA)
        enlarged = cv2.resize(shrunk, (width, height), interpolation=cv2.INTER_LINEAR)
        return enlarged.astype(np.uint8, copy=False)
    soft = cv2.GaussianBlur(image_bgr, (0, 0), rng.uniform(0.8, 2.0))
    amount = rng.uniform(0.4, 1.2)
    return cv2.addWeighted(image_bgr, 1 + amount, soft, -amount, 0).astype(np.uint8, copy=False)


def shift_position(image_bgr: Image, rng: np.random.Generator, face_px: float) -> Image:
    """Moves the face by up to 3 % of its width, scales it by up to 5 %, and bends it a little."""
    height, width = image_bgr.shape[:2]
    centre, angle_deg, scale = (width / 2, height / 2), rng.uniform(-1.5, 1.5), rng.uniform(0.95, 1.05)
    matrix = cv2.getRotationMatrix2D(centre, angle_deg, scale).astype(np.float64)
    matrix[:, 2] += np.array([rng.uniform(-0.03, 0.03), rng.uniform(-0.015, 0.015)]) * face_px
    warped = cv2.warpAffine(image_bgr, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
    moved = warped.astype(np.uint8, copy=False)
    if rng.random() < 0.5:
        return moved
    bend = draw_displacement(rng, (height, width), rng.uniform(0, 0.02) * face_px, 0.3 * face_px)
    return displace(moved, bend)


def self_blend(image_bgr: Image, landmarks_px: npt.NDArray[np.float32], rng: np.random.Generator) -> Pair:
    """Blends a changed copy of the face onto the face.

    The change is made to the blended face or, as often as the paper does, to the picture below it; then the
    genuine member is that changed picture too, so that the only cue is the blend.
    """
    face_px = float(np.ptp(landmarks_px[:, 0]))
    changed = image_bgr
    if rng.random() < 0.8:
        changed = shift_colour(changed, rng, rng.uniform(0.3, 1.0))
    if rng.random() < 0.6 or changed is image_bgr:
        changed = shift_frequency(changed, rng)
    target, source = (image_bgr, changed) if rng.random() < 0.7 else (changed, image_bgr)
    source = shift_position(source, rng, face_px)
    mask = draw_mask(rng, image_bgr.shape[:2], landmarks_px)
    return Pair(target, blend(target, source, mask), mask)
