"""Frames from a picture, a video file or a camera, one at a time."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

PICTURE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"})
_FALLBACK_FPS = 25.0
_PLAUSIBLE_FPS = (1.0, 240.0)
# Enough for any landmark; larger pictures only cost time.
MAX_SIDE_PX = 1920


class SourceUnreadable(Exception):
    """There is no picture, video or camera, or nothing in it can be decoded."""


@dataclass(frozen=True, slots=True)
class TimedFrame:
    """bgr: uint8 array of shape (height, width, 3). at_ms: since the first frame."""

    bgr: npt.NDArray[np.uint8]
    at_ms: int


class FrameSource:
    """Iterates over the frames of a picture or clip (a path) or of a camera (its index).

    fps: frames a second; 1 for a picture. frame_count: None where the source doesn't say.
    is_picture: whether there is one frame. Raises SourceUnreadable.
    """

    def __init__(self, source: Path | int) -> None:
        if isinstance(source, Path) and not source.is_file():
            raise SourceUnreadable(f"{source} is not a file")
        self.is_picture = isinstance(source, Path) and source.suffix.lower() in PICTURE_SUFFIXES
        self._source = source
        self._capture = None if self.is_picture else _open_capture(source)
        self.fps, self.frame_count = (1.0, 1) if self._capture is None else _read_rate(self._capture)

    def __iter__(self) -> Iterator[TimedFrame]:
        """Yield the frames, the large ones shrunk to 1920 pixels. Raises SourceUnreadable for none."""
        index = -1
        for index, bgr in enumerate(self._read()):
            yield TimedFrame(_shrink(bgr), round(index * 1000 / self.fps))
        if index < 0:
            raise SourceUnreadable(f"{self._source} has no frame that can be decoded")

    def _read(self) -> Iterator[npt.NDArray[np.uint8]]:
        if self._capture is None:
            picture = cv2.imread(str(self._source), cv2.IMREAD_COLOR)
            if picture is not None:
                yield picture.astype(np.uint8, copy=False)
            return
        try:
            while True:
                has_frame, bgr = self._capture.read()
                if not has_frame:
                    return
                yield bgr.astype(np.uint8, copy=False)
        finally:
            self._capture.release()


def _open_capture(source: Path | int) -> cv2.VideoCapture:
    capture = cv2.VideoCapture(source) if isinstance(source, int) else cv2.VideoCapture(str(source))
    if not capture.isOpened():
        if isinstance(source, int):
            raise SourceUnreadable(f"there is no camera {source}, or it is in use")
        raise SourceUnreadable(f"{source} is no picture or video that can be read")
    return capture


def _read_rate(capture: cv2.VideoCapture) -> tuple[float, int | None]:
    fps = capture.get(cv2.CAP_PROP_FPS)
    count = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
    low, high = _PLAUSIBLE_FPS
    return (fps if low <= fps <= high else _FALLBACK_FPS), (count if count > 0 else None)


def _shrink(bgr: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    scale = MAX_SIDE_PX / max(bgr.shape[:2])
    if scale >= 1:
        return bgr
    size = (max(1, round(bgr.shape[1] * scale)), max(1, round(bgr.shape[0] * scale)))
    return cv2.resize(bgr, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
