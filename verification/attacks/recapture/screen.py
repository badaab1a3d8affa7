"""A face on a screen: display pixels made of coloured sub-pixels, a lit panel, reflections, a rolling shutter."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

import cv2
import numpy as np

from verification.attacks.recapture.camera import (
    Camera,
    Image,
    Light,
    compress,
    draw_camera,
    expose,
    light_blobs,
    soften,
)
from verification.attacks.recapture.sampling import (
    TILE,
    Lattice,
    Plane,
    SeenAt,
    locate,
    read_tile,
    see_tile,
    slope_of,
)

_PIXELS_A_TILE = 2  # a tile holds 2 x 2 display pixels: the smallest unit of all layouts
_VISIBLE_PIXEL_PX = 0.7  # below, a display pixel is smaller than the camera's and its edges can't be seen


class ScreenKind(StrEnum):
    """How a display's sub-pixels lie. Stripes: most LCDs. Diamonds: most OLED phones. Triads: shadow-mask tubes."""

    STRIPE = "stripe"
    DIAMOND = "diamond"
    TRIAD = "triad"


KEPT_OUT_SCREENS = frozenset({ScreenKind.TRIAD})


@dataclass(frozen=True, slots=True)
class ScreenMedium:
    """One screen before one camera.

    pixel_px: side of a display pixel in pixels of the picture. angle_deg, phase: the raster against the picture.
    fill: lit share of a sub-pixel's width and height, 0..1.
    gamma: of the panel. black: light of a black pixel over that of a white one, 0..1. saturation: 1 is unchanged.
    veil: diffuse room light mirrored, of the same unit. glare, glare_count, seed: mirrored lamps.
    band_depth: of the rolling shutter's bands, 0..1; band_period: in heights of the frame; band_drift: periods a
        frame. source_quality: JPEG quality of the file shown, None being a good one.
    """

    kind: ScreenKind
    pixel_px: float
    angle_deg: float
    phase: tuple[float, float]
    fill: float
    gamma: float
    black: float
    saturation: float
    veil: float
    glare: float
    glare_count: int
    seed: int
    band_depth: float
    band_period: float
    band_drift: float
    source_quality: int | None
    camera: Camera

    @property
    def is_kept_out(self) -> bool:
        """Whether no network may be trained on this kind."""
        return self.kind in KEPT_OUT_SCREENS


def draw_screen(rng: np.random.Generator, kinds: Sequence[ScreenKind] = tuple(ScreenKind)) -> ScreenMedium:
    """Draw a screen of one of `kinds`, and the camera that it is held before."""
    has_bands, is_file_poor, is_upright = rng.random(3) < (0.55, 0.4, 0.75)
    return ScreenMedium(
        kind=kinds[int(rng.integers(len(kinds)))],
        pixel_px=float(np.exp(rng.uniform(np.log(0.22), np.log(1.7)))),
        angle_deg=float(rng.normal(0, 6)) + (0.0 if is_upright else 90.0),
        phase=(float(rng.random()), float(rng.random())),
        fill=float(rng.uniform(0.6, 0.92)),
        gamma=float(rng.uniform(1.9, 2.6)),
        black=float(rng.uniform(0.0005, 0.01)),
        saturation=float(rng.uniform(0.8, 1.35)),
        veil=float(rng.exponential(0.02)),
        glare=float(rng.choice((0.0, rng.uniform(0.05, 0.9)))),
        glare_count=int(rng.integers(1, 4)),
        seed=int(rng.integers(2**31)),
        band_depth=float(rng.uniform(0.02, 0.3)) if has_bands else 0.0,
        band_period=float(np.exp(rng.uniform(np.log(0.08), np.log(1.5)))),
        band_drift=float(rng.uniform(-0.5, 0.5)),
        source_quality=int(rng.integers(30, 90)) if is_file_poor else None,
        camera=draw_camera(rng, cast=0.12),
    )


def show_on_screen(
    bgr: Image,
    medium: ScreenMedium,
    rng: np.random.Generator,
    frame_index: int = 0,
    *,
    seen_at: SeenAt | None = None,
) -> Image:
    """The camera's frame of `bgr` shown on a screen; see the package for sizes and `seen_at`."""
    shown = soften(_look_at(compress(bgr, medium.source_quality), medium, seen_at), medium.camera)
    height, width = shown.shape[:2]
    light: Light = cv2.LUT(_saturate(shown, medium.saturation), _panel_curve(medium)).astype(
        np.float32, copy=False
    )
    to_units = _lattice(medium).turn() @ slope_of(seen_at)
    tile = _seen_layout(medium.kind, medium.fill, medium.camera, tuple(np.round(to_units, 3).ravel()))
    light *= read_tile(tile, *locate(_lattice(medium), (height, width), seen_at))
    if medium.band_depth > 0:
        light *= _bands(medium, height, frame_index)
    if medium.glare > 0:
        blobs = light_blobs(medium.seed, medium.glare_count, height, width)
        light += (blobs * np.float32(medium.glare))[..., np.newaxis]
    return expose(light, medium.camera, rng)


def _look_at(bgr: Image, medium: ScreenMedium, seen_at: SeenAt | None) -> Image:
    """The picture where the camera sees it, in steps of whole display pixels where these are large enough."""
    if medium.pixel_px < _VISIBLE_PIXEL_PX:
        if seen_at is None:
            return bgr
        nothing = np.empty(0, np.float32)
        return cv2.remap(bgr, seen_at, nothing, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE).astype(
            np.uint8, copy=False
        )
    return _show_display_pixels(bgr, medium, seen_at)


