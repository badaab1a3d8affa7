"""What a capture does to a face, drawn once per pair so that both members go through the same.

The ranges are what the capture page lets through, and what a published clip has been through: a face of 85 to
320 px, light blur, some noise, then a JPEG, a video codec or a GIF palette. Some pairs are softened, smoothed
as by a beauty filter, or enlarged as a whole, so that a soft face alone is no sign of forgery.
"""

from dataclasses import dataclass
from enum import StrEnum

import cv2
import numpy as np
import numpy.typing as npt

FACE_PX = (85.0, 320.0)
MAX_ENLARGEMENT = 1.15
MAX_BLUR_SIGMA_PX = 0.8
MAX_NOISE_SIGMA = 2.5
JPEG_QUALITY = (55, 96)
RECORDING_QUALITY = (25, 80)
RECORDED_SHARE = 0.4
GAIN = (0.88, 1.12)
GAMMA = (0.8, 1.25)
SOFTENED_SHARE = 0.2
SOFTENING = (1.2, 2.4)
SMOOTHED_SHARE = 0.12
MOVED_SHARE = 0.08

Image = npt.NDArray[np.uint8]


class Encoding(StrEnum):
    """What the captured frame is stored as."""

    JPEG = "jpeg"
    VIDEO = "video"
    PALETTE = "palette"


ENCODING_ODDS = {Encoding.JPEG: 0.55, Encoding.VIDEO: 0.38, Encoding.PALETTE: 0.07}


@dataclass(frozen=True, slots=True)
class Degradation:
    """One capture.

    recording_quality: JPEG quality, 25..80, of a recording that the picture has been through before anything
        else; None where there was none.
    face_px: width of the face in the captured frame, pixels.
    gains_bgr, gamma: white balance and exposure of the camera.
    softening: the frame is shrunk by this factor and enlarged again, as a small face that is shown large; 1
        is not at all.
    smoothing: strength of a beauty filter, levels over which it evens out; 0 is none.
    motion_px: length of a motion blur, pixels of the captured frame; 0 is none. motion_deg: its direction.
    blur_sigma_px: Gaussian blur of the lens, pixels of the captured frame; 0 is none.
    noise_sigma: sensor noise in 8-bit levels, drawn from `noise_seed`.
    encoding: what the frame is stored as. jpeg_quality: 55..96, where that is JPEG.
    """

    recording_quality: int | None
    face_px: float
    gains_bgr: tuple[float, float, float]
    gamma: float
    softening: float
    smoothing: float
    motion_px: float
    motion_deg: float
    blur_sigma_px: float
    noise_sigma: float
    noise_seed: int
    encoding: Encoding
    jpeg_quality: int


def draw_degradation(rng: np.random.Generator, native_face_px: float) -> Degradation:
    """Draws a capture of a face that is `native_face_px` wide in its source picture.

    A face is never enlarged by more than 1.15, unless that is what it takes to reach the least size.
    """
    largest = float(np.clip(native_face_px * MAX_ENLARGEMENT, FACE_PX[0], FACE_PX[1]))
    is_recorded = rng.random() < RECORDED_SHARE
    blurred, noisy = rng.random(2) < 0.5
    softened, smoothed, moved = rng.random(3) < (SOFTENED_SHARE, SMOOTHED_SHARE, MOVED_SHARE)
    return Degradation(
        recording_quality=int(rng.integers(*RECORDING_QUALITY)) if is_recorded else None,
        face_px=float(np.exp(rng.uniform(np.log(FACE_PX[0]), np.log(largest)))),
        gains_bgr=(rng.uniform(*GAIN), rng.uniform(*GAIN), rng.uniform(*GAIN)),
        gamma=float(np.exp(rng.uniform(*np.log(GAMMA)))),
        softening=float(rng.uniform(*SOFTENING)) if softened else 1.0,
        smoothing=float(rng.uniform(10, 45)) if smoothed else 0.0,
        motion_px=float(rng.uniform(1.5, 5.0)) if moved else 0.0,
        motion_deg=float(rng.uniform(0, 180)),
        blur_sigma_px=float(rng.uniform(0.2, MAX_BLUR_SIGMA_PX)) if blurred else 0.0,
        noise_sigma=float(rng.uniform(0.5, MAX_NOISE_SIGMA)) if noisy else 0.0,
        noise_seed=int(rng.integers(2**32)),
        encoding=Encoding(rng.choice([str(kind) for kind in ENCODING_ODDS], p=list(ENCODING_ODDS.values()))),
        jpeg_quality=int(rng.integers(JPEG_QUALITY[0], JPEG_QUALITY[1] + 1)),
    )


