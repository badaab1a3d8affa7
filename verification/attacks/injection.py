"""Recordings fed in place of a camera: frozen, looped, or pieced together; each frame noised and encoded anew."""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from itertools import count

import cv2
import numpy as np

from verification.attacks.sensor import Sensor, draw_injector
from verification.attacks.stills import Image

_LOOP_S = (2.0, 6.0)
_PIECE_S = (0.5, 2.0)
_FADE_S = (0.2, 0.6)
# A jump to a neighbouring frame is no cut.
_MIN_JUMP_S = 0.5


class Wrap(StrEnum):
    """What happens at a loop's end: a cut, the way back, or a cross-fade to its beginning."""

    HARD = "hard"
    BOOMERANG = "boomerang"
    FADE = "fade"


def freeze(still: Image, fps: float, rng: np.random.Generator) -> Iterator[Image]:
    """One frame without end; half the time it is slowly moved and zoomed, as if a hand held the camera."""
    sensor = Sensor(draw_injector(rng), rng)
    is_moved = rng.random() < 0.5
    frequencies_hz, phases = rng.uniform(0.03, 0.4, 3), rng.uniform(0, 2 * np.pi, 3)
    reach = rng.uniform(0.005, 0.02, 3)
    height, width = still.shape[:2]
    for number in count():
        frame = still
        if is_moved:
            x, y, zoom = reach * np.sin(2 * np.pi * frequencies_hz * number / fps + phases)
            moved = cv2.getRotationMatrix2D((width / 2, height / 2), 0.0, 1.05 + zoom).astype(np.float64)
            moved[:, 2] += (x * width, y * height)
            frame = cv2.warpAffine(still, moved, (width, height), borderMode=cv2.BORDER_REPLICATE).astype(
                np.uint8
            )
        yield sensor.film(frame, number / fps)


def loop(frames: Sequence[Image], fps: float, rng: np.random.Generator) -> Iterator[Image]:
    """Two to six seconds of the clip, or half of one that is shorter than four, without end."""
    longest = min(round(rng.uniform(*_LOOP_S) * fps), max(2, len(frames) // 2))
    first = int(rng.integers(max(1, len(frames) - longest + 1)))
    piece = range(first, min(len(frames), first + longest))
    wrap = Wrap(rng.choice(list(Wrap)))
    fade = min(round(rng.uniform(*_FADE_S) * fps), len(piece) // 3) if wrap is Wrap.FADE else 0
    sensor = Sensor(draw_injector(rng), rng)
    for number, (index, other, share) in enumerate(_walk_loop(piece, wrap, fade)):
        frame = frames[index]
        if share > 0:
            frame = cv2.addWeighted(frame, 1 - share, frames[other], share, 0).astype(np.uint8, copy=False)
        yield sensor.film(frame, number / fps)


def _walk_loop(piece: range, wrap: Wrap, fade: int) -> Iterator[tuple[int, int, float]]:
    """Frame numbers without end: one, another that is faded in over it, and by how much, 0..1."""
    once = [*piece, *reversed(piece[1:-1])] if wrap is Wrap.BOOMERANG else list(piece[fade:])
    while True:
        for place, index in enumerate(once):
            left = len(once) - place
            if left <= fade:
                yield index, piece[fade - left], 1 - left / (fade + 1)
            else:
                yield index, index, 0.0


def stitch(frames: Sequence[Image], fps: float, rng: np.random.Generator) -> Iterator[Image]:
    """Pieces of half a second to two seconds in random order, without end, hard cuts between."""
    sensor = Sensor(draw_injector(rng), rng)
    for number, index in enumerate(_walk_pieces(len(frames), fps, rng)):
        yield sensor.film(frames[index], number / fps)


def _walk_pieces(frame_count: int, fps: float, rng: np.random.Generator) -> Iterator[int]:
    last, jump = 0, min(round(_MIN_JUMP_S * fps), frame_count // 4)
    while True:
        length = max(1, min(round(rng.uniform(*_PIECE_S) * fps), frame_count // 2))
        first = int(rng.integers(frame_count - length + 1))
        if abs(first - last) < jump:
            continue
        last = first + length - 1
        yield from range(first, first + length)


def resend(frames: Sequence[Image], fps: float, rng: np.random.Generator) -> Iterator[Image]:
    """The clip once, encoded anew: what a burst sends. Its timing is `BurstClock`'s."""
    sensor = Sensor(draw_injector(rng), rng)
    for number, frame in enumerate(frames):
        yield sensor.film(frame, number / fps)