def _show_display_pixels(bgr: Image, medium: ScreenMedium, seen_at: SeenAt | None) -> Image:
    """Every frame pixel takes the colour of the display pixel it looks at, the nearest one."""
    height, width = bgr.shape[:2]
    phase = medium.phase[0] * _PIXELS_A_TILE, medium.phase[1] * _PIXELS_A_TILE
    lattice = Lattice(medium.pixel_px, medium.angle_deg, phase)
    corners = np.array([(0, 0), (width, 0), (0, height), (width, height)]) @ lattice.turn().T + phase
    shift = np.floor(corners.min(axis=0))
    columns, rows = (int(side) for side in np.ceil(corners.max(axis=0) - shift) + 1)
    to_display = np.column_stack([lattice.turn(), phase - shift - 0.5])
    raster = cv2.warpAffine(
        bgr, to_display, (columns, rows), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    shape = bgr.shape[:2] if seen_at is None else seen_at.shape[:2]
    u, v = locate(lattice, (shape[0], shape[1]), seen_at)
    places = np.empty((*u.shape, 2), np.int16)
    for axis, (units, count) in enumerate(((u, columns), (v, rows))):
        places[..., axis] = np.clip(units - np.float32(shift[axis]), 0, count - 1)
    return cv2.remap(raster, places, np.empty(0, np.uint16), cv2.INTER_NEAREST).astype(np.uint8, copy=False)


def _saturate(bgr: Image, saturation: float) -> Image:
    grey = np.array([0.114, 0.587, 0.299])
    matrix = saturation * np.eye(3) + (1 - saturation) * np.tile(grey, (3, 1))
    return cv2.transform(bgr, matrix).astype(np.uint8, copy=False)


@lru_cache(maxsize=256)
def _panel_curve(medium: ScreenMedium) -> Light:
    """Levels to linear light, float32 of shape (1, 256, 3): the panel, the room, and the camera's exposure."""
    level = (np.arange(256) / 255)[:, np.newaxis] ** medium.gamma
    lit = level * (1 - medium.black) + medium.black + medium.veil
    gains = np.array(medium.camera.gains_bgr)
    return np.asarray((lit * gains * medium.camera.exposure)[np.newaxis], np.float32)


def _lattice(medium: ScreenMedium) -> Lattice:
    return Lattice(_PIXELS_A_TILE * medium.pixel_px, medium.angle_deg, medium.phase)


@lru_cache(maxsize=64)
def _seen_layout(kind: ScreenKind, fill: float, camera: Camera, to_units: tuple[float, ...]) -> Plane:
    """What the camera makes of the sub-pixels: float32 of shape (TILE, TILE, 3), each colour 1 on average."""
    seen = see_tile(_draw_layout(kind, fill), np.array(to_units).reshape(2, 2), camera)
    return np.asarray(np.maximum(seen, 0), np.float32)


@lru_cache(maxsize=64)
def _draw_layout(kind: ScreenKind, fill: float) -> Plane:
    """2 x 2 display pixels, BGR: light where a sub-pixel is lit, scaled to a mean of 1."""
    steps = (np.arange(TILE, dtype=np.float32) + np.float32(0.5)) * np.float32(_PIXELS_A_TILE / TILE)
    u, v = np.meshgrid(steps, steps)
    lit = np.zeros((TILE, TILE, 3), np.float32)
    for channel in range(3):
        match kind:
            case ScreenKind.STRIPE:
                x, y = _from_centre(u, (2 - channel + 0.5) / 3, 1), _from_centre(v, 0.5, 1)
                lit[..., channel] = (x < fill / 6) & (y < 0.5 - (1 - fill) / 4)
            case ScreenKind.DIAMOND if channel == 1:
                lit[..., channel] = _from_centre(u, 0.5, 1) + _from_centre(v, 0.5, 1) < fill / 3
            case ScreenKind.DIAMOND:
                near = [
                    _from_centre(u, shift, 2) + _from_centre(v, (shift + channel / 2) % 2, 2)
                    for shift in (0, 1)
                ]
                lit[..., channel] = np.minimum(*near) < fill / 2.4
            case ScreenKind.TRIAD:
                row_shift = np.where(v < 1, np.float32(0), np.float32(0.5))
                x, y = _from_centre(u - row_shift, (2 - channel + 0.5) / 3, 1), _from_centre(v, 0.5, 1)
                lit[..., channel] = (3 * x) ** 2 + (y / 0.9) ** 2 < (fill / 2) ** 2
    return np.asarray(lit / lit.mean(axis=(0, 1)), np.float32)


def _from_centre(values: Plane, centre: float, period: float) -> Plane:
    """Distance from the nearest of the points centre + n * period."""
    offset = (values - centre) / period
    return np.asarray(np.abs(offset - np.round(offset)) * period, np.float32)


def _bands(medium: ScreenMedium, height: int, frame_index: int) -> Light:
    """Brightness of each row, float32 of shape (height, 1, 1): a backlight that flickers, read row by row."""
    rows = np.arange(height) / height / medium.band_period + medium.band_drift * frame_index
    wave = np.tanh(2 * np.sin(2 * np.pi * rows)) / np.tanh(2)
    brightness: Light = (1 + medium.band_depth * (wave - 1) / 2).astype(np.float32)
    return brightness[:, np.newaxis, np.newaxis]
