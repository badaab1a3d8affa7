"""Read a picture's format and size from its header, so that a refusal costs no decoding.

Sources: ITU-T T.81 annex B (JPEG markers), RFC 9649 (WebP container), RFC 6386 section 9.1 (VP8).
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

RejectionCode = Literal["empty", "not_an_image", "unsupported_format", "too_many_pixels", "truncated"]


class FrameRejected(ValueError):
    """A frame that is not decoded.

    code: `empty` (no bytes), `not_an_image` (no known signature, or a header that makes no sense),
        `unsupported_format` (a picture, but not a plain JPEG or still WebP), `too_many_pixels`,
        `truncated` (the picture ends before it should).
    """

    def __init__(self, code: RejectionCode, detail: str) -> None:
        super().__init__(detail)
        self.code: str = code


class ImageFormat(StrEnum):
    JPEG = "jpeg"
    WEBP = "webp"


@dataclass(frozen=True, slots=True)
class ImageHeader:
    """What the header promises: format, width and height in pixels."""

    format: ImageFormat
    width_px: int
    height_px: int


_OTHER_SIGNATURES = (
    b"\x89PNG",
    b"GIF8",
    b"BM",
    b"II*\x00",
    b"MM\x00*",
    b"\x00\x00\x01\x00",
    b"\xff\x0a",
    b"\x00\x00\x00\x0cJXL ",
    b"\x00\x00\x00\x0cjP  ",
)
# Extended sequential and progressive beside baseline: what encoders in use write.
_DECODABLE_SOF = frozenset({0xC0, 0xC1, 0xC2})
_OTHER_SOF = frozenset({0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF})
_STANDALONE_MARKERS = frozenset({0x01, *range(0xD0, 0xD8)})
_SOI, _EOI, _SOS = 0xD8, 0xD9, 0xDA
# A progressive picture has about ten scans; thousands of tiny ones are a known way to burn CPU.
_MAX_SCANS = 32


def read_header(data: bytes) -> ImageHeader:
    """Read format and size of a JPEG or WebP picture without decoding it.

    Raises FrameRejected with any code but `too_many_pixels`.
    """
    if not data:
        raise FrameRejected("empty", "the frame holds no bytes")
    if data.startswith(b"\xff\xd8\xff"):
        return _read_jpeg(data)
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return _read_webp(data)
    if data.startswith(_OTHER_SIGNATURES) or data[4:8] == b"ftyp":
        raise FrameRejected("unsupported_format", "only JPEG and WebP are accepted")
    raise FrameRejected("not_an_image", "the bytes are no picture")


def _read_jpeg(data: bytes) -> ImageHeader:
    header: ImageHeader | None = None
    position = 2
    while True:
        marker, position = _next_marker(data, position)
        if marker in _STANDALONE_MARKERS:
            continue
        if marker in (_SOI, _EOI):
            raise FrameRejected("not_an_image", "the JPEG ends before its picture begins")
        segment = _read_segment(data, position)
        if marker in _OTHER_SOF:
            raise FrameRejected("unsupported_format", "lossless and arithmetic JPEG are not accepted")
        if marker in _DECODABLE_SOF:
            if header is not None:
                raise FrameRejected("not_an_image", "the JPEG has two frame headers")
            header = _parse_start_of_frame(segment)
        position += 2 + len(segment)
        if marker == _SOS:
            break
    if header is None:
        raise FrameRejected("not_an_image", "the JPEG has no frame header")
    _check_scans(data, position)
    return header


def _next_marker(data: bytes, position: int) -> tuple[int, int]:
    """Return the marker code at position (fill bytes skipped) and the offset after it."""
    if position < len(data) and data[position] != 0xFF:
        raise FrameRejected("not_an_image", "the JPEG's segments are damaged")
    while position < len(data) and data[position] == 0xFF:
        position += 1
    if position >= len(data):
        raise FrameRejected("truncated", "the JPEG ends in its header")
    return data[position], position + 1


def _read_segment(data: bytes, position: int) -> bytes:
    if position + 2 > len(data):
        raise FrameRejected("truncated", "the JPEG ends in its header")
    length = int.from_bytes(data[position : position + 2], "big")
    if length < 2:
        raise FrameRejected("not_an_image", "the JPEG has a segment of impossible length")
    if position + length > len(data):
        raise FrameRejected("truncated", "the JPEG ends in its header")
    return data[position + 2 : position + length]


def _parse_start_of_frame(segment: bytes) -> ImageHeader:
    if len(segment) < 6:
        raise FrameRejected("not_an_image", "the JPEG's frame header is too short")
    precision, components = segment[0], segment[5]
    height_px, width_px = int.from_bytes(segment[1:3], "big"), int.from_bytes(segment[3:5], "big")
    if precision != 8 or components not in (1, 3):
        raise FrameRejected("unsupported_format", "only 8-bit grey and colour JPEG are accepted, not CMYK")
    return _make_header(ImageFormat.JPEG, width_px, height_px)


def _check_scans(data: bytes, first_scan: int) -> None:
    """Refuse a JPEG whose end marker is missing or that has more scans than encoders write."""
    end = data.rfind(b"\xff\xd9", first_scan)
    if end < 0:
        raise FrameRejected("truncated", "the JPEG has no end")
    if data.count(b"\xff\xda", first_scan, end) >= _MAX_SCANS:
        raise FrameRejected("unsupported_format", "the JPEG has too many scans")


def _read_webp(data: bytes) -> ImageHeader:
    if len(data) < 30:
        raise FrameRejected("truncated", "the WebP ends in its header")
    if int.from_bytes(data[4:8], "little") + 8 > len(data):
        raise FrameRejected("truncated", "the WebP is shorter than it says")
    chunk, body = data[12:16], data[20:30]
    if chunk == b"VP8X":
        if body[0] & 0x02:
            raise FrameRejected("unsupported_format", "animated WebP is not accepted")
        return _make_header(
            ImageFormat.WEBP,
            1 + int.from_bytes(body[4:7], "little"),
            1 + int.from_bytes(body[7:10], "little"),
        )
    if chunk == b"VP8L" and body[0] == 0x2F:
        bits = int.from_bytes(body[1:5], "little")
        return _make_header(ImageFormat.WEBP, 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF))
    if chunk == b"VP8 " and body[3:6] == b"\x9d\x01\x2a":
        return _make_header(
            ImageFormat.WEBP,
            int.from_bytes(body[6:8], "little") & 0x3FFF,
            int.from_bytes(body[8:10], "little") & 0x3FFF,
        )
    raise FrameRejected("not_an_image", "the WebP's first chunk is no picture")


def _make_header(image_format: ImageFormat, width_px: int, height_px: int) -> ImageHeader:
    if width_px == 0 or height_px == 0:
        raise FrameRejected("not_an_image", "the picture has no width or no height")
    return ImageHeader(image_format, width_px, height_px)
