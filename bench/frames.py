"""The frames that are measured: 640 x 480 JPEGs at ten a second, of real people where clips are at hand."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from verification.clips.camera import ClipReader
from verification.clips.segments import ClipError
from verification.conf import CAPTURE_HEIGHT_PX, CAPTURE_WIDTH_PX

FPS = 10
JPEG_QUALITY = 80  # about what the page settles on
_FRAMES_A_CLIP = 40
_VIDEOS = {".mp4", ".mkv", ".mov", ".mpg", ".gif", ".webm"}

_Image = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class FrameSet:
    """JPEGs in order, and whom they show, in words."""

    jpegs: tuple[bytes, ...]
    source: str


def load_frames(limit: int) -> FrameSet:
    """Up to `limit` frames: of the clips under POL_CLIPS, or else of the tests' simulated subject."""
    folder = Path(os.environ.get("POL_CLIPS", ""))
    real = tuple(islice(_read_clips(folder / "bona_fide"), limit)) if os.environ.get("POL_CLIPS") else ()
    if real:
        return FrameSet(real, "real people (clips under POL_CLIPS, cut to 640 x 480)")
    return FrameSet(tuple(islice(_render_subject(), limit)), "the tests' simulated subject")


def fit_frame(bgr: _Image) -> _Image:
    """The middle of a picture at the capture's size: uint8 BGR of shape (480, 640, 3)."""
    height_px, width_px = bgr.shape[:2]
    scale = max(CAPTURE_WIDTH_PX / width_px, CAPTURE_HEIGHT_PX / height_px)
    size = (max(CAPTURE_WIDTH_PX, round(width_px * scale)), max(CAPTURE_HEIGHT_PX, round(height_px * scale)))
    scaled = cv2.resize(bgr, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    left, top = (size[0] - CAPTURE_WIDTH_PX) // 2, (size[1] - CAPTURE_HEIGHT_PX) // 2
    cut = scaled[top : top + CAPTURE_HEIGHT_PX, left : left + CAPTURE_WIDTH_PX]
    return np.ascontiguousarray(cut, dtype=np.uint8)


def encode_frame(bgr: _Image) -> bytes:
    """A JPEG as the page would send it."""
    return cv2.imencode(".jpg", fit_frame(bgr), [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1].tobytes()


def _read_clips(folder: Path) -> Iterator[bytes]:
    """Of every clip that needs no enlarging, the first frames at ten a second."""
    for path in sorted(folder.glob("*")):
        if path.suffix not in _VIDEOS:
            continue
        try:
            with ClipReader(path, max_fps=FPS) as reader:
                for bgr in islice(reader, _FRAMES_A_CLIP):
                    if min(bgr.shape[:2]) < CAPTURE_HEIGHT_PX:
                        break
                    yield encode_frame(bgr)
        except ClipError:
            continue


def _render_subject() -> Iterator[bytes]:
    # Imported where it is needed: it reads the portrait and looks for its landmarks.
    from tests.subject.performance import ACTIONS, record  # noqa: PLC0415
    from tests.subject.subject import SimulatedSubject  # noqa: PLC0415

    for seed in count():
        for moment in record(SimulatedSubject(), ACTIONS, fps=FPS, seed=seed):
            yield encode_frame(moment.frame)
