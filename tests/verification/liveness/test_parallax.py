"""Plane or solid: the geometry, and the meter that watches it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.verification.liveness.faces import make_face
from verification.liveness.geometry import (
    Points,
    affine_residual_px,
    homography_residual_px,
    interocular_distance_px,
    ramp,
)
from verification.liveness.landmark_indices import FACE_WITHOUT_LIPS
from verification.liveness.parallax import FLAT_RESIDUAL, ParallaxMeter

FRONTAL_PX = make_face().landmarks_px.astype(np.float64)
small = st.floats(-1.0, 1.0)
yaws_deg = st.floats(-40.0, 40.0)
turns_deg = st.floats(8.0, 40.0)


def transform(points_px: Points, matrix: Points) -> Points:
    mapped = np.concatenate([points_px, np.ones((len(points_px), 1))], axis=1) @ matrix.T
    return np.asarray(mapped[:, :2] / mapped[:, 2:])


def residual(yaw_deg: float, pitch_deg: float = 0.0, *, is_flat: bool) -> float:
    frontal = make_face(is_flat=is_flat).landmarks_px[FACE_WITHOUT_LIPS]
    turned = make_face(yaw_deg=yaw_deg, pitch_deg=pitch_deg, is_flat=is_flat).landmarks_px
    return homography_residual_px(frontal, turned[FACE_WITHOUT_LIPS]) / interocular_distance_px(FRONTAL_PX)


def meter_over(
    yaws: list[float],
    *,
    is_flat: bool,
    pitches: list[float] | None = None,
    noise_px: float = 0.0,
    distance_cm: float = 50.0,
) -> ParallaxMeter:
    meter = ParallaxMeter()
    meter.set_frontal(make_face(is_flat=is_flat))
    for number, yaw_deg in enumerate(yaws):
        meter.observe(
            make_face(
                yaw_deg=yaw_deg,
                pitch_deg=pitches[number] if pitches else 0.0,
                is_flat=is_flat,
                noise_px=noise_px,
                noise_seed=number,
                distance_cm=distance_cm,
            )
        )
    return meter


@given(st.tuples(*[small] * 4), st.tuples(small, small), st.floats(0.3, 3.0))
def test_a_plane_under_any_homography_leaves_nothing(
    linear: tuple[float, float, float, float], tilt: tuple[float, float], scale: float
) -> None:
    a, b, c, d = (0.4 * part for part in linear)
    matrix = np.array(
        [
            [scale * (1.0 + a), scale * b, 300.0 * c],
            [scale * c, scale * (1.0 + d), 200.0 * b],
            [tilt[0] / 2_000, tilt[1] / 2_000, 1.0],
        ]
    )
    assert homography_residual_px(FRONTAL_PX, transform(FRONTAL_PX, matrix)) < 1e-3


@given(yaws_deg, yaws_deg)
def test_a_flat_picture_turned_in_space_leaves_nothing(yaw_deg: float, pitch_deg: float) -> None:
    assert residual(yaw_deg, pitch_deg, is_flat=True) < 1e-4


@given(turns_deg, turns_deg, st.sampled_from([-1.0, 1.0]))
def test_a_solids_residual_grows_with_its_turn(one_deg: float, other_deg: float, side: float) -> None:
    less_deg, more_deg = sorted((one_deg, other_deg))
    assert residual(side * less_deg, is_flat=False) <= residual(side * more_deg, is_flat=False) + 1e-6
    assert (
        residual(0.0, side * less_deg, is_flat=False) <= residual(0.0, side * more_deg, is_flat=False) + 1e-6
    )


@given(st.floats(8.0, 40.0))
def test_a_solid_leaves_more_than_a_plane_from_8_degrees_on(yaw_deg: float) -> None:
    assert residual(yaw_deg, is_flat=False) > 100 * residual(yaw_deg, is_flat=True)


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


def test_a_head_that_turns_scores_1_and_a_print_0() -> None:
    turn = [10.0, 15.0, 20.0, 25.0, 30.0]
    assert meter_over(turn, is_flat=False).score == 1.0
    assert meter_over(turn, is_flat=True, noise_px=0.5).score == 0.0


def test_a_nod_shows_the_solid_as_well_as_a_turn() -> None:
    head = meter_over([0.0] * 4, pitches=[-10.0, -15.0, -20.0, -25.0], is_flat=False)
    assert head.score is not None
    assert head.score > 0.5


def test_nothing_is_said_before_the_head_has_turned() -> None:
    assert meter_over([0.0, 2.0, -3.0, 5.0], is_flat=False).score is None
    assert meter_over([20.0], is_flat=False).residual is None


def test_a_turn_is_counted_from_the_frontal_view_whatever_way_that_looked() -> None:
    meter = ParallaxMeter()
    meter.set_frontal(make_face(yaw_deg=10.0, pitch_deg=10.0))
    for yaw_deg in (8.0, 10.0, 12.0, 14.0):
        meter.observe(make_face(yaw_deg=yaw_deg, pitch_deg=yaw_deg))
    assert meter.residual is None
    for yaw_deg in (-2.0, 0.0, 2.0):
        meter.observe(make_face(yaw_deg=yaw_deg, pitch_deg=10.0))
    assert meter.residual is not None


def test_lips_and_irises_move_by_themselves_and_are_left_out() -> None:
    lip_corners_and_middles, irises = {61, 291, 13, 14, 0, 17}, set(range(468, 478))
    nose_eyes_and_chin = {1, 33, 133, 263, 362, 152}
    points = set(FACE_WITHOUT_LIPS.tolist())
    assert not points & (lip_corners_and_middles | irises)
    assert nose_eyes_and_chin <= points
    assert len(points) == 468 - 40


def test_nothing_is_measured_before_the_frontal_view_is_known() -> None:
    meter = ParallaxMeter()
    for yaw_deg in (10.0, 20.0, 30.0):
        meter.observe(make_face(yaw_deg=yaw_deg))
    assert meter.residual is None


@given(st.lists(st.tuples(yaws_deg, yaws_deg), max_size=12))
def test_no_tilting_of_a_print_is_taken_for_a_solid(poses: list[tuple[float, float]]) -> None:
    meter = meter_over(
        [yaw for yaw, _ in poses], pitches=[pitch for _, pitch in poses], is_flat=True, noise_px=1.0
    )
    assert meter.residual is None or meter.residual < FLAT_RESIDUAL
    assert not meter.score


def test_a_head_that_comes_closer_while_it_turns_is_as_solid_as_before() -> None:
    turn = [10.0, 15.0, 20.0]
    near, far = (meter_over(turn, is_flat=False, distance_cm=cm).residual for cm in (28.0, 50.0))
    assert near is not None
    assert far is not None
    assert near == pytest.approx(far, rel=0.25)


def test_a_print_that_is_brought_closer_stays_flat() -> None:
    """The landmarker errs by a share of the face, so the error grows with the face's size in pixels."""
    near = meter_over([10.0, 12.0, 14.0, 16.0], is_flat=True, noise_px=4.0, distance_cm=25.0)
    far = meter_over([10.0, 12.0, 14.0, 16.0], is_flat=True, noise_px=2.0)
    assert far.score == 0.0
    assert near.score == 0.0
