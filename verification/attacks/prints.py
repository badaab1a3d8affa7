"""print_flat and print_bent: a still on paper before a camera, waved by hand."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import replace
from itertools import count

import cv2
import numpy as np
import numpy.typing as npt

from verification.attacks.layers import lay_over, mix, sample
from verification.attacks.projection import (
    Bend,
    BendAxis,
    PinholeCamera,
    SheetPose,
    see_flat,
    unroll,
)
from verification.attacks.recapture import PaperMedium, draw_paper, print_on_paper
from verification.attacks.room import draw_room
from verification.attacks.sensor import Sensor, draw_encoder
from verification.attacks.sheet import Sheet, make_sheet
from verification.attacks.stills import Image, Still
from verification.attacks.waving import Sway, WavingHand

_VIEW_DEG = (50.0, 78.0)
# The face's width over the frame's shorter side: what a capture asks for.
_FACE_SHARE = (0.24, 0.5)
# Far rays of the bent sheet are followed at every second pixel and interpolated between.
_GRID_PX = 2
# How far the paper is bent at the edge of the printed face: hardly, to around a bottle.
_BEND_AT_FACE_RAD = (0.08, 0.6)
# And at its own edge, when that goes away from the camera, and when it comes nearer and would show its back.
_MAX_AWAY_RAD, _MAX_NEARER_RAD = 1.25, 0.6
# What is beside the paper, such as the hand, is drawn no farther around the cylinder than this.
_MAX_WRAP_RAD = 1.3
_AMBIENT = 0.35
# Coarser dots than this, in widths of the face, and a landmark model finds no face in them.
_MAX_DOT_SHARE = 0.009

SeenAt = npt.NDArray[np.float32]
# Brightness of the paper by place: one number for all of it, or float32 of shape (H, W).
Light = float | npt.NDArray[np.float32]


class PrintAttack(ABC):
    """A held print before a camera that films frames of `shape` (H, W).

    duration_s: how long gestures are planned for. other: a frame of somebody else, for the room behind.
    """

    reach_faces = (0.9, 2.2)

    def __init__(
        self,
        still: Still,
        shape: tuple[int, int],
        duration_s: float,
        rng: np.random.Generator,
        other: Image | None = None,
    ) -> None:
        height, width = shape
        face_px = float(rng.uniform(*_FACE_SHARE)) * min(shape)
        self._camera = PinholeCamera.with_view(width, height, float(rng.uniform(*_VIEW_DEG)))
        self.sheet = make_sheet(still, rng, face_px, self.reach_faces)
        self._hand = WavingHand(rng, _draw_home(rng, self._camera, self.sheet, face_px), duration_s)
        self._lamp = _draw_lamp(rng)
        self._medium = _draw_medium(rng, face_px)
        self._room = draw_room(shape, rng, other)
        self._sensor = Sensor(draw_encoder(rng), rng)
        self._rng = rng

    def render(self, at_s: float) -> Image:
        """The camera's frame at a time of the attack, uint8 BGR of shape (H, W, 3)."""
        seen_at, light = self._look(self._hand.place_sheet(at_s), at_s)
        printed = print_on_paper(self.sheet.page, self._medium, self._rng, seen_at=seen_at)
        return self._sensor.film(self._show_around(_light_up(printed, light), seen_at), at_s)

    def film(self, fps: float) -> Iterator[Image]:
        """The camera's frames from the beginning, without end."""
        return (self.render(number / fps) for number in count())

    @abstractmethod
    def _look(self, pose: SheetPose, at_s: float) -> tuple[SeenAt, Light]:
        """Where each pixel sees the page, float32 of shape (H, W, 2), and how lit the paper is."""

    def _show_around(self, printed: Image, seen_at: SeenAt) -> Image:
        """The room where there is no paper, and the fingers before both."""
        shown = mix(self._room, printed, sample(self.sheet.paper, seen_at))
        return lay_over(shown, sample(self.sheet.fingers, seen_at))


class FlatPrint(PrintAttack):
    """print_flat: every frame is a homography of the page."""

    def _look(self, pose: SheetPose, at_s: float) -> tuple[SeenAt, Light]:
        seen_at = see_flat(self._camera, pose, self.sheet.to_pixels)
        lamp = pose.rotation.T @ self._lamp
        return seen_at, float(_shade(np.zeros(1, np.float32), lamp[2], 0.0)[0])


