"""Periodic structure on a plane, seen by a camera: where each pixel looks, and what a tile of it leaves there."""

from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from verification.attacks.recapture.camera import Camera, pass_frequencies

TILE = 128  # samples a side of a tile; a power of two, so that wrapping is a bit mask

Plane = npt.NDArray[np.float32]
SeenAt = npt.NDArray[np.float32]


class Lattice(NamedTuple):
    """Repeating units on the plane of a picture: a unit's side in pixels of the picture, its turn, its phase 0..1."""

    unit_px: float
    angle_deg: float
    phase: tuple[float, float]

    def turn(self) -> npt.NDArray[np.float64]:
        """The (2, 2) matrix from the picture's pixels to units."""
        angle = np.deg2rad(self.angle_deg)
        return np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]) / self.unit_px


def locate(lattice: Lattice, shape: tuple[int, int], seen_at: SeenAt | None) -> tuple[Plane, Plane]:
    """Which unit every pixel of the frame sees: u and v, float32 of shape `shape` each, whole numbers being corners.

    seen_at: as in the package's interface; None when frame and picture are the same.
    """
    turn, phase = lattice.turn().astype(np.float32), np.array(lattice.phase, np.float32)
    if seen_at is None:
        x = np.arange(shape[1], dtype=np.float32)[np.newaxis]
        y = np.arange(shape[0], dtype=np.float32)[:, np.newaxis]
        return (
            np.asarray(x * turn[0, 0] + (y * turn[0, 1] + phase[0]), np.float32),
            np.asarray(x * turn[1, 0] + (y * turn[1, 1] + phase[1]), np.float32),
        )
    transform = np.column_stack([turn, phase]).astype(np.float32)
    placed: Plane = np.asarray(cv2.transform(seen_at, transform), np.float32)
    return placed[..., 0], placed[..., 1]


def read_tile(tile: Plane, u: Plane, v: Plane) -> Plane:
    """The tile's value at each (u, v), wrapped; tile: float32 of shape (TILE, TILE) or (TILE, TILE, 3)."""
    places = np.empty((*u.shape, 2), np.int16)
    for axis, units in enumerate((u, v)):
        # Only a unit's fraction counts; taken before scaling, since places far off the medium are huge.
        steps = np.floor(units)
        np.subtract(units, steps, out=steps)
        steps *= np.float32(TILE)
        places[..., axis] = steps.astype(np.int16) & (TILE - 1)
    empty = np.empty(0, np.uint16)
    return cv2.remap(tile, places, empty, cv2.INTER_NEAREST).astype(np.float32, copy=False)


def see_tile(tile: Plane, to_units: npt.NDArray[np.float64], camera: Camera) -> Plane:
    """The tile with each of its frequencies weakened as the camera weakens it.

    to_units: (2, 2), how u and v change from one pixel of the frame to the next (columns: x, y).
    Source: see `pass_frequencies`; the tile's discrete Fourier series is exact for a periodic structure.
    """
    along_v = np.fft.fftfreq(TILE, 1 / TILE)[:, np.newaxis]
    along_u = np.fft.rfftfreq(TILE, 1 / TILE)[np.newaxis]
    cycles = [along_u * to_units[0, axis] + along_v * to_units[1, axis] for axis in (0, 1)]
    passed = pass_frequencies(cycles[0], cycles[1], camera)
    planes = tile[..., np.newaxis] if tile.ndim == 2 else tile
    spectrum = np.fft.rfft2(planes, axes=(0, 1)) * passed[..., np.newaxis]
    return np.fft.irfft2(spectrum, s=(TILE, TILE), axes=(0, 1)).reshape(tile.shape).astype(np.float32)


def slope_of(seen_at: SeenAt | None) -> npt.NDArray[np.float64]:
    """How the place seen changes from pixel to pixel in the middle of the frame: (2, 2), rounded for caching."""
    if seen_at is None:
        return np.eye(2)
    row, column = (max(1, side // 2) for side in seen_at.shape[:2])
    row, column = min(row, seen_at.shape[0] - 1), min(column, seen_at.shape[1] - 1)
    here = seen_at[row, column].astype(np.float64)
    steps = here - seen_at[row, max(0, column - 1)], here - seen_at[max(0, row - 1), column]
    return np.round(np.column_stack(steps), 2)
