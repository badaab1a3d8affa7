"""The landmarks that serve are MediaPipe's: the same networks and rules, without its graph."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from tests.verification.vision.conftest import require
from verification.vision.analyser import FrameAnalyser, VisionModels
from verification.vision.decode import DecodedFrame
from verification.vision.frame_sources import FrameSource
from verification.vision.landmarks import FaceLandmarkerMissing, FaceLandmarkTracker, TrackedFace
from verification.vision.mediapipe_landmarks import MediaPipeTracker
from verification.vision.trackers import LandmarkEngine

# Of the face's size in the picture, which is twice the distance between the pupils: a fifth of what
# would still be accepted.
LANDMARK_SHARE = 0.001
Image = npt.NDArray[np.uint8]


@pytest.fixture
def reference(models: VisionModels) -> Iterator[MediaPipeTracker]:
    require(models, "face_landmarker")
    with MediaPipeTracker(models.landmarker_path) as opened:
        yield opened


def assert_same(expected: list[TrackedFace], found: list[TrackedFace]) -> None:
    assert len(found) == len(expected)
    for one, other in zip(expected, found, strict=True):
        tolerance_px = LANDMARK_SHARE * float(np.ptp(one.landmarks_px, axis=0).max())
        assert np.linalg.norm(one.landmarks_px - other.landmarks_px, axis=1).mean() < tolerance_px
        assert other.pose.yaw_deg == pytest.approx(one.pose.yaw_deg, abs=0.5)
        assert other.pose.pitch_deg == pytest.approx(one.pose.pitch_deg, abs=0.5)
        assert other.pose.roll_deg == pytest.approx(one.pose.roll_deg, abs=0.5)
        assert other.blendshapes == pytest.approx(one.blendshapes, abs=0.02)


def walk_about(portrait: Image) -> Iterator[Image]:
    """A face that comes, leans, moves and leaves; then two of them, twice."""
    blank = np.zeros((360, 480, 3), dtype=np.uint8)
    yield blank
    for step in range(5):
        turned = cv2.getRotationMatrix2D((220, 120), 5 * step, 1 - 0.05 * step)
        turned[:, 2] += (12 * step, 8 * step)
        yield cv2.warpAffine(portrait, turned, (480, 360)).astype(np.uint8, copy=False)
    yield blank
    pair = cv2.resize(np.hstack([portrait[:, 60:400]] * 2), (480, 360)).astype(np.uint8, copy=False)
    yield pair
    yield pair


def test_a_face_that_comes_moves_and_goes_is_the_same_to_both(
    reference: MediaPipeTracker, tracker: FaceLandmarkTracker, portrait: DecodedFrame
) -> None:
    for index, frame in enumerate(walk_about(portrait.bgr)):
        assert_same(reference.track(frame, 100 * index), tracker.track(frame, 100 * index))


@pytest.mark.parametrize("name", ["intel_headpose_female.gif", "grid_lrwp9a.mpg"])
def test_a_real_clip_is_the_same_to_both(
    reference: MediaPipeTracker, tracker: FaceLandmarkTracker, clips_dir: Path, name: str
) -> None:
    for index, frame in enumerate(FrameSource(clips_dir / "bona_fide" / name)):
        if index % 5 == 0:
            assert_same(reference.track(frame.bgr, frame.at_ms), tracker.track(frame.bgr, frame.at_ms))


def test_mediapipe_takes_times_that_stand_still_or_fall(
    reference: MediaPipeTracker, portrait: DecodedFrame
) -> None:
    for timestamp_ms in (500, 500, 20, 0, 501):
        assert len(reference.track(portrait.bgr, timestamp_ms)) == 1


def test_either_engine_serves_the_analyser(models: VisionModels, portrait: DecodedFrame) -> None:
    require(models, "face_landmarker")
    poses = []
    for engine in LandmarkEngine:
        with FrameAnalyser(models, max_pixels=512 * 512, engine=engine) as analyser:
            face = analyser.analyse_decoded(portrait, 0).face
        assert face is not None
        poses.append(face.pose.yaw_deg)
    assert poses[0] == pytest.approx(poses[1], abs=0.1)


def test_mediapipe_refuses_what_is_missing_or_damaged(tmp_path: Path) -> None:
    damaged = tmp_path / "face_landmarker.task"
    with pytest.raises(FaceLandmarkerMissing, match="download_models"):
        MediaPipeTracker(damaged)
    damaged.write_bytes(b"not a model")
    with pytest.raises(FaceLandmarkerMissing, match="download_models"):
        MediaPipeTracker(damaged)
