"""What a capture does to a face, drawn once per pair so that both members go through the same.

The ranges are what the capture page lets through: a face of 85 to 320 px, light blur, some noise, one JPEG.
Harder degradation hides the traces that the network has to learn.
"""

from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True)
class Degradation:
    """One capture.

    recording_quality: JPEG quality, 25..80, of a recording that the picture has been through before anything
        else; None where there was none.
    face_px: width of the face in the captured frame, pixels.
    gains_bgr, gamma: white balance and exposure of the camera.
    blur_sigma_px: Gaussian blur of the lens, pixels of the captured frame; 0 is none.
    noise_sigma: sensor noise in 8-bit levels, drawn from `noise_seed`.
    jpeg_quality: 55..96.
    """

    recording_quality: int | None
    face_px: float
    gains_bgr: tuple[float, float, float]
    gamma: float
    blur_sigma_px: float
    noise_sigma: float
    noise_seed: int
    jpeg_quality: int


def draw_degradation(rng: np.random.Generator, native_face_px: float) -> Degradation:
    """Draws a capture of a face that is `native_face_px` wide in its source picture.

    A face is never enlarged by more than 1.15, unless that is what it takes to reach the least size.
    """
    largest = float(np.clip(native_face_px * MAX_ENLARGEMENT, FACE_PX[0], FACE_PX[1]))
    is_recorded = rng.random() < RECORDED_SHARE
    blurred, noisy = rng.random(2) < 0.5
    return Degradation(
        recording_quality=int(rng.integers(*RECORDING_QUALITY)) if is_recorded else None,
        face_px=float(np.exp(rng.uniform(np.log(FACE_PX[0]), np.log(largest)))),
        gains_bgr=(rng.uniform(*GAIN), rng.uniform(*GAIN), rng.uniform(*GAIN)),
        gamma=float(np.exp(rng.uniform(*np.log(GAMMA)))),
        blur_sigma_px=float(rng.uniform(0.2, MAX_BLUR_SIGMA_PX)) if blurred else 0.0,
        noise_sigma=float(rng.uniform(0.5, MAX_NOISE_SIGMA)) if noisy else 0.0,
        noise_seed=int(rng.integers(2**32)),
        jpeg_quality=int(rng.integers(JPEG_QUALITY[0], JPEG_QUALITY[1] + 1)),
    )


def record(image_bgr: npt.NDArray[np.uint8], degradation: Degradation) -> npt.NDArray[np.uint8]:
    """The picture as a compressed recording holds it: genuine faces come with block artefacts too."""
    if degradation.recording_quality is None:
        return image_bgr
    return _compress(image_bgr, degradation.recording_quality)


def apply_camera_colour(image_bgr: npt.NDArray[np.uint8], degradation: Degradation) -> npt.NDArray[np.uint8]:
    """White balance and exposure. Done before a blend: a swap is made from pictures a camera took."""
    levels = np.linspace(0, 1, 256)[:, None] ** degradation.gamma * np.array(degradation.gains_bgr)
    table = (np.clip(levels, 0, 1) * 255 + 0.5).astype(np.uint8)
    return cv2.LUT(image_bgr, table[None]).astype(np.uint8, copy=False)


def degrade(image_bgr: npt.NDArray[np.uint8], degradation: Degradation) -> npt.NDArray[np.uint8]:
    """Blur, noise and one JPEG. The same `degradation` on two images differs in nothing but the images."""
    result = image_bgr
    if degradation.blur_sigma_px > 0:
        blurred = cv2.GaussianBlur(result, (0, 0), degradation.blur_sigma_px)
        result = blurred.astype(np.uint8, copy=False)
    if degradation.noise_sigma > 0:
        noise = np.random.default_rng(degradation.noise_seed).standard_normal(result.shape, dtype=np.float32)
        noisy = result.astype(np.float32) + noise * np.float32(degradation.noise_sigma)
        result = np.clip(noisy + 0.5, 0, 255).astype(np.uint8)
    return _compress(result, degradation.jpeg_quality)


def _compress(image_bgr: npt.NDArray[np.uint8], quality: int) -> npt.NDArray[np.uint8]:
    encoded = cv2.imencode(".jpg", image_bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    decoded = cv2.imdecode(encoded, cv2.IMREAD_COLOR)
    assert decoded is not None, "a JPEG just made can be read"
    return decoded.astype(np.uint8, copy=False)
