"""The simulated capture subject: a still portrait that can be made to move.

It is a re-enactment attack by nature: one picture of a person who is not there, animated on request. A
system that works well should refuse it. Tests that need a `pass` from it have to lower the floors, in plain
sight; what it shows is that the parts fit together, never how well they tell a living person from an attack.
"""

from typing import Protocol

import cv2
import numpy as np

from tests.subject.head import build_head
from tests.subject.portrait import FRAME_SCALE, HEIGHT_PX, WIDTH_PX, Image, Points, load_portrait
from tests.subject.pose import FRONTAL, NEUTRAL, Expression, HeadRotation
from tests.subject.raster import draw_mesh, project, rotation_matrix
from tests.subject.scene import paint_scene, paint_wall
from tests.subject.texture import HeadTexture

_ATLAS_AXIS = np.array([0.0, 40.0, 62.0])
"""Where the head turns on the neck, relative to the middle of the frame and the depth of the eyes."""

_PORTRAIT_PITCH_DEG = -5.5
"""She holds her head a little low; `HeadRotation()` is frontal, so that much is undone."""

_NOISE_SIGMA = 1.6


class CaptureSubject(Protocol):
    """Whatever can be placed before the camera."""

    def render(
        self, rotation: HeadRotation, expression: Expression, *, noise_seed: int | None = None
    ) -> Image:
        """Give one BGR frame, uint8 of shape (480, 640, 3)."""


class SimulatedSubject:
    """The portrait as a head in three dimensions.

    Raises RuntimeError on construction when face_landmarker.task is absent: the mesh is what it sees.
    """

    def __init__(self) -> None:
        portrait = load_portrait()
        self._head = build_head(portrait)
        self._texture = HeadTexture(portrait)
        self._scene = paint_scene(portrait)

    def render(
        self, rotation: HeadRotation, expression: Expression, *, noise_seed: int | None = None
    ) -> Image:
        """Give one BGR frame, uint8 of shape (480, 640, 3); equal arguments give equal frames.

        noise_seed: seeds the sensor's noise; without one there is none.
        """
        vertices = _turn(self._head.shape(expression), rotation)
        frame = self._scene.copy()
        draw_mesh(self._head.mesh, vertices, self._texture.paint(expression), frame)
        return add_sensor_noise(frame, noise_seed)


class FlatPhoto:
    """A frontal, neutral photo of the same head, turned before the camera as the plane that it is."""

    def __init__(self) -> None:
        self._photo = SimulatedSubject().render(FRONTAL, NEUTRAL)
        self._wall = paint_wall(load_portrait())

    def render(
        self, rotation: HeadRotation, expression: Expression, *, noise_seed: int | None = None
    ) -> Image:
        """Give one BGR frame; paper has no expression, so the one asked for changes nothing."""
        del expression
        half_width, half_height = WIDTH_PX / 2 - 0.5, HEIGHT_PX / 2 - 0.5
        corners = np.array([(-1, -1, 0), (1, -1, 0), (1, 1, 0), (-1, 1, 0)]) * (half_width, half_height, 0.0)
        print_px = corners[:, :2] + (half_width, half_height)
        placed = project(corners / FRAME_SCALE @ rotation_matrix(rotation).T)
        warp = cv2.getPerspectiveTransform(print_px.astype(np.float32), placed.astype(np.float32))
        frame = cv2.warpPerspective(
            self._photo, warp, (WIDTH_PX, HEIGHT_PX), dst=self._wall.copy(), borderMode=cv2.BORDER_TRANSPARENT
        )
        return add_sensor_noise(frame.astype(np.uint8), noise_seed)


def add_sensor_noise(frame: Image, seed: int | None) -> Image:
    """Add Gaussian noise to the luma of a frame; None leaves it as it is."""
    if seed is None:
        return frame
    generator = np.random.Generator(np.random.SFC64(seed))
    grain = generator.standard_normal(frame.shape[:2], np.float32) * np.float32(_NOISE_SIGMA)
    noisy = frame + np.rint(grain).astype(np.int16)[..., None]
    clipped: Image = np.clip(noisy, 0, 255).astype(np.uint8)
    return clipped


def _turn(vertices: Points, rotation: HeadRotation) -> Points:
    raised = rotation_matrix(HeadRotation(pitch_deg=-_PORTRAIT_PITCH_DEG))
    turned: Points = (vertices - _ATLAS_AXIS) @ (rotation_matrix(rotation) @ raised).T + _ATLAS_AXIS
    return turned
