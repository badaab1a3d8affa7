"""A clip as a camera that can be walked to where an action is shown, forwards and backwards, uncut."""

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Generic, Protocol, TypeVar

import cv2
import numpy as np
import numpy.typing as npt

from verification.clips.segments import ClipError, Segment
from verification.vision.closing import Closing

# A file that is no video is told in one line of ours; FFmpeg's own lines would come before it.
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")

MAX_SIDE_PX = 1280
MAX_FPS = 30.0
MAX_FRAMES = 9_000  # five minutes at 30 fps; some 300 MB of JPEG
JPEG_QUALITY = 92
MARGIN_S = 0.5  # walked beyond both ends of a segment, so that the action is seen to begin

_Image = npt.NDArray[np.uint8]
Frame = TypeVar("Frame")
Frame_co = TypeVar("Frame_co", covariant=True)


class Camera(Protocol[Frame_co]):
    """What a session is held before. A frame is whatever the session's `observe` takes: JPEG or more."""

    @property
    def fps(self) -> float: ...

    @property
    def duration_s(self) -> float: ...

    def aim(self, segment: Segment | None) -> None: ...

    def take(self) -> Frame_co: ...


class WalkingCamera(Generic[Frame]):
    """Every frame of a clip, and a position that moves by one frame at a time."""

    def __init__(self, frames: Sequence[Frame], fps: float) -> None:
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

    def take(self) -> Frame:
        """The frame at the position; then take one step."""
        frame = self._frames[self._position]
        low, high = self._range
        if self._position <= low:
            self._step = 1
        elif self._position >= high:
            self._step = -1
        self._position = min(max(0, self._position + self._step), len(self._frames) - 1)
        return frame


class ClipCamera(WalkingCamera[bytes]):
    """The frames as JPEG."""


class ClipReader(Closing):
    """The frames of a video file at a bounded rate, decoded one at a time.

    fps: frames a second of what is read: the file's own rate, thinned out evenly to about max_fps.
    Raises ClipError for a file that is missing or cannot be read.
    """

    def __init__(self, path: Path, *, max_fps: float = MAX_FPS) -> None:
        if not path.is_file():
            raise ClipError(f"{path} is not a file")
        self._path = path
        self._capture = cv2.VideoCapture(str(path))
        if not self._capture.isOpened():
            raise ClipError(f"{path} cannot be read as a video")
        fps = self._capture.get(cv2.CAP_PROP_FPS)
        fps = fps if 1.0 <= fps <= 240.0 else 25.0
        self._stride = max(1, round(fps / max_fps))
        self.fps = fps / self._stride

    def close(self) -> None:
        """Let go of the file."""
        self._capture.release()

    def __iter__(self) -> Iterator[_Image]:
        """BGR frames, uint8 (height, width, 3), none larger than MAX_SIDE_PX.

        Raises ClipError for a file without a frame, and for one of more than MAX_FRAMES.
        """
        index = taken = 0
        while True:
            has_frame, bgr = self._capture.read()
            if not has_frame:
                break
            if index % self._stride == 0:
                if taken >= MAX_FRAMES:
                    raise ClipError(f"the clip has more than {MAX_FRAMES} frames")
                yield shrink(bgr.astype(np.uint8, copy=False))
                taken += 1
            index += 1
        if not taken:
            raise ClipError(f"{self._path} has no frame that can be decoded")


def open_clip(path: Path, *, max_frame_bytes: int, on_frame: Callable[[], None] = lambda: None) -> ClipCamera:
    """Decode a clip. on_frame is called after each frame, for progress.

    Raises ClipError for a file that is missing, unreadable, empty or too long.
    """
    frames = []
    with ClipReader(path) as reader:
        for bgr in reader:
            frames.append(encode_jpeg(bgr, max_frame_bytes))
            on_frame()
    return ClipCamera(frames, reader.fps)


def encode_jpeg(bgr: _Image, max_frame_bytes: int) -> bytes:
    """JPEG of at most max_frame_bytes, at the best quality that fits. Raises ClipError when none does."""
    for quality in range(JPEG_QUALITY, 30, -15):
        _, encoded = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
        if len(encoded) <= max_frame_bytes:
            return encoded.tobytes()
    raise ClipError(f"a frame does not fit into {max_frame_bytes} bytes")


def shrink(bgr: _Image) -> _Image:
    """The picture, or a smaller copy whose longer side is MAX_SIDE_PX."""
    scale = MAX_SIDE_PX / max(bgr.shape[:2])
    if scale >= 1.0:
        return bgr
    size = (max(1, round(bgr.shape[1] * scale)), max(1, round(bgr.shape[0] * scale)))
    return cv2.resize(bgr, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