class BentPrint(PrintAttack):
    """print_bent: the page lies on a cylinder; axis by chance, a bend that comes and goes.

    Less is printed than on a flat sheet, so that the face itself can be bent far.
    """

    reach_faces = (0.75, 1.5)

    def __init__(
        self,
        still: Still,
        shape: tuple[int, int],
        duration_s: float,
        rng: np.random.Generator,
        other: Image | None = None,
    ) -> None:
        super().__init__(still, shape, duration_s, rng, other)
        self._axis = BendAxis(rng.choice(list(BendAxis)))
        side = 0 if self._axis is BendAxis.VERTICAL else 1
        self._half_paper_m, self._half_page_m = (
            half_m[side] for half_m in (self.sheet.half_paper_m, self.sheet.half_page_m)
        )
        self._sign = float(rng.choice((-1, 1)))
        low, high = (angle_rad / self.sheet.face_width_m * 2 for angle_rad in _BEND_AT_FACE_RAD)
        most = (_MAX_AWAY_RAD if self._sign > 0 else _MAX_NEARER_RAD) / self._half_paper_m
        self._curvatures = min(low, most), min(high, most)
        self._mean = float(rng.uniform(*self._curvatures))
        rms = float(rng.uniform(0.05, 0.35)) * self._mean
        self._flexing = Sway.draw(rng, (rms,), (0.1, 0.8))

    def _look(self, pose: SheetPose, at_s: float) -> tuple[SeenAt, Light]:
        camera, to_page = self._camera, self.sheet.to_pixels
        rows, columns = -(-camera.height_px // _GRID_PX), -(-camera.width_px // _GRID_PX)
        y, x = np.indices((rows, columns), np.float32) * _GRID_PX + (_GRID_PX - 1) / 2
        bend = self.bend_at(at_s)
        half_m = min(self._half_page_m, _MAX_WRAP_RAD / abs(bend.curvature_per_m))
        view = unroll(camera, pose, bend, np.stack([x, y], axis=2), half_m)
        coarse = np.stack(
            [view.u_m * to_page[0, 0] + to_page[0, 2], view.v_m * to_page[1, 1] + to_page[1, 2]], 2
        )
        lamp = pose.rotation.T @ self._lamp
        light = _shade(view.angle_rad, lamp[2], lamp[0 if self._axis is BendAxis.VERTICAL else 1])
        return self._enlarge(coarse), self._enlarge(light)

    def bend_at(self, at_s: float) -> Bend:
        """How the paper is bent, always to the same side: it does not snap through while it is held."""
        curvature = np.clip(self._mean + self._flexing.at(at_s)[0], *self._curvatures)
        return Bend(self._axis, self._sign * float(curvature))

    def _enlarge(self, coarse: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        rows, columns = coarse.shape[:2]
        whole = cv2.resize(coarse, (columns * _GRID_PX, rows * _GRID_PX), interpolation=cv2.INTER_LINEAR)
        kept = whole[: self._camera.height_px, : self._camera.width_px]
        return np.ascontiguousarray(kept, np.float32)


def _draw_home(rng: np.random.Generator, camera: PinholeCamera, sheet: Sheet, face_px: float) -> SheetPose:
    """Where the sheet is held at rest: the face `face_px` wide, near the frame's middle, nearly straight."""
    distance_m = camera.focal_px * sheet.face_width_m / face_px
    frame_m = np.array([camera.width_px, camera.height_px]) / camera.focal_px * distance_m
    x_m, y_m = rng.uniform(-0.07, 0.07, 2) * frame_m
    yaw_deg, pitch_deg, roll_deg = rng.normal(0, (3, 4, 3))
    return SheetPose(yaw_deg, pitch_deg, roll_deg, float(x_m), float(y_m), distance_m)


def _draw_medium(rng: np.random.Generator, face_px: float) -> PaperMedium:
    """Paper on which a face can be made out: an attacker would throw coarser prints away.

    The frame is compressed once, at the end, with the room in it.
    """
    medium = draw_paper(rng)
    camera = replace(medium.camera, jpeg_quality=None)
    return replace(medium, dot_px=min(medium.dot_px, _MAX_DOT_SHARE * face_px), camera=camera)


def _draw_lamp(rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Direction in which the light falls, length 1: from behind the camera, mostly from above."""
    falls = np.array([rng.normal(0, 0.5), rng.normal(0.4, 0.4), 1.0])
    return np.asarray(falls / np.linalg.norm(falls))


def _shade(angle_rad: npt.NDArray[np.float32], ahead: float, aside: float) -> npt.NDArray[np.float32]:
    """Lambert's law beside ambient light, 1 for paper that the lamp meets squarely.

    ahead, aside: of the light's direction, in the sheet's space: into the sheet, and the way it is bent.
    """
    met = np.cos(angle_rad) * np.float32(ahead) - np.sin(angle_rad) * np.float32(aside)
    lit = _AMBIENT + (1 - _AMBIENT) * np.clip(met, 0, 1)
    return np.asarray(lit, np.float32)


def _light_up(bgr: Image, light: Light) -> Image:
    if isinstance(light, float):
        return cv2.convertScaleAbs(bgr, alpha=light).astype(np.uint8, copy=False)
    wide = cv2.cvtColor(light, cv2.COLOR_GRAY2BGR)
    return cv2.multiply(bgr, wide, dtype=cv2.CV_8U).astype(np.uint8, copy=False)
