import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from verification.vision.face_geometry import CanonicalFace, read_canonical_face
from verification.vision.landmarks import pose_from_matrix

WIDTH_PX, HEIGHT_PX = 640, 480
ANGLES = st.floats(-40, 40)
RNG = np.random.default_rng(7)
VERTICES = RNG.normal(0, 4, (40, 3))
FACE = CanonicalFace(VERTICES, {index: 0.01 + index / 100 for index in range(0, 40, 2)})


def turn(yaw_deg: float, roll_deg: float) -> np.ndarray:
    y, r = math.radians(yaw_deg), math.radians(-roll_deg)
    yaw = np.array([[math.cos(y), 0, math.sin(y)], [0, 1, 0], [-math.sin(y), 0, math.cos(y)]])
    roll = np.array([[math.cos(r), -math.sin(r), 0], [math.sin(r), math.cos(r), 0], [0, 0, 1]])
    turned: np.ndarray = yaw @ roll
    return turned


def photograph(rotation: np.ndarray, distance_cm: float) -> np.ndarray:
    """Landmarks as the network gives them: weak perspective, z from the face's own middle, in widths."""
    height = 2 * math.tan(math.radians(63) / 2) * distance_cm
    width = height * WIDTH_PX / HEIGHT_PX
    x, y, z = (VERTICES @ rotation.T).T
    points = np.stack([x / width + 0.5, 0.5 - y / height, -z / width], axis=1)
    return points.astype(np.float32)


@settings(deadline=None)
@given(yaw=ANGLES, roll=ANGLES, distance=st.floats(200, 400))
def test_a_turned_face_seen_from_afar_gives_its_angles(yaw: float, roll: float, distance: float) -> None:
    matrix = FACE.find_pose(photograph(turn(yaw, roll), distance), WIDTH_PX, HEIGHT_PX)
    assert matrix is not None
    pose = pose_from_matrix(matrix)
    assert (pose.yaw_deg, pose.pitch_deg, pose.roll_deg) == pytest.approx((yaw, 0, roll), abs=2.0)
    assert np.linalg.det(matrix) > 0


def test_landmarks_in_one_point_have_no_pose() -> None:
    assert FACE.find_pose(np.full((478, 3), 0.5, dtype=np.float32), WIDTH_PX, HEIGHT_PX) is None


@pytest.mark.parametrize("weights", [{}, {0: 1.0, 1: 1.0}, {0: 1.0, 1: 1.0, 40: 1.0}])
def test_a_face_with_too_few_points_that_count_is_refused(weights: dict[int, float]) -> None:
    with pytest.raises(ValueError, match="too few"):
        CanonicalFace(VERTICES, weights)


@pytest.mark.parametrize("content", [b"", b"\xff\xff", b"\x0a\x05\x1a\x04\x00\x00\x00\x00"])
def test_what_is_no_canonical_face_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match="canonical face"):
        read_canonical_face(content)
