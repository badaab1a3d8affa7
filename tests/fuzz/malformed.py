"""A dictionary of pictures that are wrong in one way each, made by code: seeds to mutate, and tests by themselves."""

import struct
from collections.abc import Callable, Iterator

from tests.verification.pictures import (
    make_cmyk_jpeg,
    make_grey_jpeg,
    make_huge_header,
    make_jpeg,
    make_png,
    make_webp,
    with_frame_header,
)
from tests.verification.vision.pictures import forge_jpeg_header, forge_webp

SOI, EOI = b"\xff\xd8", b"\xff\xd9"


def segment(marker: int, body: bytes, length: int | None = None) -> bytes:
    """A JPEG segment; length: what it says of itself, where that is a lie."""
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2 if length is None else length) + body


def build_malformed() -> dict[str, bytes]:
    """By what is wrong with it."""
    return {**dict(_jpegs()), **dict(_webps()), **dict(_others())}


def _jpegs() -> Iterator[tuple[str, bytes]]:
    good = make_jpeg()
    for name, data in {
        "only its start": SOI,
        "start and end": SOI + EOI,
        "no end": good[:-2],
        "cut in the middle": good[: len(good) // 2],
        "bytes after the end": good + bytes(1_000),
        "a second picture behind": good + good,
        "a picture inside a comment": SOI + segment(0xFE, good) + good[2:],
        "huge": make_huge_header(),
        "no height": with_frame_header(good, width_px=160, height_px=0),
        "no width": with_frame_header(good, width_px=0, height_px=120),
        "larger than its data": with_frame_header(good, width_px=1_600, height_px=1_200),
        "one pixel": with_frame_header(good, width_px=1, height_px=1),
        "widest": with_frame_header(good, width_px=65_535, height_px=1),
        "four components": make_cmyk_jpeg(),
        "grey": make_grey_jpeg(),
        "no components": forge_jpeg_header(8, 8, components=0),
        "255 components": forge_jpeg_header(8, 8, components=255),
        "twelve bits": forge_jpeg_header(8, 8, precision=12),
        "empty scan": forge_jpeg_header(640, 480),
        "a thousand comments": SOI + segment(0xFE, b"x") * 1_000 + good[2:],
        "a comment of no length": SOI + segment(0xFE, b"", length=0) + good[2:],
        "a comment of one byte": SOI + segment(0xFE, b"", length=1) + good[2:],
        "a comment beyond the end": SOI + segment(0xFE, b"", length=65_535) + good[2:],
        "a million fill bytes": SOI + b"\xff" * 100_000 + good[3:],
        "an EXIF of nonsense": SOI + segment(0xE1, b"Exif\0\0" + bytes(range(256))) + good[2:],
        "an EXIF that points to itself": SOI + segment(0xE1, _looping_exif()) + good[2:],
        "an ICC profile of many parts": SOI
        + segment(0xE2, b"ICC_PROFILE\0\x01\xff" + bytes(50)) * 3
        + good[2:],
        "a restart interval": SOI + segment(0xDD, b"\0\x01") + good[2:],
        "a line count behind": good[:-2] + segment(0xDC, b"\xff\xff") + EOI,
        "no tables": _without(good, 0xC4),
        "no quantisation": _without(good, 0xDB),
        "tables of zeros": SOI + segment(0xDB, bytes(65)) + segment(0xC4, bytes(17)) + good[2:],
        "a table that overflows": SOI + segment(0xC4, b"\0" + b"\xff" * 16 + bytes(255)) + good[2:],
        "scan data of ones": good[:-500] + b"\xff\0" * 249 + EOI,
    }.items():
        yield f"JPEG: {name}", data


def _webps() -> Iterator[tuple[str, bytes]]:
    good = make_webp()
    extended = struct.pack("<I", 0) + b"\xff\xff\xff" + b"\xff\xff\xff"
    for name, data in {
        "only its start": b"RIFF\0\0\0\0WEBP",
        "cut in the middle": good[: len(good) // 2],
        "says it is longer": good[:4] + struct.pack("<I", 2**32 - 1) + good[8:],
        "says it is shorter": good[:4] + struct.pack("<I", 4) + good[8:],
        "a chunk beyond the end": good[:16] + struct.pack("<I", 2**31) + good[20:],
        "an odd chunk": forge_webp(b"VP8 ", b"\0"),
        "an empty chunk": forge_webp(b"VP8L", b""),
        "a lossless start alone": forge_webp(b"VP8L", b"\x2f\xff\xff\xff\xff"),
        "the largest canvas": forge_webp(b"VP8X", extended),
        "a canvas and no picture": forge_webp(b"VP8X", bytes(10)),
        "animated": forge_webp(b"VP8X", b"\x02" + bytes(9)),
        "an unknown chunk": forge_webp(b"EVIL", bytes(100)),
        "bytes after the end": good + bytes(1_000),
    }.items():
        yield f"WebP: {name}", data


def _others() -> Iterator[tuple[str, bytes]]:
    yield "nothing", b""
    yield "a PNG", make_png()
    yield "a GIF", b"GIF89a" + bytes(20)
    yield "a ZIP", b"PK\x03\x04" + bytes(100)
    yield "a script", b"<script>alert(1)</script>"
    yield "an SVG that includes a file", b'<svg><image href="file:///etc/passwd"/></svg>'
    yield "a PostScript program", b"%!PS-Adobe-3.0\n(/etc/passwd) (r) file\n"
    yield "zeros", bytes(1_000)
    yield "ones", b"\xff" * 1_000


def _looping_exif() -> bytes:
    directory = struct.pack("<HHHIII", 1, 0x8769, 4, 1, 8, 8)  # its one entry, and the next, point back to it
    return b"Exif\0\0II*\0" + struct.pack("<I", 8) + directory


def _without(jpeg: bytes, marker: int) -> bytes:
    """The picture without its first segment of one kind."""
    at = jpeg.index(bytes([0xFF, marker]))
    return jpeg[:at] + jpeg[at + 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big") :]


Mutation = Callable[[bytes], bytes]
