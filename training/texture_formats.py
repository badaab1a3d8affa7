"""What happens to frames of every class on their way: scaling, codecs, palettes, interlacing, drawn overlays.

A network that saw these in one class only would learn them as that class's mark. So they are drawn without
knowing the class. Each takes and returns uint8 BGR of shape (h, w, 3).
"""

from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image as PillowImage

Image = npt.NDArray[np.uint8]
Format = Callable[[Image, np.random.Generator], Image]


def rescale(bgr: Image, rng: np.random.Generator) -> Image:
    """Through a smaller size and back: soft pictures, as many cameras and players deliver."""
    height, width = bgr.shape[:2]
    factor = rng.uniform(0.4, 0.95)
    size = max(16, round(width * factor)), max(16, round(height * factor))
    down, up = rng.choice((cv2.INTER_AREA, cv2.INTER_LINEAR), 2)
    small = cv2.resize(bgr, size, interpolation=int(down))
    return _as_image(cv2.resize(small, (width, height), interpolation=int(up)))


def blur(bgr: Image, rng: np.random.Generator) -> Image:
    """Out of focus, or moved along one direction."""
    if rng.random() < 0.5:
        return _as_image(cv2.GaussianBlur(bgr, (0, 0), rng.uniform(0.4, 1.6)))
    length = int(rng.integers(2, 8))
    kernel = np.zeros((length, length), np.float32)
    cv2.line(kernel, (0, int(rng.integers(length))), (length - 1, int(rng.integers(length))), 1.0)
    return _as_image(cv2.filter2D(bgr, -1, kernel / kernel.sum()))


def compress_jpeg(bgr: Image, rng: np.random.Generator) -> Image:
    """One JPEG, its colour at half resolution as cameras have it."""
    return _code(bgr, ".jpg", [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 96))])


def compress_video(bgr: Image, rng: np.random.Generator) -> Image:
    """One VP8 key frame: predicted blocks and a deblocking filter, as in the codecs of recordings and calls."""
    return _code(bgr, ".webp", [cv2.IMWRITE_WEBP_QUALITY, int(rng.integers(8, 75))])


def reduce_palette(bgr: Image, rng: np.random.Generator) -> Image:
    """A GIF: up to 256 colours, with or without the dither that looks like print."""
    picture = PillowImage.fromarray(bgr)
    dither = PillowImage.Dither.FLOYDSTEINBERG if rng.random() < 0.6 else PillowImage.Dither.NONE
    palette = picture.resize((96, 96)).quantize(
        int(rng.integers(64, 257)), method=PillowImage.Quantize.MEDIANCUT
    )
    reduced = picture.quantize(palette=palette, dither=dither)
    return np.asarray(reduced.convert("RGB"), np.uint8)


def interlace(bgr: Image, rng: np.random.Generator) -> Image:
    """Odd lines of another moment: combs where something moved."""
    shift = int(rng.integers(1, 5)) * int(rng.choice((-1, 1)))
    combed = bgr.copy()
    combed[1::2] = np.roll(bgr, shift, axis=1)[1::2]
    return combed


def darken(bgr: Image, rng: np.random.Generator) -> Image:
    """Low light: dark, and full of noise that the camera smeared a little."""
    noise = rng.standard_normal(bgr.shape, dtype=np.float32) * np.float32(rng.uniform(3, 12))
    noise = cv2.GaussianBlur(noise, (0, 0), rng.uniform(0.3, 1.0))
    levels = bgr.astype(np.float32) * np.float32(rng.uniform(0.35, 1.0)) + noise
    return np.clip(levels, 0, 255).astype(np.uint8)


def recolour(bgr: Image, rng: np.random.Generator) -> Image:
    """Another white balance, brightness and gamma; one in eight without colour."""
    gains = np.exp(rng.normal(0, 0.08, 3)) * rng.uniform(0.75, 1.2)
    levels = (np.arange(256) / 255)[:, np.newaxis] ** np.exp(rng.normal(0, 0.2)) * gains
    table = np.clip(levels * 255 + 0.5, 0, 255).astype(np.uint8)
    changed = _as_image(cv2.LUT(bgr, table[np.newaxis]))
    if rng.random() < 0.125:
        changed = np.repeat(cv2.cvtColor(changed, cv2.COLOR_BGR2GRAY)[..., np.newaxis], 3, axis=2)
    return _as_image(changed)


def draw_overlay(bgr: Image, rng: np.random.Generator) -> Image:
    """Boxes, lines and words that programs draw over video."""
    marked = bgr.copy()
    height, width = bgr.shape[:2]
    for _ in range(int(rng.integers(1, 4))):
        colour = tuple(int(value) for value in rng.integers(0, 256, 3))
        x, y = int(rng.integers(width)), int(rng.integers(height))
        thickness = int(rng.integers(1, 4))
        if rng.random() < 0.5:
            cv2.putText(
                marked, "REC 0123"[: rng.integers(3, 9)], (x, y), 0, rng.uniform(0.3, 1.2), colour, thickness
            )
        else:
            far = int(rng.integers(width)), int(rng.integers(height))
            cv2.rectangle(marked, (x, y), far, colour, thickness)
    return marked


FORMATS: tuple[tuple[float, Format], ...] = (
    (0.35, recolour),
    (0.06, interlace),
    (0.12, darken),
    (0.25, rescale),
    (0.2, blur),
    (0.08, draw_overlay),
    (0.3, compress_video),
    (0.08, reduce_palette),
    (0.55, compress_jpeg),
)


def send_through_formats(bgr: Image, rng: np.random.Generator, hardness: float = 1.0) -> Image:
    """Some of FORMATS, each with `hardness` (0..1) times its probability, in the order they happen to a frame."""
    for probability, change in FORMATS:
        if rng.random() < probability * hardness:
            bgr = change(bgr, rng)
    return bgr


def _code(bgr: Image, suffix: str, settings: list[int]) -> Image:
    return np.asarray(cv2.imdecode(cv2.imencode(suffix, bgr, settings)[1], cv2.IMREAD_COLOR), np.uint8)


def _as_image(values: npt.NDArray[np.generic]) -> Image:
    return values.astype(np.uint8, copy=False)
