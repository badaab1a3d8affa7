"""A face on paper: halftone dots or continuous tone, ink on a white that is none, grain, uneven light, gloss."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from verification.attacks.recapture.camera import (
    Camera,
    Image,
    Light,
    compress,
    draw_camera,
    expose,
    light_blobs,
    pass_frequencies,
    soften,
)
from verification.attacks.recapture.sampling import (
    TILE,
    Lattice,
    Plane,
    SeenAt,
    locate,
    read_tile,
    slope_of,
)

_AM_ANGLES_DEG = (0.0, 75.0, 15.0)  # yellow, magenta, cyan: the usual angles of offset printing
_FM_CELLS_A_TILE = 64  # dots of stochastic screening are the samples of a tile, two a side
_GRAIN_TILE_PX = TILE / 2


class PaperKind(StrEnum):
    """How tones are printed. AM: dots of different size in rows (laser, offset). FM: dots of one size, scattered
    (inkjet). Photo: continuous tone (dye sublimation, photographic paper)."""

    AM = "am"
    FM = "fm"
    PHOTO = "photo"


KEPT_OUT_PAPERS = frozenset({PaperKind.FM})


@dataclass(frozen=True, slots=True)
class PaperMedium:
    """One print before one camera.

    dot_px: distance of AM dots, or side of an FM dot, in pixels of the picture. angle_deg: of the print.
    dot_gain: how much darker a middle tone gets than it should be, 0..1. saturation: of the inks, 0..1.
    black: light of full ink over that of white paper, 0..1. paper_bgr: colour of the paper, 0..1.
    grain: contrast of the paper's structure. light_slope: change of light over the frame's sides (x, y), as a share.
    gloss, gloss_count: mirrored lamps, as shares of white paper's light. veil: light scattered by a glossy
        surface. source_quality: JPEG quality of the file printed. print_blur_px: sharpness of the printer.
    """

    kind: PaperKind
    dot_px: float
    angle_deg: float
    phase: tuple[float, float]
    dot_gain: float
    saturation: float
    black: float
    paper_bgr: tuple[float, float, float]
    grain: float
    light_slope: tuple[float, float]
    gloss: float
    gloss_count: int
    veil: float
    seed: int
    source_quality: int | None
    print_blur_px: float
    camera: Camera

    @property
    def is_kept_out(self) -> bool:
        """Whether no network may be trained on this kind."""
        return self.kind in KEPT_OUT_PAPERS


def draw_paper(rng: np.random.Generator, kinds: Sequence[PaperKind] = tuple(PaperKind)) -> PaperMedium:
    """Draw a print of one of `kinds`, and the camera that it is held before."""
    kind = kinds[int(rng.integers(len(kinds)))]
    largest_px = 3.0 if kind is PaperKind.AM else 1.2
    is_glossy, is_file_poor = rng.random(2) < (0.75 if kind is PaperKind.PHOTO else 0.35, 0.3)
    blue, red = rng.uniform(0.82, 1.0), rng.uniform(0.92, 1.0)
    return PaperMedium(
        kind=kind,
        dot_px=float(np.exp(rng.uniform(np.log(0.3), np.log(largest_px)))),
        angle_deg=float(rng.normal(0, 8)),
        phase=(float(rng.random()), float(rng.random())),
        dot_gain=float(rng.uniform(0.0, 0.35)),
        saturation=float(rng.uniform(0.5, 1.0)),
        black=float(rng.uniform(0.01, 0.07 if kind is PaperKind.PHOTO else 0.14)),
        paper_bgr=(float(blue), 0.97, float(red)),
        grain=float(rng.uniform(0.0, 0.012 if kind is PaperKind.PHOTO else 0.05)),
        light_slope=(float(rng.normal(0, 0.25)), float(rng.normal(0, 0.25))),
        gloss=float(rng.uniform(0.05, 0.9)) if is_glossy else 0.0,
        gloss_count=int(rng.integers(1, 3)),
        veil=float(rng.uniform(0.0, 0.06)) if is_glossy else 0.0,
        seed=int(rng.integers(2**31)),
        source_quality=int(rng.integers(30, 90)) if is_file_poor else None,
        print_blur_px=float(rng.uniform(0.0, 0.9)),
        camera=draw_camera(rng, cast=0.06),
    )


def print_on_paper(
    bgr: Image, medium: PaperMedium, rng: np.random.Generator, *, seen_at: SeenAt | None = None
) -> Image:
    """The camera's frame of a print of `bgr`; see the package for sizes and `seen_at`."""
    picture = compress(bgr, medium.source_quality)
    if seen_at is not None:
        nothing = np.empty(0, np.float32)
        warped = cv2.remap(picture, seen_at, nothing, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        picture = warped.astype(np.uint8, copy=False)
    if medium.print_blur_px > 0.2:
        picture = cv2.GaussianBlur(picture, (0, 0), medium.print_blur_px).astype(np.uint8, copy=False)
    height, width = picture.shape[:2]
    inked = _fade(soften(picture, medium.camera), medium.saturation)
    shade = _shade(medium, height, width, seen_at)
    planes = [
        _print_ink(np.ascontiguousarray(inked[..., channel]), channel, medium, seen_at) * shade
        for channel in range(3)
    ]
    light: Light = cv2.merge(planes).astype(np.float32, copy=False)
    if medium.gloss > 0:
        blobs = light_blobs(medium.seed, medium.gloss_count, height, width)
        light += (blobs * np.float32(medium.gloss) + np.float32(medium.veil))[..., np.newaxis]
    return expose(light, medium.camera, rng)


def _fade(bgr: Image, saturation: float) -> Image:
    grey = np.array([0.114, 0.587, 0.299])
    matrix = saturation * np.eye(3) + (1 - saturation) * np.tile(grey, (3, 1))
    return cv2.transform(bgr, matrix).astype(np.uint8, copy=False)


@lru_cache(maxsize=256)
def _ink_curve(dot_gain: float) -> Light:
    """Levels to the share of paper under ink, float32 of shape (1, 256): the dots' own growth included.

    Source: J. A. C. Yule, "Principles of Color Reproduction": gain is largest at middle tones.
    """
    bare = np.linspace(0, 1, 256) ** 2.2
    cover = 1 - bare
    return (cover + 4 * dot_gain * 0.5 * cover * (1 - cover))[np.newaxis].astype(np.float32)


def _print_ink(levels: Image, channel: int, medium: PaperMedium, seen_at: SeenAt | None) -> Plane:
    """Linear light of one colour, of paper under the ink that absorbs it; levels: uint8 of shape (h, w).

    Source: Murray and Davies 1936: the light of dots and of the paper between them add by area.
    """
    cover: Plane = cv2.LUT(levels, _ink_curve(medium.dot_gain)).astype(np.float32, copy=False)
    if medium.kind is not PaperKind.PHOTO:
        cover += _dots(cover, channel, medium, seen_at)
    white = medium.paper_bgr[channel] * medium.camera.gains_bgr[channel] * medium.camera.exposure
    cover *= np.float32(white * (medium.black - 1))
    cover += np.float32(white)
    return cover


def _dots(cover: Plane, channel: int, medium: PaperMedium, seen_at: SeenAt | None) -> Plane:
    """What screening adds to the ink at each pixel, mean 0: every ink has a lattice of its own."""
    lattice = _screen_of(medium, channel)
    threshold = read_tile(_thresholds(medium.kind), *locate(lattice, cover.shape, seen_at))
    to_dots = Lattice(medium.dot_px, lattice.angle_deg, lattice.phase).turn() @ slope_of(seen_at)
    # A dot's edge is as wide as a pixel: the finer the dots, the softer.
    steepness = np.float32(np.clip(2 * medium.dot_px, 1.5, 8.0))
    inked = np.subtract(cover, threshold, out=threshold)
    inked *= steepness
    inked += np.float32(0.5)
    np.clip(inked, 0, 1, out=inked)
    inked -= cover
    inked *= np.float32(_dot_contrast(to_dots, medium.camera))
    return inked


def _screen_of(medium: PaperMedium, channel: int) -> Lattice:
    shift = channel / 3
    phase = medium.phase[0] + shift, medium.phase[1] + shift / 2
    if medium.kind is PaperKind.AM:
        return Lattice(medium.dot_px, medium.angle_deg + _AM_ANGLES_DEG[channel], phase)
    return Lattice(medium.dot_px * _FM_CELLS_A_TILE, medium.angle_deg, phase)


def _dot_contrast(to_dots: npt.NDArray[np.float64], camera: Camera) -> float:
    """How much of the dots the camera resolves, 0..1: its response at their frequency."""
    passed = pass_frequencies(to_dots[:, 0], to_dots[:, 1], camera)
    return float(np.clip(np.abs(passed).mean() * 1.3, 0, 1))


@lru_cache(maxsize=2)
def _thresholds(kind: PaperKind) -> Plane:
    """Ink share from which a place is inked, spread evenly over 0..1: float32 of shape (TILE, TILE)."""
    if kind is PaperKind.AM:
        v, u = np.mgrid[0:TILE, 0:TILE] / TILE * 2 * np.pi
        values = np.asarray(np.cos(u) + np.cos(v), np.float64)
    else:
        cells = np.random.default_rng(11).standard_normal((_FM_CELLS_A_TILE, _FM_CELLS_A_TILE))
        # Blue noise: scattered dots keep away from each other (R. Ulichney, "Digital Halftoning").
        smooth = cv2.GaussianBlur(np.tile(cells, (3, 3)), (0, 0), 1.2)
        cells -= smooth[_FM_CELLS_A_TILE : 2 * _FM_CELLS_A_TILE, _FM_CELLS_A_TILE : 2 * _FM_CELLS_A_TILE]
        repeat = np.ones((TILE // _FM_CELLS_A_TILE, TILE // _FM_CELLS_A_TILE))
        values = np.asarray(np.kron(cells, repeat), np.float64)
    ranks = np.empty(values.size, np.float64)
    ranks[np.argsort(values, axis=None, kind="stable")] = np.arange(values.size)
    return ((ranks + 0.5) / values.size).reshape(TILE, TILE).astype(np.float32)


def _shade(medium: PaperMedium, height: int, width: int, seen_at: SeenAt | None) -> Plane:
    """Light on the paper by place, float32 of shape (height, width): a lamp to one side, and the paper's grain."""
    x = np.linspace(-0.5, 0.5, width, dtype=np.float32)[np.newaxis] * np.float32(medium.light_slope[0])
    y = np.linspace(-0.5, 0.5, height, dtype=np.float32)[:, np.newaxis] * np.float32(medium.light_slope[1])
    lattice = Lattice(_GRAIN_TILE_PX, medium.angle_deg, medium.phase)
    grain = read_tile(_grain(), *locate(lattice, (height, width), seen_at))
    grain *= np.float32(medium.grain)
    grain += 1 + x + y
    return np.maximum(grain, np.float32(0.1), out=grain)


@lru_cache(maxsize=1)
def _grain() -> Plane:
    """Unit noise of two scales: fibres, and the cloudiness of a sheet held against the light."""
    noise = np.random.default_rng(12).standard_normal((TILE, TILE))
    tiled = np.tile(noise, (3, 3))
    fine, coarse = (
        cv2.GaussianBlur(tiled, (0, 0), sigma)[TILE : 2 * TILE, TILE : 2 * TILE] for sigma in (0.9, 5.0)
    )
    mixed = fine / fine.std() + coarse / coarse.std()
    return np.asarray(mixed / mixed.std(), np.float32)
