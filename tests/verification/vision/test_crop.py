import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.verification.vision.pictures import paint_gradient
from verification.vision.crop import (
    PixelBox,
    bound_landmarks,
    crop_face_square,
    cut_square_inside,
    prepare_deepfake_input,
    prepare_texture_views,
)

FRAME = paint_gradient(80, 60)
PLACES = st.floats(-300, 300)
SIDES = st.floats(0.1, 250)
BOXES = st.builds(PixelBox, PLACES, PLACES, SIDES, SIDES)


@given(box=BOXES, scale=st.floats(0.5, 3))
def test_a_crop_is_a_square_of_the_scaled_longer_side_wherever_the_box_lies(
    box: PixelBox, scale: float
) -> None:
    side = max(1, round(scale * max(box.width, box.height)))
    assert crop_face_square(FRAME, box, scale).shape == (side, side, 3)


@given(box=BOXES)
def test_a_crop_repeats_the_edge_pixels_where_it_leaves_the_frame(box: PixelBox) -> None:
    side = max(1, round(1.5 * max(box.width, box.height)))
    left = round(box.x + box.width / 2 - side / 2)
    top = round(box.y + box.height / 2 - side / 2)
    rows = np.clip(np.arange(top, top + side), 0, FRAME.shape[0] - 1)
    columns = np.clip(np.arange(left, left + side), 0, FRAME.shape[1] - 1)
    assert np.array_equal(crop_face_square(FRAME, box, 1.5), FRAME[rows][:, columns])


@given(box=BOXES)
def test_the_deepfake_input_has_the_networks_size_in_rgb(box: PixelBox) -> None:
    face = prepare_deepfake_input(FRAME, box)
    assert face.shape == (256, 256, 3)
    assert face.dtype == np.uint8


def test_the_deepfake_input_is_rgb() -> None:
    blue = np.zeros((60, 80, 3), dtype=np.uint8)
    blue[:, :, 0] = 200
    assert prepare_deepfake_input(blue, PixelBox(20, 20, 30, 30))[0, 0].tolist() == [0, 0, 200]


def test_the_bounding_box_holds_every_landmark_and_no_more() -> None:
    points = np.array([(3, 8), (-2, 5), (7, 1)], dtype=np.float32)
    assert bound_landmarks(points) == PixelBox(-2, 1, 9, 7)


@given(box=BOXES, side=st.integers(1, 300))
def test_a_square_cut_inside_is_never_padded(box: PixelBox, side: int) -> None:
    height, width = FRAME.shape[:2]
    expected = min(side, height, width)
    assert cut_square_inside(FRAME, box, side).shape == (expected, expected, 3)


@given(box=BOXES)
def test_the_texture_views_have_the_networks_sizes(box: PixelBox) -> None:
    views = prepare_texture_views(FRAME, box)
    assert (views.context.shape, views.detail.shape) == ((80, 80, 3), (128, 128, 3))
    assert views.context.dtype == views.detail.dtype == np.uint8


def test_the_detail_holds_the_frames_own_pixels() -> None:
    frame = np.random.default_rng(0).integers(0, 256, (400, 500, 3)).astype(np.uint8)
    views = prepare_texture_views(frame, PixelBox(200, 150, 80, 100))
    np.testing.assert_array_equal(views.detail, frame[136:264, 176:304])


def test_the_context_is_wider_than_the_face_by_its_scale() -> None:
    frame = np.zeros((600, 600, 3), np.uint8)
    frame[250:350, 250:350] = 255
    context = prepare_texture_views(frame, PixelBox(250, 250, 100, 100)).context
    assert np.sqrt((context[..., 0] > 127).sum()) == pytest.approx(80 / 2.7, abs=1.5)
