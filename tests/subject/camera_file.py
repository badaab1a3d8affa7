"""Turning rendered frames into what a camera hands over: JPEGs, and a file that a browser takes for one."""

from collections.abc import Iterable
from pathlib import Path

import cv2

from tests.subject.portrait import Image

CHROMIUM_FPS = 30
"""Chromium plays an MJPEG file given as its camera at this rate whatever it holds, and in a loop."""


def jpeg(frame: Image, quality: int = 90) -> bytes:
    """Encode a BGR frame as a baseline JPEG, quality 1..100."""
    is_encoded, encoded = cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not is_encoded:
        raise ValueError("the frame could not be encoded")
    return encoded.tobytes()


def write_mjpeg(path: Path, frames: Iterable[Image], *, fps: float = 15.0, quality: int = 90) -> int:
    """Write frames taken at `fps` as concatenated JPEGs that play at their true speed in Chromium.

    The browser plays the file when started with its switches for a simulated capture device and for that
    device's file. Below CHROMIUM_FPS frames are written more than once; where a picture that comes twice
    would matter, render at that rate. Returns the number of frames written, repeats included.
    """
    written = 0
    with path.open("wb") as file:
        for number, frame in enumerate(frames, start=1):
            encoded = jpeg(frame, quality)
            due = round(number * CHROMIUM_FPS / fps)
            file.write(encoded * (due - written))
            written = due
    return written
