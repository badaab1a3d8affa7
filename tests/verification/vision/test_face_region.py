import math

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from verification.vision.face_region import (
    FaceRegion,
    angle_of,
    cut_region,
    merge_regions,
    overlap,
    place_in_frame,
    region_around,
)

SHARES = st.floats(0.05, 0.95)
REGIONS = st.builds(FaceRegion, SHARES, SHARES, SHARES, SHARES, st.floats(-math.pi, math.pi))
WIDTH_PX, HEIGHT_PX = 640, 480


@given(REGIONS, REGIONS)
def test_two_regions_overlap_alike_whichever_comes_first(one: FaceRegion, other: FaceRegion) -> None:
    assert 0 <= overlap(one, other) <= 1 + 1e-9
    assert overlap(one, other) == pytest.approx(overlap(other, one))
    assert overlap(one, one) == pytest.approx(1)


@given(st.lists(REGIONS, max_size=2), st.lists(REGIONS, max_size=2))
def test_after_merging_whatever_was_found_is_there_and_nothing_else_covers_it(
    followed: list[FaceRegion], found: list[FaceRegion]
) -> None:
    merged = merge_regions(followed, found)
    assert set(merged) <= {*followed, *found}
    for region in found[-1:]:
        assert merged[-1] == region
        assert all(overlap(region, other) <= 0.5 for other in merged[:-1])


def test_the_middle_of_a_region_is_the_middle_in_the_frame() -> None:
    region = FaceRegion(0.4, 0.6, 0.2, 0.3, 1.0)
    middle = place_in_frame(np.array([[0.5, 0.5, 0.1]], dtype=np.float32), region)
    assert middle[0].tolist() == pytest.approx([0.4, 0.6, 0.02])


@given(angle=st.floats(-1.2, 1.2), side_px=st.integers(80, 200))
def test_a_point_of_a_turned_region_is_found_in_its_cut(angle: float, side_px: int) -> None:
    """A white dot at a place of the region lies at that place of the picture cut out."""
    region = FaceRegion(0.5, 0.5, side_px / WIDTH_PX, side_px / HEIGHT_PX, angle)
    share = np.array([[0.7, 0.35, 0.0]], dtype=np.float32)
    x, y = place_in_frame(share, region)[0, :2] * (WIDTH_PX, HEIGHT_PX)
    frame = np.zeros((HEIGHT_PX, WIDTH_PX, 3), dtype=np.uint8)
    cv2.circle(frame, (round(float(x)), round(float(y))), 4, (255, 255, 255), -1)
    rows, columns = np.nonzero(cut_region(frame, region, 100)[..., 0] > 100)
    assert (columns.mean() / 100, rows.mean() / 100) == pytest.approx((0.7, 0.35), abs=0.02)


def test_a_region_around_landmarks_is_a_square_in_pixels_half_as_large_again() -> None:
    landmarks = np.full((478, 3), 0.5, dtype=np.float32)
    landmarks[0, :2], landmarks[1, :2] = (0.4, 0.3), (0.6, 0.7)
    landmarks[33, :2], landmarks[263, :2] = (0.45, 0.5), (0.55, 0.5)
    region = region_around(landmarks, WIDTH_PX, HEIGHT_PX)
    assert (region.x, region.y) == pytest.approx((0.5, 0.5))
    assert region.width * WIDTH_PX == pytest.approx(region.height * HEIGHT_PX)
    assert region.height == pytest.approx(1.5 * 0.4)
    assert region.rotation == pytest.approx(0)


def test_eyes_that_go_down_to_the_right_turn_the_region_clockwise() -> None:
    assert angle_of((0, 0), (10, 10)) == pytest.approx(math.pi / 4)


@pytest.mark.parametrize("region", [FaceRegion(0, 0, 0, 1, 0), FaceRegion(0, 0, math.nan, 1, 0)])
def test_a_region_without_area_is_not_looked_at(region: FaceRegion) -> None:
    assert not region.has_area
