"""Short clips for simulated attacks: one portrait before a wall, moved by code, and its mirror image."""

import cv2
import numpy as np
import numpy.typing as npt
from skimage import data

from verification.attacks.stills import Image, Points

FRAMES = 12
FPS = 10.0
SHAPE = (240, 320)


def load_portrait() -> Image:
    """scikit-image's `astronaut`, 512 x 512: one frontal, smiling face."""
    rgb: Image = data.astronaut()  # type: ignore[no-untyped-call]
    return cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR).astype(np.uint8, copy=False)


def make_clip(*, is_mirrored: bool = False, count: int = FRAMES) -> list[Image]:
    """The portrait swaying and coming a little nearer: `count` frames of SHAPE."""
    portrait = load_portrait()
    if is_mirrored:
        portrait = np.ascontiguousarray(portrait[:, ::-1])
    height, width = SHAPE
    face_x = 287.0 if is_mirrored else 224.0
    frames = []
    for number in range(count):
        turn = cv2.getRotationMatrix2D((face_x, 120), 3 * np.sin(number), 0.75 + 0.01 * number).astype(
            np.float64
        )
        turn[:, 2] += np.array([width / 2, height / 2]) - (face_x, 120) + 4 * np.sin(number / 2)
        moved = cv2.warpAffine(portrait, turn, (width, height), borderMode=cv2.BORDER_REPLICATE)
        frames.append(moved.astype(np.uint8, copy=False))
    return frames


def make_numbered_clip(count: int, shape: tuple[int, int] = (48, 64)) -> list[Image]:
    """Plain grey frames whose brightness tells their number: 20 + 3 * number."""
    return [np.full((*shape, 3), 20 + 3 * number, np.uint8) for number in range(count)]


def read_number(frame: Image) -> int:
    """The number of a frame of `make_numbered_clip`, noise and compression averaged out."""
    return round((float(frame.mean()) - 20) / 3)


def draw_face_points(width_px: float = 120.0, middle: tuple[float, float] = (160.0, 120.0)) -> Points:
    """478 points spread over an oval like a face's, those that attacks ask for by name where they belong."""
    rng = np.random.default_rng(5)
    angles, radii = rng.uniform(0, 2 * np.pi, 478), np.sqrt(rng.uniform(0, 1, 478))
    points = np.column_stack([0.5 * radii * np.cos(angles), 0.65 * radii * np.sin(angles)])
    named: dict[int, tuple[float, float]] = {
        1: (0, 0.05), 4: (0, 0.03), 234: (-0.5, 0), 454: (0.5, 0), 10: (0, -0.65), 152: (0, 0.65),
        168: (0, -0.2), 13: (0, 0.3), 14: (0, 0.31), 33: (-0.3, -0.15), 263: (0.3, -0.15),
    }  # fmt: skip
    for index, place in named.items():
        points[index] = place
    return (points * width_px + middle).astype(np.float32)


def difference(one: npt.NDArray[np.uint8], other: npt.NDArray[np.uint8]) -> float:
    """Mean absolute difference in 8-bit levels."""
    return float(np.abs(one.astype(np.int16) - other.astype(np.int16)).mean())
