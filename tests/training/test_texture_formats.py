import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.texture_formats import (
    FORMATS,
    Format,
    Image,
    darken,
    interlace,
    reduce_palette,
    send_through_formats,
)


def gradient(height: int, width: int) -> Image:
    x = np.linspace(0, 255, width)[np.newaxis, :, np.newaxis]
    return np.broadcast_to(x, (height, width, 3)).astype(np.uint8)


@settings(max_examples=20, deadline=None)
@given(height=st.integers(40, 90), width=st.integers(40, 90), seed=st.integers(0, 2**31))
def test_a_frame_keeps_its_size_through_any_formats(height: int, width: int, seed: int) -> None:
    frame = send_through_formats(gradient(height, width), np.random.default_rng(seed))
    assert (frame.shape, frame.dtype) == ((height, width, 3), np.uint8)


@pytest.mark.parametrize("change", [change for _, change in FORMATS], ids=lambda change: change.__name__)
def test_every_format_leaves_its_input_alone_and_can_be_drawn_again(change: Format) -> None:
    picture = np.random.default_rng(1).integers(0, 256, (64, 48, 3)).astype(np.uint8)
    before = picture.copy()
    first, second = (change(picture, np.random.default_rng(5)) for _ in range(2))
    np.testing.assert_array_equal(picture, before)
    np.testing.assert_array_equal(first, second)


def test_a_palette_has_at_most_256_colours() -> None:
    picture = np.random.default_rng(1).integers(0, 256, (80, 80, 3)).astype(np.uint8)
    assert len(np.unique(reduce_palette(picture, np.random.default_rng(0)).reshape(-1, 3), axis=0)) <= 256


def test_interlacing_moves_every_other_line_only() -> None:
    combed, whole = interlace(gradient(20, 60), np.random.default_rng(0)), gradient(20, 60)
    np.testing.assert_array_equal(combed[::2], whole[::2])
    assert (combed[1::2] != whole[1::2]).any()


def test_low_light_is_darker_and_noisier() -> None:
    even = np.full((60, 60, 3), 150, np.uint8)
    dark = darken(even, np.random.default_rng(0))
    assert dark.mean() < 150
    assert dark.std() > 1
