import contextlib
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.verification.vision.pictures import (
    encode,
    encode_with_pillow,
    forge_jpeg_header,
    forge_webp,
    paint_gradient,
)
from verification.vision.image_header import FrameRejected, ImageFormat, ImageHeader, read_header

CODES = {"empty", "not_an_image", "unsupported_format", "truncated"}
SIDES = st.integers(1, 90)


def code_of(data: bytes) -> str:
    with pytest.raises(FrameRejected) as caught:
        read_header(data)
    return caught.value.code


@given(width=SIDES, height=SIDES, suffix=st.sampled_from([".jpg", ".webp"]))
def test_the_header_of_a_real_picture_tells_its_size(width: int, height: int, suffix: str) -> None:
    header = read_header(encode(paint_gradient(width, height), suffix))
    image_format = ImageFormat.JPEG if suffix == ".jpg" else ImageFormat.WEBP
    assert header == ImageHeader(image_format, width, height)


@given(width=SIDES, height=SIDES)
def test_a_lossless_webp_tells_its_size(width: int, height: int) -> None:
    data = encode_with_pillow(paint_gradient(width, height), "RGB", "WEBP", lossless=True)
    assert read_header(data) == ImageHeader(ImageFormat.WEBP, width, height)


@given(width=SIDES, height=SIDES)
def test_an_extended_webp_tells_its_size(width: int, height: int) -> None:
    data = encode_with_pillow(paint_gradient(width, height), "RGB", "WEBP", icc_profile=b"profile")
    assert data[12:16] == b"VP8X"
    assert read_header(data) == ImageHeader(ImageFormat.WEBP, width, height)


@given(width=st.integers(1, 65_535), height=st.integers(1, 65_535))
def test_a_jpeg_header_of_any_size_is_read_without_decoding(width: int, height: int) -> None:
    assert read_header(forge_jpeg_header(width, height)) == ImageHeader(ImageFormat.JPEG, width, height)


@given(st.binary(max_size=400))
def test_random_bytes_are_refused_with_a_known_code(data: bytes) -> None:
    assert code_of(data) in CODES


@given(st.data())
def test_random_bytes_after_a_signature_give_a_sound_header_or_a_refusal(data: st.DataObject) -> None:
    start = data.draw(
        st.sampled_from([b"\xff\xd8\xff", b"RIFF\x20\x00\x00\x00WEBP", b"\xff\xd8\xff\xc0\x00\x11"])
    )
    picture = start + data.draw(st.binary(max_size=200))
    with contextlib.suppress(FrameRejected):
        header = read_header(picture)
        assert header.width_px > 0
        assert header.height_px > 0


@given(suffix=st.sampled_from([".jpg", ".webp"]), data=st.data())
def test_every_beginning_of_a_picture_is_refused(suffix: str, data: st.DataObject) -> None:
    picture = encode(paint_gradient(), suffix)
    length = data.draw(st.integers(12, len(picture) - 2))
    assert code_of(picture[:length]) == "truncated"


def test_no_bytes_are_called_empty() -> None:
    assert code_of(b"") == "empty"


@pytest.mark.parametrize(
    "data",
    [
        b"\x89PNG\r\n\x1a\n" + bytes(30),
        b"GIF89a" + bytes(30),
        b"BM" + bytes(30),
        b"\0\0\0\x20ftypavif" + bytes(30),
    ],
    ids=["png", "gif", "bmp", "avif"],
)
def test_other_picture_formats_are_named_unsupported(data: bytes) -> None:
    assert code_of(data) == "unsupported_format"


def test_text_is_no_picture() -> None:
    assert code_of(b"hello, is this a picture?") == "not_an_image"


def test_a_cmyk_jpeg_is_unsupported() -> None:
    assert code_of(encode_with_pillow(paint_gradient(), "CMYK", "JPEG")) == "unsupported_format"


def test_a_twelve_bit_jpeg_is_unsupported() -> None:
    assert code_of(forge_jpeg_header(64, 48, precision=12)) == "unsupported_format"


def test_an_arithmetic_jpeg_is_unsupported() -> None:
    assert code_of(forge_jpeg_header(64, 48).replace(b"\xff\xc0", b"\xff\xc9", 1)) == "unsupported_format"


def test_a_jpeg_whose_height_comes_later_is_refused() -> None:
    assert code_of(forge_jpeg_header(64, 0)) == "not_an_image"


def test_a_jpeg_with_two_frame_headers_is_refused() -> None:
    data = forge_jpeg_header(64, 48)
    frame = data[2 : data.index(b"\xff\xda")]
    assert code_of(data[:2] + frame + data[2:]) == "not_an_image"


def test_a_jpeg_without_a_frame_header_is_refused() -> None:
    data = forge_jpeg_header(64, 48)
    assert code_of(data[:2] + data[data.index(b"\xff\xda") :]) == "not_an_image"


def test_a_jpeg_segment_of_impossible_length_is_refused() -> None:
    assert code_of(b"\xff\xd8\xff\xe0\x00\x01" + bytes(30)) == "not_an_image"


def test_a_jpeg_that_ends_before_its_picture_is_refused() -> None:
    assert code_of(b"\xff\xd8\xff\xd9" + bytes(30)) == "not_an_image"


def test_the_end_marker_of_a_thumbnail_does_not_pass_for_the_pictures_own() -> None:
    picture = encode(paint_gradient())
    thumbnail = encode(paint_gradient(8, 8))
    segment = b"\xff\xe1" + struct.pack(">H", len(thumbnail) + 2) + thumbnail
    whole = picture[:2] + segment + picture[2:]
    assert read_header(whole).width_px == 64
    assert code_of(whole[:-2]) == "truncated"


def test_a_progressive_jpeg_is_read() -> None:
    data = encode_with_pillow(paint_gradient(), "RGB", "JPEG", progressive=True)
    assert read_header(data) == ImageHeader(ImageFormat.JPEG, 64, 48)


def test_a_jpeg_of_thousands_of_scans_is_refused_before_decoding() -> None:
    data = encode_with_pillow(paint_gradient(), "RGB", "JPEG", progressive=True)
    last_scan = data[data.rindex(b"\xff\xda") : -2]
    assert code_of(data[:-2] + last_scan * 2_000 + data[-2:]) == "unsupported_format"


def test_an_animated_webp_is_unsupported() -> None:
    assert code_of(forge_webp(b"VP8X", b"\x02" + bytes(20))) == "unsupported_format"


def test_a_webp_whose_first_chunk_is_no_picture_is_refused() -> None:
    assert code_of(forge_webp(b"ICCP", bytes(20))) == "not_an_image"


def test_a_webp_shorter_than_it_says_is_truncated() -> None:
    assert code_of(encode(paint_gradient(), ".webp")[:-4]) == "truncated"
