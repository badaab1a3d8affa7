"""Small pictures, good ones and all sorts of bad ones, as a client might send them."""

import cv2
import numpy as np


def make_bgr(width_px: int = 160, height_px: int = 120, *, seed: int = 0) -> np.ndarray:
    """A blurred random picture without a face."""
    noise = np.random.default_rng(seed).integers(0, 255, (height_px, width_px, 3), dtype=np.uint8)
    return np.asarray(cv2.blur(noise, (9, 9)))


def make_jpeg(seed: int = 0) -> bytes:
    return encode(".jpg", make_bgr(seed=seed))


def make_webp(seed: int = 0) -> bytes:
    return encode(".webp", make_bgr(seed=seed))


def make_grey_jpeg() -> bytes:
    return encode(".jpg", make_bgr()[:, :, 0])


def make_png() -> bytes:
    return encode(".png", make_bgr())


def make_huge_header() -> bytes:
    """A JPEG of a few hundred bytes that says it is 20,000 x 20,000 pixels."""
    return with_frame_header(make_jpeg(), width_px=20_000, height_px=20_000)


def make_cmyk_jpeg() -> bytes:
    """A JPEG whose frame header announces four components, as CMYK ones do."""
    data = make_jpeg()
    at = find_frame_header(data)
    length = int.from_bytes(data[at + 2 : at + 4], "big")
    segment = data[at + 4 : at + 2 + length]
    four = segment[:5] + b"\x04" + segment[6:] + b"\x04\x11\x01"
    return data[: at + 2] + (length + 3).to_bytes(2, "big") + four + data[at + 2 + length :]


def with_frame_header(data: bytes, *, width_px: int, height_px: int) -> bytes:
    at = find_frame_header(data)
    size = height_px.to_bytes(2, "big") + width_px.to_bytes(2, "big")
    return data[: at + 5] + size + data[at + 9 :]


def find_frame_header(data: bytes) -> int:
    """Where a baseline JPEG's SOF0 marker begins."""
    return data.index(b"\xff\xc0")


def encode(suffix: str, picture: np.ndarray) -> bytes:
    is_encoded, encoded = cv2.imencode(suffix, picture)
    assert is_encoded
    return encoded.tobytes()
