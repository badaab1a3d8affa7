import math
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from verification.vision.analyser import VisionModels
from verification.vision.decode import DecodedFrame
from verification.vision.frame_sources import FrameSource
from verification.vision.landmarks import (
    FaceLandmarkerMissing,
    FaceLandmarkTracker,
    TrackedFace,
    pose_from_matrix,
)

ANGLES = st.floats(-80, 80)


def turn_head(yaw_deg: float, pitch_deg: float, roll_deg: float) -> npt.NDArray[np.float64]:
    """A facial transformation matrix from angles: roll first, then pitch, then yaw."""
    y, p, r = (math.radians(angle) for angle in (yaw_deg, -pitch_deg, -roll_deg))
    yaw = np.array([[math.cos(y), 0, math.sin(y)], [0, 1, 0], [-math.sin(y), 0, math.cos(y)]])
    pitch = np.array([[1, 0, 0], [0, math.cos(p), -math.sin(p)], [0, math.sin(p), math.cos(p)]])
    roll = np.array([[math.cos(r), -math.sin(r), 0], [math.sin(r), math.cos(r), 0], [0, 0, 1]])
    matrix = np.eye(4)
    matrix[:3, :3] = yaw @ pitch @ roll
    return matrix


@given(yaw=ANGLES, pitch=ANGLES, roll=ANGLES)
def test_angles_come_back_out_of_the_matrix_they_made(yaw: float, pitch: float, roll: float) -> None:
    pose = pose_from_matrix(turn_head(yaw, pitch, roll))
    assert (pose.yaw_deg, pose.pitch_deg, pose.roll_deg) == pytest.approx((yaw, pitch, roll), abs=1e-6)


def test_a_matrix_with_rounding_errors_still_has_a_pitch() -> None:
    matrix = turn_head(0, 90, 0)
    matrix[1, 2] = 1.0000002
    assert pose_from_matrix(matrix).pitch_deg == 90


def test_the_portrait_shows_one_frontal_face(tracker: FaceLandmarkTracker, portrait: DecodedFrame) -> None:
    (face,) = tracker.track(portrait.bgr, 0)
    assert face.landmarks_px.shape == (478, 2)
    assert face.landmarks_px.dtype == np.float32
    assert len(face.blendshapes) == 52
    assert face.blendshapes["mouthSmileLeft"] > 0.5
    assert max(abs(face.pose.yaw_deg), abs(face.pose.pitch_deg)) < 25


def test_a_mirrored_face_turns_and_leans_the_other_way(models: VisionModels, portrait: DecodedFrame) -> None:
    if not models.landmarker_path.is_file():
        pytest.skip("no face landmarker: run manage.py download_models")
    (face,) = track_alone(models, portrait.bgr)
    (mirrored,) = track_alone(models, cv2.flip(portrait.bgr, 1).astype(np.uint8, copy=False))
    assert mirrored.pose.yaw_deg == pytest.approx(-face.pose.yaw_deg, abs=3)
    assert mirrored.pose.roll_deg == pytest.approx(-face.pose.roll_deg, abs=3)


def test_a_picture_turned_clockwise_leans_to_the_subjects_own_left(
    models: VisionModels, portrait: DecodedFrame
) -> None:
    if not models.landmarker_path.is_file():
        pytest.skip("no face landmarker: run manage.py download_models")
    (face,) = track_alone(models, portrait.bgr)
    clockwise = cv2.getRotationMatrix2D((220, 120), -15, 1)
    turned = cv2.warpAffine(portrait.bgr, clockwise, (512, 512), borderMode=cv2.BORDER_REPLICATE)
    (leaning,) = track_alone(models, turned.astype(np.uint8, copy=False))
    assert leaning.pose.roll_deg - face.pose.roll_deg == pytest.approx(15, abs=4)


def test_an_empty_picture_shows_no_face(tracker: FaceLandmarkTracker) -> None:
    assert tracker.track(np.zeros((48, 64, 3), dtype=np.uint8), 0) == []


def test_a_picture_of_one_pixel_shows_no_face(tracker: FaceLandmarkTracker) -> None:
    assert tracker.track(np.zeros((1, 1, 3), dtype=np.uint8), 0) == []


def test_two_people_are_two_faces(models: VisionModels, portrait: DecodedFrame) -> None:
    if not models.landmarker_path.is_file():
        pytest.skip("no face landmarker: run manage.py download_models")
    pair = np.hstack([portrait.bgr[:, 60:400], portrait.bgr[:, 60:400]])
    assert len(track_alone(models, pair)) == 2


def test_timestamps_that_stand_still_or_fall_are_moved_on(
    tracker: FaceLandmarkTracker, portrait: DecodedFrame
) -> None:
    for timestamp_ms in (500, 500, 20, 0, 501):
        assert len(tracker.track(portrait.bgr, timestamp_ms)) == 1


def test_a_missing_model_is_named_with_the_way_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(FaceLandmarkerMissing, match="download_models"):
        FaceLandmarkTracker(tmp_path / "face_landmarker.task")


def test_a_damaged_model_is_refused(tmp_path: Path) -> None:
    damaged = tmp_path / "face_landmarker.task"
    damaged.write_bytes(b"not a model")
    with pytest.raises(FaceLandmarkerMissing, match="can't be loaded"):
        FaceLandmarkTracker(damaged)


def test_a_turn_towards_the_images_right_is_positive_yaw(
    tracker: FaceLandmarkTracker, clips_dir: Path
) -> None:
    """The clip shows a turn from the image's left (until 0.6 s) to its right (0.9 to 1.2 s)."""
    faces = track_clip(tracker, clips_dir / "bona_fide" / "intel_headpose_female.gif")
    yaws = {at_ms: face.pose.yaw_deg for at_ms, face in faces.items()}
    assert min(yaw for at_ms, yaw in yaws.items() if at_ms < 600) < -35
    assert max(yaw for at_ms, yaw in yaws.items() if 900 <= at_ms <= 1200) > 20


def test_a_raised_chin_is_positive_pitch(tracker: FaceLandmarkTracker, clips_dir: Path) -> None:
    """In this clip the head goes down at 0.1 to 0.8 s and is raised at 5.2 to 5.7 s."""
    faces = track_clip(tracker, clips_dir / "bona_fide" / "st_katiehill.mp4")
    pitches = {at_ms: face.pose.pitch_deg for at_ms, face in faces.items()}
    assert max(pitch for at_ms, pitch in pitches.items() if 5200 <= at_ms <= 5700) > 12
    assert min(pitch for at_ms, pitch in pitches.items() if at_ms <= 800) < 0


def track_alone(models: VisionModels, bgr: npt.NDArray[np.uint8]) -> list[TrackedFace]:
    with FaceLandmarkTracker(models.landmarker_path) as tracker:
        return tracker.track(np.ascontiguousarray(bgr), 0)


def track_clip(tracker: FaceLandmarkTracker, path: Path) -> dict[int, TrackedFace]:
    """The largest face by time in milliseconds."""
    found = {}
    for frame in FrameSource(path):
        if faces := tracker.track(frame.bgr, frame.at_ms):
            found[frame.at_ms] = faces[0]
    return found
