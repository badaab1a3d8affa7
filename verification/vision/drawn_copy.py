"""Write drawn frames to a picture or a video file."""

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from verification.vision.closing import Closing

_VIDEO_CODECS = {".mp4": "mp4v", ".avi": "MJPG", ".webm": "VP80"}
_PICTURE_SUFFIXES = (".png", ".jpg", ".webp")


class CopyUnwritable(Exception):
    """The copy can't be written there or in that format."""


class DrawnCopy(Closing):
    """A picture or video being written; frames must all have one size. Raises CopyUnwritable.

    Whether it is a picture follows from the suffix: .png, .jpg, .webp; or .mp4, .avi, .webm.
    """

    def __init__(self, path: Path, fps: float, *, is_picture: bool) -> None:
        allowed = _PICTURE_SUFFIXES if is_picture else tuple(_VIDEO_CODECS)
        if path.suffix.lower() not in allowed:
            kind = "picture" if is_picture else "video"
            raise CopyUnwritable(f"a drawn {kind} is written as {', '.join(allowed)}, not as {path.name}")
        if not path.parent.is_dir():
            raise CopyUnwritable(f"{path.parent} is not a folder")
        self._path, self._fps, self._is_picture = path, fps, is_picture
        self._writer: cv2.VideoWriter | None = None

    def write(self, bgr: npt.NDArray[np.uint8]) -> None:
        """Add a frame, uint8 of shape (height, width, 3) with even sides."""
        if self._is_picture:
            if not cv2.imwrite(str(self._path), bgr):
                raise CopyUnwritable(f"can't write {self._path}")
            return
        if self._writer is None:
            codec = cv2.VideoWriter.fourcc(*_VIDEO_CODECS[self._path.suffix.lower()])
            size = (bgr.shape[1], bgr.shape[0])
            self._writer = cv2.VideoWriter(str(self._path), codec, self._fps, size)
            if not self._writer.isOpened():
                raise CopyUnwritable(f"can't write {self._path}")
        self._writer.write(bgr)

    def close(self) -> None:
        """Finish the file."""
        if self._writer is not None:
            self._writer.release()
