"""screen_replay: the clip played on a screen, filmed by a camera that stands or is held."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from verification.attacks.layers import mix, sample
from verification.attacks.projection import PinholeCamera, SheetPose, see_flat
from verification.attacks.recapture import ScreenMedium, draw_screen, show_on_screen
from verification.attacks.room import draw_room
from verification.attacks.sensor import Sensor, draw_encoder
from verification.attacks.stills import Image
from verification.attacks.waving import Sway

_VIEW_DEG = (45.0, 75.0)
# The picture's width on the screen: a phone's to a monitor's.
_PICTURE_M = (0.12, 0.50)
# How large the picture is in the frame: below 1 the bezel comes into view.
_PICTURE_SHARE = (0.8, 1.2)
_BEZEL_SHARE = (0.02, 0.08)
_HAND_RMS = (0.3, 0.3, 0.3, 0.0008, 0.0008, 0.003)
_DRIFT_RMS = (1.0, 1.0, 0.7, 0.004, 0.004, 0.01)
_HAND_HZ, _DRIFT_HZ = (2.0, 8.0), (0.05, 0.6)


@dataclass(frozen=True, slots=True)
class _View:
    """Where each pixel sees the picture, and what covers it: the screen with its bezel, the picture in it."""

    seen_at: npt.NDArray[np.float32]
    screen: Image
    picture: Image


class ScreenReplay:
    """A screen that shows pictures of `shape` (H, W), before a camera whose frames have the same shape.

    other: a frame of somebody else, for the room behind.
    """

    def __init__(self, shape: tuple[int, int], rng: np.random.Generator, other: Image | None = None) -> None:
        height, width = shape
        self._camera = PinholeCamera.with_view(width, height, float(rng.uniform(*_VIEW_DEG)))
        self._width_m = float(rng.uniform(*_PICTURE_M))
        self._home = _draw_home(rng, self._camera, self._width_m)
        self._hand = Sway.draw(rng, _HAND_RMS, _HAND_HZ), Sway.draw(rng, _DRIFT_RMS, _DRIFT_HZ)
        self._medium = _draw_medium(rng)
        self._bezel_px = max(2, round(float(rng.uniform(*_BEZEL_SHARE)) * max(shape)))
        self._bezel = np.full((height, width, 3), int(rng.choice((14, 22, 40, 200))), np.uint8)
        self._room = draw_room(shape, rng, other)
        self._sensor = Sensor(draw_encoder(rng), rng)
        self._rng = rng
        self._fixed = self._look(self._home) if rng.random() < 0.5 else None

    def render(self, picture: Image, number: int, at_s: float) -> Image:
        """The camera's frame while the screen shows `picture`. number: of the frame; at_s: its time."""
        view = self._look(self._place(at_s)) if self._fixed is None else self._fixed
        shown = show_on_screen(picture, self._medium, self._rng, number, seen_at=view.seen_at)
        framed = mix(mix(self._room, self._bezel, view.screen), shown, view.picture)
        return self._sensor.film(framed, at_s)

    def _place(self, at_s: float) -> SheetPose:
        tremor, drift = self._hand
        yaw, pitch, roll, x, y, near = tremor.at(at_s) + drift.at(at_s)
        home = self._home
        return SheetPose(
            yaw_deg=home.yaw_deg + yaw,
            pitch_deg=home.pitch_deg + pitch,
            roll_deg=home.roll_deg + roll,
            x_m=home.x_m + x,
            y_m=home.y_m + y,
            distance_m=home.distance_m * (1 - near),
        )

    def _look(self, pose: SheetPose) -> _View:
        height, width = self._camera.height_px, self._camera.width_px
        px_per_m = width / self._width_m
        to_page = np.array([(px_per_m, 0, width / 2), (0, px_per_m, height / 2), (0, 0, 1)])
        seen_at = see_flat(self._camera, pose, to_page)
        edge = self._bezel_px
        whole = np.full((height + 2 * edge, width + 2 * edge), 255, np.uint8)
        screen = sample(whole, seen_at + np.float32(edge))
        return _View(seen_at, screen, sample(np.full((height, width), 255, np.uint8), seen_at))


def replay(
    frames: Sequence[Image], fps: float, rng: np.random.Generator, other: Image | None = None
) -> Iterator[Image]:
    """The whole clip, once, from a screen."""
    attack = ScreenReplay(frames[0].shape[:2], rng, other)
    for number, frame in enumerate(frames):
        yield attack.render(frame, number, number / fps)


def _draw_medium(rng: np.random.Generator) -> ScreenMedium:
    """The frame is compressed once, at the end, with the bezel and the room in it."""
    medium = draw_screen(rng)
    return replace(medium, camera=replace(medium.camera, jpeg_quality=None))


def _draw_home(rng: np.random.Generator, camera: PinholeCamera, width_m: float) -> SheetPose:
    """Nearly straight before the camera: an attacker avoids mirrored lamps by a few degrees."""
    share = float(rng.uniform(*_PICTURE_SHARE))
    distance_m = camera.focal_px * width_m / (share * camera.width_px)
    yaw_deg, pitch_deg, roll_deg = rng.normal(0, (5, 4, 2))
    x_m, y_m = rng.normal(0, 0.02, 2) * width_m
    return SheetPose(float(yaw_deg), float(pitch_deg), float(roll_deg), float(x_m), float(y_m), distance_m)
