"""Head or sheet: the gauge of relief, and the meter that watches it."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.verification.liveness.faces import (
    bent_points_cm,
    flat_points_cm,
    make_face,
    project,
    solid_points_cm,
)
from verification.liveness.landmark_indices import INNER_EYE_CORNERS, LIPS, NOSE_TIP, RIGID_FACE
from verification.liveness.observation import HeadPose
from verification.liveness.parallax import FLAT_RELIEF, MIN_BINS, SOLID_RELIEF, ParallaxMeter
from verification.liveness.relief import ReliefGauge

STRAIGHT = HeadPose(0.0, 0.0, 0.0)
FRONTAL_PX = make_face().landmarks_px
yaws_deg = st.floats(-40.0, 40.0)
turns_deg = st.floats(8.0, 40.0)
small = st.floats(-1.0, 1.0)


def meter_over(
    yaws: Sequence[float],
    *,
    is_flat: bool,
    pitches: Sequence[float] | None = None,
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


@given(st.tuples(*[small] * 4), st.tuples(*[small] * 6), st.floats(0.3, 3.0))
def test_any_bending_of_a_sheet_that_is_quadratic_leaves_the_nose_where_it_was(
    linear: tuple[float, float, float, float], bends: tuple[float, ...], scale: float
) -> None:
    x, y = ((FRONTAL_PX - FRONTAL_PX.mean(axis=0)) / 100.0).astype(np.float64).T
    a, b, c, d = (0.3 * part for part in linear)
    p, q, r, s, t, u = (0.1 * part for part in bends)
    right = (1.0 + a) * x + b * y + p * x * x + q * x * y + r * y * y
    down = c * x + (1.0 + d) * y + s * x * x + t * x * y + u * y * y
    view = ReliefGauge(FRONTAL_PX).measure(100.0 * scale * np.stack([right, down], axis=1))
    assert np.abs(view.nose_shift).max() < 1e-6


@given(st.floats(0.3, 3.0), st.floats(-np.pi, np.pi), small, small)
def test_place_size_and_tilt_in_the_picture_are_no_relief_and_no_squeeze(
    scale: float, angle: float, right: float, down: float
) -> None:
    turn = scale * np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    view = ReliefGauge(FRONTAL_PX).measure(FRONTAL_PX @ turn + 100.0 * np.array([right, down]))
    assert np.abs(view.nose_shift).max() < 1e-5
    assert view.squeeze == pytest.approx(1.0, abs=1e-5)


@given(turns_deg, st.booleans())
def test_a_squeezed_sheet_tells_the_angle_it_was_turned_by(turn_deg: float, is_yaw: bool) -> None:
    pose = HeadPose(turn_deg if is_yaw else 0.0, 0.0 if is_yaw else turn_deg, 0.0)
    gauge = ReliefGauge(project(flat_points_cm(), STRAIGHT, distance_cm=500.0))
    view = gauge.measure(project(flat_points_cm(), pose, distance_cm=500.0))
    assert view.squeeze == pytest.approx(np.cos(np.radians(turn_deg)), abs=0.02)
    assert abs(view.squeezed_along[0 if is_yaw else 1]) == pytest.approx(1.0, abs=0.02)


@given(st.floats(10.0, 35.0), st.sampled_from([-1.0, 1.0]))
def test_the_nose_runs_ahead_the_way_the_head_turns(turn_deg: float, side: float) -> None:
    gauge = ReliefGauge(FRONTAL_PX)
    turned = gauge.measure(make_face(yaw_deg=side * turn_deg).landmarks_px)
    raised = gauge.measure(make_face(pitch_deg=side * turn_deg).landmarks_px)
    assert side * turned.nose_shift[0] > 0.05
    assert side * raised.nose_shift[1] < -0.05  # pitch rises upwards, pixels count downwards


@pytest.mark.parametrize("turn_deg", [12.0, 20.0, 28.0])
def test_a_bent_print_has_little_of_a_heads_relief(turn_deg: float) -> None:
    pose = HeadPose(turn_deg, 0.0, 0.0)
    shifts = [
        ReliefGauge(project(points, STRAIGHT)).measure(project(points, pose)).nose_shift[0]
        for points in (bent_points_cm(), solid_points_cm())
    ]
    assert abs(shifts[0]) < 0.25 * shifts[1]


def test_a_head_that_turns_scores_1_and_a_print_0() -> None:
    turn = [10.0, 15.0, 20.0, 25.0, 30.0]
    assert meter_over(turn, is_flat=False).score == 1.0
    assert meter_over(turn, is_flat=True, noise_px=0.5).score == 0.0


def test_a_nod_shows_the_solid_as_well_as_a_turn() -> None:
    head = meter_over([0.0] * 4, pitches=[-8.0, -12.0, -16.0, -20.0], is_flat=False)
    assert head.score == 1.0


def test_nothing_is_said_before_the_head_has_turned() -> None:
    assert meter_over([0.0, 2.0, -3.0, 5.0], is_flat=False).score is None
    assert meter_over([20.0] * 9, is_flat=False).relief is None
    assert meter_over([20.0, 24.0], is_flat=False).measures["poses"] == MIN_BINS


def test_a_turn_is_counted_from_the_frontal_view_whatever_way_that_looked() -> None:
    meter = ParallaxMeter()
    meter.set_frontal(make_face(yaw_deg=10.0, pitch_deg=10.0))
    for yaw_deg in (8.0, 10.0, 12.0, 14.0):
        meter.observe(make_face(yaw_deg=yaw_deg, pitch_deg=yaw_deg))
    assert meter.measures == {}
    for yaw_deg in (-2.0, 0.0, 2.0):
        meter.observe(make_face(yaw_deg=yaw_deg, pitch_deg=10.0))
    assert meter.relief is not None
    assert meter.relief > SOLID_RELIEF


def test_a_print_that_is_tilted_far_is_flat_whatever_pose_is_reported() -> None:
    """A landmark model reports a third of the angle by which a print is tilted, or nothing at all."""
    for reported_deg in (0.0, 3.0, 10.0):
        meter = ParallaxMeter()
        meter.set_frontal(make_face(is_flat=True))
        for tilt_deg in (44.0, 50.0, 56.0, 62.0):
            landmarks_px = project(flat_points_cm(), HeadPose(tilt_deg, 0.0, 0.0))
            face = make_face(yaw_deg=reported_deg + (tilt_deg - 44.0) / 3)
            meter.observe(
                type(face)(face.box, landmarks_px, face.pose, face.blendshapes, 120.0, face.skin_lab)
            )
        assert meter.relief == pytest.approx(0.0, abs=0.1)


def test_what_moves_by_itself_is_no_part_of_the_skull() -> None:
    lids_brows_chin_and_irises = {159, 145, 386, 374, 105, 334, 152, *range(468, 478)}
    rigid = set(RIGID_FACE.tolist())
    assert not rigid & ({*LIPS.tolist()} | lids_brows_chin_and_irises)
    assert {*NOSE_TIP.tolist(), *INNER_EYE_CORNERS.tolist(), 33, 263, 10, 234, 454} <= rigid


def test_nothing_is_measured_before_the_frontal_view_is_known() -> None:
    meter = ParallaxMeter()
    for yaw_deg in (10.0, 20.0, 30.0):
        meter.observe(make_face(yaw_deg=yaw_deg))
    assert meter.relief is None


@given(st.lists(st.tuples(yaws_deg, yaws_deg), max_size=12))
def test_no_tilting_of_a_print_is_taken_for_a_solid(poses: list[tuple[float, float]]) -> None:
    meter = meter_over(
        [yaw for yaw, _ in poses], pitches=[pitch for _, pitch in poses], is_flat=True, noise_px=0.8
    )
    assert meter.relief is None or meter.relief < FLAT_RELIEF
    assert not meter.score


def test_a_head_that_comes_closer_while_it_turns_is_as_solid_as_before() -> None:
    turn = [10.0, 15.0, 20.0]
    near, far = (meter_over(turn, is_flat=False, distance_cm=cm).relief for cm in (35.0, 50.0))
    assert near is not None
    assert far is not None
    assert near == pytest.approx(far, rel=0.35)


def test_a_print_that_is_brought_closer_stays_flat() -> None:
    """The landmarker errs by a share of the face, so the error grows with the face's size in pixels."""
    near = meter_over([10.0, 12.0, 14.0, 16.0], is_flat=True, noise_px=3.0, distance_cm=25.0)
    far = meter_over([10.0, 12.0, 14.0, 16.0], is_flat=True, noise_px=1.5)
    assert far.score == 0.0
    assert near.score == 0.0


def test_a_long_session_keeps_no_more_than_one_entry_a_pose() -> None:
    meter = meter_over([10.0 + number % 7 for number in range(400)], is_flat=False)
    assert meter.measures["poses"] <= 5