def record(image_bgr: Image, degradation: Degradation) -> Image:
    """The picture as a compressed recording holds it: genuine faces come with block artefacts too."""
    if degradation.recording_quality is None:
        return image_bgr
    return compress(image_bgr, degradation.recording_quality)


def apply_camera_colour(image_bgr: Image, degradation: Degradation) -> Image:
    """White balance and exposure. Done before a blend: a swap is made from pictures a camera took."""
    levels = np.linspace(0, 1, 256)[:, None] ** degradation.gamma * np.array(degradation.gains_bgr)
    table = (np.clip(levels, 0, 1) * 255 + 0.5).astype(np.uint8)
    return cv2.LUT(image_bgr, table[None]).astype(np.uint8, copy=False)


def degrade(image_bgr: Image, degradation: Degradation) -> Image:
    """All but the encoding. The same `degradation` on two images differs in nothing but the images."""
    result = _soften(image_bgr, degradation.softening)
    if degradation.smoothing > 0:
        result = cv2.bilateralFilter(result, 7, degradation.smoothing, 3.0).astype(np.uint8, copy=False)
    if degradation.motion_px > 0:
        kernel = _draw_motion(degradation.motion_px, degradation.motion_deg)
        result = cv2.filter2D(result, -1, kernel).astype(np.uint8, copy=False)
    if degradation.blur_sigma_px > 0:
        blurred = cv2.GaussianBlur(result, (0, 0), degradation.blur_sigma_px)
        result = blurred.astype(np.uint8, copy=False)
    if degradation.noise_sigma > 0:
        noise = np.random.default_rng(degradation.noise_seed).standard_normal(result.shape, dtype=np.float32)
        noisy = result.astype(np.float32) + noise * np.float32(degradation.noise_sigma)
        result = np.clip(noisy + 0.5, 0, 255).astype(np.uint8)
    return result


def compress(image_bgr: Image, quality: int) -> Image:
    """The picture after a JPEG of that quality, 0..100."""
    return decode_jpeg(encode_jpeg(image_bgr, quality))


def encode_jpeg(image_bgr: Image, quality: int) -> Image:
    """The JPEG's bytes: uint8 of shape (N,)."""
    encoded = cv2.imencode(".jpg", image_bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return encoded.astype(np.uint8, copy=False)


def decode_jpeg(data: Image) -> Image:
    """A JPEG that this module made, as uint8 BGR."""
    decoded = cv2.imdecode(data, cv2.IMREAD_COLOR)
    assert decoded is not None, "a JPEG just made can be read"
    return decoded.astype(np.uint8, copy=False)


def _soften(image_bgr: Image, factor: float) -> Image:
    if factor <= 1:
        return image_bgr
    height, width = image_bgr.shape[:2]
    small = (max(8, round(width / factor)), max(8, round(height / factor)))
    shrunk = cv2.resize(image_bgr, small, interpolation=cv2.INTER_AREA)
    return cv2.resize(shrunk, (width, height), interpolation=cv2.INTER_CUBIC).astype(np.uint8, copy=False)


def _draw_motion(length_px: float, angle_deg: float) -> npt.NDArray[np.float32]:
    side = 2 * int(np.ceil(length_px / 2)) + 1
    kernel = np.zeros((side, side), np.float32)
    reach = length_px / 2 * np.array([np.cos(np.radians(angle_deg)), np.sin(np.radians(angle_deg))])
    centre = np.array([side // 2, side // 2])
    start, stop = (tuple(np.round(centre + sign * reach).astype(int).tolist()) for sign in (-1, 1))
    cv2.line(kernel, start, stop, 1.0)
    return kernel / kernel.sum()
