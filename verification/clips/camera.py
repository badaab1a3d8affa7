"""A clip as a camera that can be walked to where an action is shown, forwards and backwards, uncut."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from verification.clips.segments import ClipError, Segment

# A file that is no video is told in one line of ours; FFmpeg's own lines would come before it.
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")

MAX_SIDE_PX = 1280
MAX_FPS = 30.0
MAX_FRAMES = 9_000  # five minutes at 30 fps; some 300 MB of JPEG
JPEG_QUALITY = 92
MARGIN_S = 0.5  # walked beyond both ends of a segment, so that the action is seen to begin


class ClipCamera:
    """Every frame of the clip as JPEG, and a position that moves by one frame at a time."""

    def __init__(self, frames: list[bytes], fps: float) -> None:
        self._frames = frames
        self.fps = fps
        self._position = 0
        self._step = 1
        self._range = (0, len(frames) - 1)

    @property
    def duration_s(self) -> float:
        return len(self._frames) / self.fps

    @property
    def frame_count(self) -> int:
        return len(self._frames)

    def aim(self, segment: Segment | None) -> None:
        """From now on walk to the segment and to and fro in it; None is the whole clip."""
        last = len(self._frames) - 1
        if segment is None:
            self._range = (0, last)
            return
        first = round((segment.start_s - MARGIN_S) * self.fps)
        final = round((segment.end_s + MARGIN_S) * self.fps)
        self._range = (min(max(0, first), last), min(max(0, final), last))

    def take(self) -> bytes:
        """The frame at the position; then take one step."""
        frame = self._frames[self._position]
        low, high = self._range
        if self._position <= low:
            self._step = 1
        elif self._position >= high:
            self._step = -1
        self._position = min(max(0, self._position + self._step), len(self._frames) - 1)
        return frame


def open_clip(path: Path, *, max_frame_bytes: int, on_frame: Callable[[], None] = lambda: None) -> ClipCamera:
    """Decode a clip. on_frame is called after each frame, for progress.

    Raises ClipError for a file that is missing, unreadable, empty or too long.
    """
    if not path.is_file():
        raise ClipError(f"{path} is not a file")
    capture = cv2.VideoCapture(str(path))
    try:
        if not capture.isOpened():
            raise ClipError(f"{path} cannot be read as a video")
        fps = capture.get(cv2.CAP_PROP_FPS)
        fps = fps if 1.0 <= fps <= 240.0 else 25.0
        stride = max(1, round(fps / MAX_FPS))
        frames = list(_encode_frames(capture, stride, max_frame_bytes, on_frame))
    finally:
        capture.release()
    if not frames:
        raise ClipError(f"{path} has no frame that can be decoded")
    return ClipCamera(frames, fps / stride)


def _encode_frames(
    capture: cv2.VideoCapture, stride: int, max_frame_bytes: int, on_frame: Callable[[], None]
) -> Iterator[bytes]:
    index = 0
    while True:
        has_frame, bgr = capture.read()
        if not has_frame:
            return
        if index % stride == 0:
            if index // stride >= MAX_FRAMES:
                raise ClipError(f"the clip has more than {MAX_FRAMES} frames")
            yield encode_jpeg(_shrink(bgr.astype(np.uint8, copy=False)), max_frame_bytes)
            on_frame()
        index += 1


def encode_jpeg(bgr: npt.NDArray[np.uint8], max_frame_bytes: int) -> bytes:
    """JPEG of at most max_frame_bytes, at the best quality that fits. Raises ClipError when none does."""
    for quality in range(JPEG_QUALITY, 30, -15):
        _, encoded = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
        if len(encoded) <= max_frame_bytes:
            return encoded.tobytes()
    raise ClipError(f"a frame does not fit into {max_frame_bytes} bytes")


def _shrink(bgr: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    scale = MAX_SIDE_PX / max(bgr.shape[:2])
    if scale >= 1.0:
        return bgr
    size = (round(bgr.shape[1] * scale), round(bgr.shape[0] * scale))
    return cv2.resize(bgr, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
