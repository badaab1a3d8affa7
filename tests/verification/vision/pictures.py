"""Pictures as bytes, and headers that promise more than they hold."""

import io
import struct

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image


def encode(bgr: npt.NDArray[np.uint8], suffix: str = ".jpg", *parameters: int) -> bytes:
    is_encoded, data = cv2.imencode(suffix, bgr, parameters)
    assert is_encoded
    return data.tobytes()


def encode_with_pillow(bgr: npt.NDArray[np.uint8], mode: str, image_format: str, **options: object) -> bytes:
    picture = Image.fromarray(np.ascontiguousarray(bgr[:, :, ::-1])).convert(mode)
    buffer = io.BytesIO()
    picture.save(buffer, image_format, **options)
    return buffer.getvalue()


def paint_gradient(width_px: int = 64, height_px: int = 48) -> npt.NDArray[np.uint8]:
    rows, columns = np.mgrid[0:height_px, 0:width_px]
    planes = (columns * 255 // width_px, rows * 255 // height_px, (rows + columns) % 256)
    return np.stack(planes, axis=-1).astype(np.uint8)


def forge_jpeg_header(width_px: int, height_px: int, *, components: int = 3, precision: int = 8) -> bytes:
    """A JPEG that ends after the header of its only, empty scan."""
    body = struct.pack(">BHHB", precision, height_px, width_px, components) + bytes(3 * components)
    scan = bytes([components]) + bytes(2 * components + 3)
    return (
        b"\xff\xd8\xff\xc0" + struct.pack(">H", len(body) + 2) + body
        + b"\xff\xda" + struct.pack(">H", len(scan) + 2) + scan + b"\x00\xff\xd9"
    )  # fmt: skip


def forge_webp(chunk: bytes, body: bytes) -> bytes:
    payload = b"WEBP" + chunk + struct.pack("<I", len(body)) + body
    return b"RIFF" + struct.pack("<I", len(payload)) + payload
