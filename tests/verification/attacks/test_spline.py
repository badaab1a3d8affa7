import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.verification.attacks.clips import draw_face_points
from verification.attacks.outline import enclose, fill_face, fill_mouth, measure_mouth
from verification.attacks.spline import WARP_POINTS, map_between

POINTS = draw_face_points()[WARP_POINTS]
REGION = (90, 40, 140, 160)


def test_points_that_stay_leave_every_pixel_where_it_is() -> None:
    where = map_between(POINTS, POINTS, REGION)
    assert where.shape == (160, 140, 2)
    y, x = np.mgrid[0:160, 0:140]
    inner = np.s_[8:-8, 8:-8]
    np.testing.assert_allclose(where[inner][..., 0], x[inner] + 90, atol=0.05)
    np.testing.assert_allclose(where[inner][..., 1], y[inner] + 40, atol=0.05)


@given(scale=st.floats(0.6, 1.5), x=st.floats(-50, 50), y=st.floats(-50, 50))
def test_an_affine_change_is_followed_everywhere(scale: float, x: float, y: float) -> None:
    source = (POINTS * scale + (x, y)).astype(np.float32)
    where = map_between(POINTS, source, REGION)
    assert where[100, 60] == pytest.approx((150 * scale + x, 140 * scale + y), abs=0.2)


def test_a_moved_point_takes_its_surroundings_along() -> None:
    target = POINTS.copy()
    target[20] += (6, 4)
    where = map_between(target, POINTS, REGION)
    left, top = (round(float(value)) for value in target[20] - REGION[:2])
    assert where[top, left] == pytest.approx(POINTS[20], abs=2.5)
    assert where[8, 8] == pytest.approx((98, 48), abs=2)


def test_the_face_is_filled_and_the_closed_mouth_is_not() -> None:
    points = draw_face_points()
    mask = fill_face((240, 320), points)
    assert set(np.unique(mask)) == {0.0, 1.0}
    assert mask[120, 160] == 1
    assert not fill_mouth((240, 320), points).any()


def test_a_mouth_opens_by_degrees() -> None:
    half, wide = draw_face_points(), draw_face_points()
    for points, gap in ((half, 0.05), (wide, 0.2)):
        height = np.linalg.norm(points[152] - points[168])
        points[14] = points[13] + (0, gap * height)
        assert measure_mouth(points) == pytest.approx(gap, rel=1e-4)
    assert 0 < fill_mouth((240, 320), half).max() < fill_mouth((240, 320), wide).max() == 1


def test_a_face_outside_the_frame_has_no_box_in_it() -> None:
    assert enclose(draw_face_points(100, (500, 120)), (240, 320), 0.1) is None
    left, top, width, height = enclose(draw_face_points(100, (10, 120)), (240, 320), 0.1) or (-1, -1, -1, -1)
    assert (left, top) >= (0, 0)
    assert left + width <= 320
    assert top + height <= 240
