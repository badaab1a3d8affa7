import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from verification.attacks.projection import (
    OFF_SHEET_M,
    Bend,
    BendAxis,
    PinholeCamera,
    SheetPose,
    find_homography,
    project_bent,
    see_flat,
    unroll,
)

CAMERA = PinholeCamera.with_view(160, 120, 60)
HALF_M = 0.10
CORNERS = np.array([(x, y) for x in np.linspace(-HALF_M, HALF_M, 7) for y in np.linspace(-0.1, 0.1, 5)])
ANGLES = st.floats(-40, 40)
POSES = st.builds(
    SheetPose,
    yaw_deg=ANGLES,
    pitch_deg=ANGLES,
    roll_deg=ANGLES,
    x_m=st.floats(-0.05, 0.05),
    y_m=st.floats(-0.05, 0.05),
    distance_m=st.floats(0.3, 0.8),
)
# Up to the bend at which no pose of the strategy hides a part of the paper behind another.
BENDS = st.builds(
    lambda axis, sign, angle: Bend(axis, sign * angle / HALF_M),
    st.sampled_from(BendAxis),
    st.sampled_from((-1, 1)),
    st.floats(0.02, 0.4),
)


def test_the_view_spans_the_longer_side() -> None:
    edge = CAMERA.project(np.array([(np.tan(np.radians(30)), 0.0, 1.0)]))[0]
    assert edge == pytest.approx((159.5, 59.5))


@given(pose=POSES)
def test_a_rotation_is_one(pose: SheetPose) -> None:
    np.testing.assert_allclose(pose.rotation @ pose.rotation.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(pose.rotation) == pytest.approx(1)


@given(pose=POSES)
def test_the_homography_shows_points_where_the_camera_sees_them(pose: SheetPose) -> None:
    flat = np.column_stack([CORNERS, np.zeros(len(CORNERS))]) @ pose.rotation.T + pose.place
    seen = np.column_stack([CORNERS, np.ones(len(CORNERS))]) @ find_homography(CAMERA, pose).T
    np.testing.assert_allclose(seen[:, :2] / seen[:, 2:], CAMERA.project(flat), atol=1e-8)


@pytest.mark.parametrize(
    ("pose", "near"),
    [
        (SheetPose(yaw_deg=30), (-HALF_M, 0)),  # it faces right: its right edge goes away
        (SheetPose(yaw_deg=-30), (HALF_M, 0)),
        (SheetPose(pitch_deg=30), (0, HALF_M)),  # it faces up: its upper edge goes away
        (SheetPose(pitch_deg=-30), (0, -HALF_M)),
    ],
)
def test_a_turned_sheet_looks_where_its_angles_say(pose: SheetPose, near: tuple[float, float]) -> None:
    homography = find_homography(CAMERA, pose)
    nearer, farther = (float((homography @ (sign * near[0], sign * near[1], 1))[2]) for sign in (1, -1))
    assert nearer < 0.5 < farther


def test_a_rolled_sheet_turns_clockwise() -> None:
    right = find_homography(CAMERA, SheetPose(roll_deg=20)) @ (HALF_M, 0, 1)
    assert right[1] / right[2] > 60


@given(pose=POSES)
def test_looking_at_the_flat_sheet_undoes_showing_it(pose: SheetPose) -> None:
    to_page = np.array([(1000.0, 0, 30), (0, 1000.0, 40), (0, 0, 1)])
    seen_at = see_flat(CAMERA, pose, to_page)
    row, column = 70, 50
    where = np.linalg.inv(to_page) @ (*seen_at[row, column], 1)
    back = find_homography(CAMERA, pose) @ where
    assert back[:2] / back[2] == pytest.approx((column, row), abs=0.02)


@given(bend=BENDS)
def test_bent_paper_keeps_its_lengths(bend: Bend) -> None:
    fine = np.linspace(-HALF_M, HALF_M, 2001)
    for line in (np.column_stack([fine, 0 * fine]), np.column_stack([0 * fine, fine])):
        steps = np.diff(bend.roll_up(line), axis=0)
        assert np.linalg.norm(steps, axis=1).sum() == pytest.approx(2 * HALF_M, rel=1e-5)


@given(bend=BENDS)
def test_its_edges_go_where_the_curvature_says(bend: Bend) -> None:
    edge = (HALF_M, 0.0) if bend.axis is BendAxis.VERTICAL else (0.0, HALF_M)
    depth = bend.roll_up(np.array([edge]))[0, 2]
    assert np.sign(depth) == np.sign(bend.curvature_per_m)


@given(pose=POSES, bend=BENDS)
def test_unrolling_undoes_bending(pose: SheetPose, bend: Bend) -> None:
    pixels = project_bent(CAMERA, pose, bend, CORNERS)
    view = unroll(CAMERA, pose, bend, pixels, HALF_M * 1.01)
    found = np.column_stack([view.u_m, view.v_m])
    facing = np.array([_faces_camera(pose, bend, point) for point in CORNERS])
    np.testing.assert_allclose(found[facing], CORNERS[facing], atol=2e-4)
    bent = CORNERS[:, 0] if bend.axis is BendAxis.VERTICAL else CORNERS[:, 1]
    np.testing.assert_allclose(view.angle_rad[facing], bent[facing] * bend.curvature_per_m, atol=5e-3)


@given(pose=POSES)
def test_hardly_bent_paper_is_flat(pose: SheetPose) -> None:
    seen = np.column_stack([CORNERS, np.ones(len(CORNERS))]) @ find_homography(CAMERA, pose).T
    for axis in BendAxis:
        bent = project_bent(CAMERA, pose, Bend(axis, 1e-3), CORNERS)
        np.testing.assert_allclose(bent, seen[:, :2] / seen[:, 2:], atol=0.05)


def test_a_ray_beside_the_sheet_meets_nothing() -> None:
    view = unroll(CAMERA, SheetPose(), Bend(BendAxis.VERTICAL, 4.0), np.array([[0.0, 60.0]]), 0.02)
    assert view.u_m[0] == view.v_m[0] == np.float32(OFF_SHEET_M)
    assert view.angle_rad[0] == 0


def _faces_camera(pose: SheetPose, bend: Bend, point: np.ndarray[tuple[int], np.dtype[np.float64]]) -> bool:
    """Whether the paper's front is seen at a point, well clear of its outline."""
    along = point[0] if bend.axis is BendAxis.VERTICAL else point[1]
    angle = along * bend.curvature_per_m
    across = (np.sin(angle), 0) if bend.axis is BendAxis.VERTICAL else (0, np.sin(angle))
    normal = pose.rotation @ np.array([*across, -np.cos(angle)])
    place = bend.roll_up(point[None])[0] @ pose.rotation.T + pose.place
    return bool(-normal @ place / np.linalg.norm(place) > 0.1)
