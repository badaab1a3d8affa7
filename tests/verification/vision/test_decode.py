import contextlib
import tracemalloc

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests.verification.vision.pictures import (
    encode,
    encode_with_pillow,
    forge_jpeg_header,
    forge_webp,
    paint_gradient,
)
from verification.vision.decode import decode_image, frame_from_bgr
from verification.vision.image_header import FrameRejected

MAX_PIXELS = 640 * 480


def code_of(data: bytes, max_pixels: int = MAX_PIXELS) -> str:
    with pytest.raises(FrameRejected) as caught:
        decode_image(data, max_pixels=max_pixels)
    return caught.value.code


@pytest.mark.parametrize("suffix", [".jpg", ".webp"])
def test_a_colour_picture_keeps_its_colours(suffix: str) -> None:
    picture = np.full((48, 64, 3), (200, 120, 40), dtype=np.uint8)
    frame = decode_image(encode(picture, suffix), max_pixels=MAX_PIXELS)
    assert frame.bgr.shape == (48, 64, 3)
    assert frame.bgr.dtype == np.uint8
    assert np.abs(frame.bgr.astype(int) - picture).max() < 12


def test_luma_is_the_grey_of_the_same_picture() -> None:
    frame = decode_image(encode(paint_gradient()), max_pixels=MAX_PIXELS)
    assert frame.luma.shape == frame.bgr.shape[:2]
    assert np.array_equal(frame.luma, cv2.cvtColor(frame.bgr, cv2.COLOR_BGR2GRAY))


def test_a_grey_jpeg_becomes_three_equal_channels() -> None:
    frame = decode_image(encode(paint_gradient()[:, :, 0]), max_pixels=MAX_PIXELS)
    assert frame.bgr.shape == (48, 64, 3)
    assert np.array_equal(frame.bgr[:, :, 0], frame.bgr[:, :, 2])


def test_a_progressive_jpeg_decodes() -> None:
    data = encode_with_pillow(paint_gradient(), "RGB", "JPEG", progressive=True, quality=95)
    assert np.abs(decode_image(data, max_pixels=MAX_PIXELS).bgr.astype(int) - paint_gradient()).mean() < 12


def test_an_orientation_tag_is_ignored() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees
    data = encode_with_pillow(paint_gradient(), "RGB", "JPEG", exif=exif.tobytes())
    assert decode_image(data, max_pixels=MAX_PIXELS).bgr.shape == (48, 64, 3)


def test_a_webp_with_transparency_loses_it() -> None:
    data = encode_with_pillow(paint_gradient(), "RGBA", "WEBP")
    assert decode_image(data, max_pixels=MAX_PIXELS).bgr.shape == (48, 64, 3)


@pytest.mark.parametrize("suffix", [".jpg", ".webp"])
@given(data=st.data())
def test_a_truncated_picture_is_refused_wherever_it_is_cut(suffix: str, data: st.DataObject) -> None:
    picture = encode(paint_gradient(), suffix)
    assert code_of(picture[: data.draw(st.integers(12, len(picture) - 2))]) == "truncated"


def test_a_huge_header_is_refused_without_the_memory_for_its_picture() -> None:
    tracemalloc.start()
    try:
        assert code_of(forge_jpeg_header(20_000, 20_000)) == "too_many_pixels"
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1_000_000


def test_a_huge_webp_header_is_refused() -> None:
    canvas = (16_382).to_bytes(3, "little") * 2
    assert code_of(forge_webp(b"VP8X", bytes(4) + canvas + bytes(20))) == "too_many_pixels"


@pytest.mark.parametrize(("spare", "is_refused"), [(0, False), (-1, True)])
def test_the_pixel_cap_is_inclusive(spare: int, *, is_refused: bool) -> None:
    data = encode(paint_gradient(64, 48))
    if is_refused:
        assert code_of(data, 64 * 48 + spare) == "too_many_pixels"
    else:
        assert decode_image(data, max_pixels=64 * 48 + spare).luma.shape == (48, 64)


def test_a_header_with_nothing_behind_it_is_refused() -> None:
    assert code_of(forge_jpeg_header(64, 48)) == "not_an_image"


def test_a_webp_whose_canvas_understates_its_picture_is_refused() -> None:
    """The cap holds for the size that the canvas states, so the picture must have that size."""
    inner = encode(paint_gradient(64, 48), ".webp")[12:]
    canvas = (7).to_bytes(3, "little") * 2
    extended = b"VP8X" + (10).to_bytes(4, "little") + bytes(4) + canvas
    payload = b"WEBP" + extended + inner
    data = b"RIFF" + len(payload).to_bytes(4, "little") + payload
    assert code_of(data, 100) == "not_an_image"


@given(position=st.integers(0, 10_000), value=st.integers(0, 255), suffix=st.sampled_from([".jpg", ".webp"]))
def test_a_damaged_byte_never_does_worse_than_a_refusal(position: int, value: int, suffix: str) -> None:
    picture = bytearray(encode(paint_gradient(), suffix))
    picture[position % len(picture)] = value
    with contextlib.suppress(FrameRejected):
        frame = decode_image(bytes(picture), max_pixels=MAX_PIXELS)
        assert frame.luma.shape == frame.bgr.shape[:2]


def test_pixels_that_came_decoded_are_wrapped_as_they_are() -> None:
    picture = paint_gradient()
    assert frame_from_bgr(picture).bgr is picture
