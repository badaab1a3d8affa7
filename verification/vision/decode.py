"""JPEG or WebP bytes to pixels, refused before decoding where that can be told from the header."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from verification.vision.image_header import FrameRejected, ImageFormat, ImageHeader, read_header

__all__ = ["DecodedFrame", "FrameRejected", "ImageFormat", "ImageHeader", "decode_image", "frame_from_bgr"]

# Frames come from a canvas, which has applied the camera's orientation already: EXIF has no say.
_DECODE_FLAGS = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION


@dataclass(frozen=True, slots=True)
class DecodedFrame:
    """A picture in memory.

    bgr: uint8 array of shape (height, width, 3), in OpenCV's channel order.
    luma: uint8 array of shape (height, width), ITU-R BT.601 weights.
    """

    bgr: npt.NDArray[np.uint8]
    luma: npt.NDArray[np.uint8]


def decode_image(data: bytes, *, max_pixels: int) -> DecodedFrame:
    """Decode a JPEG (grey or colour) or a still WebP; orientation tags are ignored.

    max_pixels: the most width * height that is decoded; more is refused from the header alone.
    Damage inside a JPEG's entropy-coded data that leaves its end marker in place can't be told from
    a picture: libjpeg fills what it can't read.

    Raises FrameRejected, whose `code` says why.
    """
    header = read_header(data)
    if header.width_px * header.height_px > max_pixels:
        raise FrameRejected(
            "too_many_pixels", f"{header.width_px} x {header.height_px} pixels are over {max_pixels}"
        )
    try:
        pixels = cv2.imdecode(np.frombuffer(data, dtype=np.uint8), _DECODE_FLAGS)
    except cv2.error as error:
        raise FrameRejected("not_an_image", f"the {header.format} can't be decoded") from error
    # A WebP's canvas and its picture can be stated with different sizes: the cap held for the first.
    if pixels is None or pixels.shape[:2] != (header.height_px, header.width_px):
        raise FrameRejected("not_an_image", f"the {header.format} can't be decoded")
    return frame_from_bgr(pixels.astype(np.uint8, copy=False))


def frame_from_bgr(bgr: npt.NDArray[np.uint8]) -> DecodedFrame:
    """Wrap pixels that came decoded already, such as a video file's; shape (height, width, 3), uint8."""
    luma = cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY).astype(np.uint8, copy=False)
    return DecodedFrame(bgr=bgr, luma=luma)
