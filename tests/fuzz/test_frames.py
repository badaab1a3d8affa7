"""What a client may send instead of a picture: each wrong in one way, and then in many."""

from typing import get_args

import pytest

from tests.fuzz.frames import MAX_PIXELS, run
from tests.fuzz.malformed import build_malformed
from verification.vision.decode import decode_image
from verification.vision.image_header import FrameRejected, RejectionCode

MALFORMED = build_malformed()


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_picture_is_refused_or_harmless(name: str) -> None:
    try:
        picture = decode_image(MALFORMED[name], max_pixels=MAX_PIXELS)
    except FrameRejected as rejection:
        assert rejection.code in get_args(RejectionCode)
    else:
        assert picture.luma.size <= MAX_PIXELS


def test_mutated_messages_find_nothing_but_messages_and_refusals() -> None:
    assert run(seconds=20, seed=20_261_127, most=3_000) > 0
