"""The camera before which a medium is held: light, sampling, noise, and the codec behind it.

Light is kept linear, 1.0 being a white that just reaches 255. Frames are encoded with a square root, which
makes the noise of photon counts equally strong at every level.
"""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.uint8]
Light = npt.NDArray[np.float32]
_NOISE_CELL_PX = 256
_LIGHT_MAP_CELL_PX = 8


@dataclass(frozen=True, slots=True)
class Camera:
    """The camera of one presentation.

    oversampling: sensor pixels to a pixel of the frame, a side; the sensor meets the pattern first, and its
        moire outlives the scaling. optics_sigma: blur of the lens as sensor pixels see it, in sensor pixels.
    blur_sigma_px: defocus, pixels of the frame; 0 is none. sharpening: of the camera's own processing, 0..1.
    exposure: of a white picture, 1.0 just reaching 255. gains_bgr: white balance.
    contrast: of the tone curve, 1.0 is straight. noise_sigma: 8-bit levels. jpeg_quality: None is no codec.
    """

    oversampling: int
    optics_sigma: float
    blur_sigma_px: float
    sharpening: float
    exposure: float
    gains_bgr: tuple[float, float, float]
    contrast: float
    noise_sigma: float
    jpeg_quality: int | None


def draw_camera(rng: np.random.Generator, *, cast: float) -> Camera:
    """Draw a camera. cast: how far its white balance is off before this medium, 0..1."""
    blue, red = np.exp(rng.normal(0, cast, 2))
    is_blurred, is_sharpened, is_coded = rng.random(3) < (0.5, 0.5, 0.7)
    return Camera(
        oversampling=int(rng.choice((1, 1, 2, 2, 3))),
        optics_sigma=float(rng.uniform(0.12, 0.45)),
        blur_sigma_px=float(rng.uniform(0.3, 1.1)) if is_blurred else 0.0,
        sharpening=float(rng.uniform(0.2, 1.0)) if is_sharpened else 0.0,
        exposure=float(rng.uniform(0.7, 1.35)),
        gains_bgr=(float(blue), 1.0, float(red)),
        contrast=float(rng.uniform(0.8, 1.3)),
        noise_sigma=float(rng.uniform(0.4, 4.0)),
        jpeg_quality=int(rng.integers(60, 97)) if is_coded else None,
    )


def expose(light: Light, camera: Camera, rng: np.random.Generator) -> Image:
    """The frame that the camera makes of linear light of shape (h, w, 3), BGR; `light` is used up."""
    np.clip(light, 0.0, 1.0, out=light)
    levels = np.sqrt(light, out=light)
    levels *= np.float32(255)
    levels += _noise_for(light.shape[0], light.shape[1], rng) * np.float32(camera.noise_sigma)
    frame = cv2.convertScaleAbs(np.maximum(levels, 0, out=levels))
    if camera.sharpening > 0:
        soft = cv2.GaussianBlur(frame, (0, 0), 1.0)
        frame = cv2.addWeighted(frame, 1 + camera.sharpening, soft, -camera.sharpening, 0)
    return compress(cv2.LUT(frame, _tone_curve(camera.contrast)), camera.jpeg_quality)


def compress(bgr: npt.NDArray[np.generic], quality: int | None) -> Image:
    """The picture after one JPEG of that quality, 1..100; itself where it is None."""
    picture = bgr.astype(np.uint8, copy=False)
    if quality is None:
        return picture
    encoded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.asarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR), np.uint8)


def soften(bgr: Image, camera: Camera) -> Image:
    """The picture as a lens out of focus draws it."""
    if camera.blur_sigma_px <= 0:
        return bgr
    return cv2.GaussianBlur(bgr, (0, 0), camera.blur_sigma_px).astype(np.uint8, copy=False)


def pass_frequencies(
    cycles_x: npt.NDArray[np.float64], cycles_y: npt.NDArray[np.float64], camera: Camera
) -> npt.NDArray[np.float64]:
    """What is left of the contrast of sinusoids, by their frequencies in cycles per pixel of the frame.

    Lens (Gaussian), the sensor pixel's square aperture, and the mean over the sensor pixels of a frame's pixel,
    which sees a frequency above the sensor's Nyquist limit only as its alias. May be negative: the phase turns.
    Source: G. C. Holst, "CCD Arrays, Cameras and Displays", chapters on MTF and aliasing.
    """
    x, y = cycles_x / camera.oversampling, cycles_y / camera.oversampling
    lens = np.exp(-2 * np.pi**2 * camera.optics_sigma**2 * (x**2 + y**2))
    alias_x, alias_y = x - np.round(x), y - np.round(y)
    scaling = np.sinc(alias_x * camera.oversampling) * np.sinc(alias_y * camera.oversampling)
    passed: npt.NDArray[np.float64] = lens * np.sinc(x) * np.sinc(y) * scaling
    return passed


def light_blobs(seed: int, count: int, height: int, width: int) -> Light:
    """Soft lamps and windows mirrored in a surface: linear light of shape (height, width), 0..1 and more.

    The same for the same arguments; in whole frames, one lamp covers a few per cent of it.
    """
    small = _draw_blobs(seed, count, -(-height // _LIGHT_MAP_CELL_PX), -(-width // _LIGHT_MAP_CELL_PX))
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR).astype(np.float32, copy=False)


@lru_cache(maxsize=256)
def _draw_blobs(seed: int, count: int, height: int, width: int) -> Light:
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j].astype(np.float32)
    light = np.zeros((height, width), np.float32)
    for _ in range(count):
        dx, dy = x - rng.uniform(-0.1, 1.1), y - rng.uniform(-0.1, 1.1)
        turn, sharpness = rng.uniform(0, np.pi), rng.choice((1.0, 4.0))
        along, across = dx * np.cos(turn) + dy * np.sin(turn), dy * np.cos(turn) - dx * np.sin(turn)
        distance = (along / rng.uniform(0.06, 0.4)) ** 2 + (across / rng.uniform(0.04, 0.2)) ** 2
        light += np.float32(rng.uniform(0.4, 1.0)) * np.exp(-(distance**sharpness)).astype(np.float32)
    return light


@lru_cache(maxsize=4)
def _noise_field(height: int, width: int) -> Light:
    """One field of unit noise for all frames: drawing a frame's own would take half its time."""
    return np.random.default_rng(64).standard_normal((height, width, 3), dtype=np.float32)


def _noise_for(height: int, width: int, rng: np.random.Generator) -> Light:
    sides = (-(-height // _NOISE_CELL_PX) * _NOISE_CELL_PX, -(-width // _NOISE_CELL_PX) * _NOISE_CELL_PX)
    field = _noise_field(*(side + _NOISE_CELL_PX for side in sides))
    top, left = rng.integers(field.shape[0] - height + 1), rng.integers(field.shape[1] - width + 1)
    return field[top : top + height, left : left + width]


@lru_cache(maxsize=256)
def _tone_curve(contrast: float) -> Image:
    levels = np.linspace(-1, 1, 256)
    curve = np.sign(levels) * (1 - (1 - np.abs(levels)) ** contrast)
    return np.round(127.5 + 127.5 * curve).astype(np.uint8)
