"""What is seen behind an attack: a blurred room."""

import cv2
import numpy as np
import numpy.typing as npt

from verification.attacks.stills import Image

_SMALL_PX = 160
_BLUR_SHARE = (0.02, 0.06)
# A frame with people in it is blurred until no face is left in it.
_BLUR_OF_FRAME_SHARE = 0.08


def draw_room(shape: tuple[int, int], rng: np.random.Generator, other: Image | None = None) -> Image:
    """A background of `shape` (H, W): `other` flipped and blurred, or half the time a room drawn by chance."""
    if other is not None and rng.random() < 0.5:
        small, share = _shrink_flipped(other), _BLUR_OF_FRAME_SHARE
    else:
        small, share = _draw_surfaces(shape, rng), float(rng.uniform(*_BLUR_SHARE))
    blurred = cv2.GaussianBlur(small, (0, 0), share * max(small.shape[:2]))
    return cv2.resize(blurred, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC).astype(
        np.uint8, copy=False
    )


def _shrink_flipped(other: Image) -> Image:
    scale = _SMALL_PX / max(other.shape[:2])
    size = (max(8, round(other.shape[1] * scale)), max(8, round(other.shape[0] * scale)))
    small = cv2.resize(other, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
    return np.ascontiguousarray(small[:, ::-1])


def _draw_surfaces(shape: tuple[int, int], rng: np.random.Generator) -> Image:
    """A wall with light falling off to one side, and doors, shelves and lamps as rectangles and discs."""
    scale = _SMALL_PX / max(shape)
    height, width = max(8, round(shape[0] * scale)), max(8, round(shape[1] * scale))
    wall = _draw_colour(rng, (60, 215))
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    falloff = 1 + 0.25 * (x * rng.normal() + y * rng.normal())
    room: Image = np.clip(wall * falloff[..., None], 0, 255).astype(np.uint8)
    for _ in range(int(rng.integers(3, 9))):
        corner = (int(rng.uniform(-0.2, 1) * width), int(rng.uniform(-0.2, 1) * height))
        size = (int(rng.uniform(0.05, 0.5) * width), int(rng.uniform(0.1, 0.9) * height))
        colour = [float(value) for value in _draw_colour(rng, (20, 235))]
        if rng.random() < 0.7:
            opposite = (corner[0] + size[0], corner[1] + size[1])
            cv2.rectangle(room, corner, opposite, colour, cv2.FILLED)
        else:
            cv2.circle(room, corner, max(2, size[0] // 3), colour, cv2.FILLED)
    return room


def _draw_colour(rng: np.random.Generator, levels: tuple[float, float]) -> npt.NDArray[np.float64]:
    """Rooms are mostly grey, brown and white: channels near each other, warm more often than not."""
    level = rng.uniform(*levels)
    colour: npt.NDArray[np.float64] = np.clip(level * (1 + rng.normal([-0.08, 0, 0.08], 0.08)), 0, 255)
    return colour
