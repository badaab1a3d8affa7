import numpy as np
import pytest
from deepface.models.spoofing.FasNetUtils import crop
from hypothesis import given
from hypothesis import strategies as st

from verification.vision.crop import TEXTURE_CONTEXT_PX, PixelBox, cut_surroundings

PICTURE = np.random.default_rng(0).integers(0, 256, (90, 120, 3)).astype(np.uint8)


@given(
    x=st.integers(0, 80),
    y=st.integers(0, 50),
    width=st.integers(10, 40),
    height=st.integers(10, 40),
    scale=st.sampled_from([2.7, 4.0]),
)
def test_the_teacher_sees_what_deepface_shows_it(
    x: int, y: int, width: int, height: int, scale: float
) -> None:
    expected = crop(PICTURE, (x, y, width, height), scale, TEXTURE_CONTEXT_PX, TEXTURE_CONTEXT_PX)
    seen = cut_surroundings(PICTURE, PixelBox(x, y, width, height), scale)
    # Rounding may move an edge by a pixel, not more.
    assert seen.shape == expected.shape
    assert np.abs(seen.astype(float) - expected).mean() < 40


@pytest.mark.parametrize(
    "box", [PixelBox(-30, -30, 50, 50), PixelBox(100, 70, 60, 60), PixelBox(5, 5, 0.2, 0.2)]
)
def test_a_box_at_the_edge_is_still_seen(box: PixelBox) -> None:
    assert cut_surroundings(PICTURE, box, 2.7).shape == (TEXTURE_CONTEXT_PX, TEXTURE_CONTEXT_PX, 3)
