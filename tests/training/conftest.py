"""A drawn face with landmarks: enough for the geometry and the arithmetic of the forgeries."""

import numpy as np
import pytest

from training.masks import REGION_POINTS, Region
from training.samples import FaceSample, Origin


def draw_landmarks(centre: tuple[float, float], face_px: float, seed: int = 0) -> np.ndarray:
    """478 points: the oval where the topology has it, all others at random inside it."""
    rng = np.random.default_rng(seed)
    angle, radius = rng.uniform(0, 2 * np.pi, 478), 0.5 * np.sqrt(rng.uniform(0, 0.9, 478))
    points = np.column_stack([np.cos(angle) * radius, 1.25 * np.sin(angle) * radius])
    oval = list(REGION_POINTS[Region.FACE])
    turn = np.linspace(0, 2 * np.pi, len(oval), endpoint=False)
    points[oval] = np.column_stack([np.cos(turn), 1.25 * np.sin(turn)]) / 2
    landmarks: np.ndarray = (points * face_px + np.array(centre)).astype(np.float32)
    return landmarks


@pytest.fixture
def sample() -> FaceSample:
    """A face 150 px wide on textured ground, away from every border."""
    rng = np.random.default_rng(7)
    coarse = rng.integers(40, 216, (40, 40, 3)).astype(np.uint8)
    image = np.kron(coarse, np.ones((10, 10, 1), np.uint8))
    image = np.clip(image.astype(np.int16) + rng.integers(-12, 13, image.shape), 0, 255).astype(np.uint8)
    return FaceSample(image, draw_landmarks((200, 200), 150), "ada", "ada.jpg", Origin.PORTRAIT)
