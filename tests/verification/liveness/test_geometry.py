import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.verification.liveness.faces import make_face
from verification.liveness.geometry import (
    Points,
    affine_residual_px,
    align_similar,
    interocular_distance_px,
    ramp,
)
from verification.liveness.landmark_indices import FACE_MESH, RIGID_FACE

FRONTAL_PX = make_face().landmarks_px.astype(np.float64)
small = st.floats(-1.0, 1.0)


@given(st.tuples(*[small] * 4), st.tuples(small, small))
def test_an_affine_map_leaves_nothing_to_the_affine_fit(
    linear: tuple[float, float, float, float], shift: tuple[float, float]
) -> None:
    a, b, c, d = (0.4 * part for part in linear)
    moved = FRONTAL_PX @ np.array([[1.0 + a, b], [c, 1.0 + d]]) + 100.0 * np.array(shift)
    assert affine_residual_px(FRONTAL_PX, moved) < 1e-6


def test_one_moved_point_stays_in_the_affine_residual() -> None:
    moved = FRONTAL_PX.copy()
    moved[5] += (20.0, 0.0)
    assert affine_residual_px(FRONTAL_PX, moved) == pytest.approx(20.0 / np.sqrt(len(moved)), rel=0.1)


@given(st.floats(0.2, 5.0), st.floats(-np.pi, np.pi), small, small)
def test_a_shifted_turned_and_scaled_face_is_brought_back(
    scale: float, angle: float, right: float, down: float
) -> None:
    turn = scale * np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    moved: Points = FRONTAL_PX @ turn + 500.0 * np.array([right, down])
    moved[0] += 30.0  # a lip, which is not what is aligned by
    aligned = align_similar(moved, FRONTAL_PX, by=RIGID_FACE)
    others = np.setdiff1d(FACE_MESH, [0])
    assert np.abs(aligned[others] - FRONTAL_PX[others]).max() < 1e-6
    assert np.linalg.norm(aligned[0] - FRONTAL_PX[0]) > 1.0


def test_the_distance_of_the_eyes_is_between_their_middles() -> None:
    points_px = np.zeros((478, 2))
    points_px[[33, 133]], points_px[[362, 263]] = (10.0, 0.0), (13.0, 4.0)
    assert interocular_distance_px(points_px) == 5.0


@given(st.floats(-1e6, 1e6), st.floats(-1e3, 1e3), st.floats(1e-3, 1e3))
def test_a_ramp_rises_from_0_to_1_between_its_bounds(value: float, low: float, width: float) -> None:
    height = ramp(value, low, low + width)
    assert 0.0 <= height <= 1.0
    assert height == 0.0 or value > low
    assert height == 1.0 or value < low + width
