"""reenactment: one still, bent frame by frame so that it does what a moving face does.

The driver's head motion in the image (a similarity) moves the whole face; what its features do beyond that is
added to the still's own shape. So the still of one person can follow another. A bent still shows nothing that
it did not hold: it cannot turn its head far, and its open mouth is a dark hole.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from verification.attacks.outline import INNER_LIPS, blend, enclose, feather, fill_mouth, measure_mouth
from verification.attacks.sensor import Sensor, draw_injector
from verification.attacks.spline import WARP_POINTS, map_between
from verification.attacks.stills import (
    Image,
    LandmarkSource,
    Points,
    Still,
    choose_still,
    list_stills,
    measure_turn,
)

# What no expression moves: eye corners, nose, forehead, temples.
_RIGID = np.array((33, 133, 362, 263, 168, 6, 4, 98, 327, 10, 151, 127, 356, 234, 454))
# Beyond this share of the face's width, root mean square over the knots, the spline folds.
_MAX_CHANGE = 0.06
_MAX_HEAD_SHIFT = 0.35
_MAX_HEAD_ROLL_DEG = 25.0
_HEAD_SCALES = (0.85, 1.2)
_BORDER_ANCHORS = 5
_DARKNESS = 0.92
_MOUTH_LEVELS = np.array((38, 30, 58), np.float64)

Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Similarity:
    """p -> scale * R(angle_rad) p + shift, pixels."""

    scale: float
    angle_rad: float
    shift: npt.NDArray[np.float64]

    @property
    def linear(self) -> Matrix:
        cos, sin = self.scale * np.cos(self.angle_rad), self.scale * np.sin(self.angle_rad)
        return np.array([(cos, -sin), (sin, cos)])

    def apply(self, points_px: npt.NDArray[np.floating[Any]]) -> Matrix:
        moved: Matrix = points_px @ self.linear.T + self.shift
        return moved


def fit_similarity(source_px: Points, target_px: Points) -> Similarity:
    """The similarity that best maps one set of points, shape (N, 2), onto another, by least squares.

    Source: S. Umeyama, IEEE PAMI 13, 1991; in the plane it is one complex division.
    """
    origin, end = source_px.mean(axis=0), target_px.mean(axis=0)
    z = (source_px - origin).astype(np.float64) @ np.array([1, 1j])
    w = (target_px - end).astype(np.float64) @ np.array([1, 1j])
    turn = np.vdot(z, w) / max(1e-9, float(np.vdot(z, z).real))
    turned = Similarity(float(np.abs(turn)), float(np.angle(turn)), np.zeros(2))
    return Similarity(turned.scale, turned.angle_rad, end - turned.apply(origin[None])[0])


class Puppet:
    """A still that can be moved. reference_px: the driver's landmarks when it looks as the still does."""

    def __init__(self, still: Still, reference_px: Points, rng: np.random.Generator) -> None:
        self._still = still
        self._reference = reference_px
        self._to_still = fit_similarity(reference_px[_RIGID], still.landmarks_px[_RIGID])
        self._face_px = float(np.ptp(still.landmarks_px[:, 0]))
        self._anchors = _list_border(still.bgr.shape[:2])
        levels = _MOUTH_LEVELS * rng.uniform(0.6, 1.4)
        self._dark = np.full_like(still.bgr, levels.astype(np.uint8))
        self._still_mouth = fill_mouth(still.bgr.shape[:2], still.landmarks_px)

    def pose(self, driver_px: Points) -> Image:
        """The still doing what the driver does; uint8 BGR of the still's shape."""
        target = self.place_landmarks(driver_px)
        height, width = self._still.bgr.shape[:2]
        knots = np.concatenate([target[WARP_POINTS], self._anchors])
        values = np.concatenate([self._still.landmarks_px[WARP_POINTS], self._anchors])
        where = map_between(knots, values, (0, 0, width, height))
        nothing = np.empty(0, np.float32)
        bent = cv2.remap(self._still.bgr, where, nothing, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return self._open_mouth(bent.astype(np.uint8, copy=False), target, where)

    def place_landmarks(self, driver_px: Points) -> Points:
        """Where the still's landmarks go, shape (478, 2), pixels."""
        head = fit_similarity(self._reference[_RIGID], driver_px[_RIGID])
        unmoved = (driver_px - head.shift) @ np.linalg.inv(head.linear).T
        change = (unmoved - self._reference) @ self._to_still.linear.T
        rms = float(np.sqrt((change[WARP_POINTS] ** 2).sum(axis=1).mean())) / self._face_px
        change *= min(1.0, _MAX_CHANGE / max(rms, 1e-9))
        return self._move_head(self._still.landmarks_px + change, head)

    def _move_head(self, points_px: Matrix, head: Similarity) -> Points:
        """The driver's motion in the image, turned and scaled to the still, and kept within bounds."""
        middle = self._still.landmarks_px[_RIGID].mean(axis=0)
        rest = self._reference[_RIGID].mean(axis=0, keepdims=True)
        shift = (head.apply(rest)[0] - rest[0]) @ self._to_still.linear.T / self._face_px
        shift *= min(1.0, _MAX_HEAD_SHIFT / max(float(np.linalg.norm(shift)), 1e-9))
        limit = np.radians(_MAX_HEAD_ROLL_DEG)
        bounded = Similarity(
            float(np.clip(head.scale, *_HEAD_SCALES)),
            float(np.clip(head.angle_rad, -limit, limit)),
            middle + shift * self._face_px,
        )
        return bounded.apply(points_px - middle).astype(np.float32)

    def _open_mouth(self, bent: Image, target_px: Points, where: npt.NDArray[np.float32]) -> Image:
        """Darken the part of the mouth's opening that the still did not show open."""
        region = enclose(target_px[INNER_LIPS], bent.shape[:2], 0.2)
        opened = None if region is None else fill_mouth(bent.shape[:2], target_px)
        if region is None or opened is None or not opened.any():
            return bent
        left, top, width, height = region
        part = np.s_[top : top + height, left : left + width]
        nothing = np.empty(0, np.float32)
        shown = cv2.remap(self._still_mouth, np.ascontiguousarray(where[part]), nothing, cv2.INTER_LINEAR)
        hole = feather(np.clip(opened[part] - shown, 0, 1).astype(np.float32), 0.012 * self._face_px)
        bent[part] = blend(bent[part], self._dark[part], hole * np.float32(_DARKNESS))
        return bent


def reenact(
    driver: Sequence[Image],
    fps: float,
    victim: Sequence[Image],
    rng: np.random.Generator,
    landmarks: LandmarkSource,
) -> Iterator[Image]:
    """A still follows the driver's clip, one frame for each of its own, through a virtual camera.

    victim: whose still is bent, fitted to the driver's frames; empty for the driver's own. Raises FaceNotFound
    where either shows no face.
    """
    still = choose_still(victim or driver, landmarks)
    reference = min(list_stills(driver, landmarks), key=lambda other: _compare_faces(other, still))
    still = still.fit_to(reference.landmarks_px, driver[0].shape[:2])
    puppet, sensor = Puppet(still, reference.landmarks_px, rng), Sensor(draw_injector(rng), rng)
    last = reference.landmarks_px
    for number, points in enumerate(landmarks.track(driver, fps)):
        last = last if points is None else points
        yield sensor.film(puppet.pose(last), number / fps)


def _compare_faces(one: Still, other: Still) -> float:
    """How differently two faces are turned and hold their mouths; 0 is alike."""
    turns, gaps = (
        [measure(still.landmarks_px) for still in (one, other)] for measure in (measure_turn, measure_mouth)
    )
    return abs(turns[0] - turns[1]) + 2 * abs(gaps[0] - gaps[1])


def _list_border(shape: tuple[int, int]) -> Points:
    """Points around the picture's edge that stay where they are."""
    height, width = shape
    x, y = np.linspace(0, width - 1, _BORDER_ANCHORS), np.linspace(0, height - 1, _BORDER_ANCHORS)
    edge = [(a, b) for a in x for b in (0, height - 1)] + [(a, b) for a in (0, width - 1) for b in y[1:-1]]
    return np.array(edge, np.float32)
