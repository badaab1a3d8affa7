import cv2
import numpy as np
import pytest

from verification.vision.appearance import APPEARANCE_SIZE, describe_appearance
from verification.vision.decode import DecodedFrame
from verification.vision.landmarks import FaceLandmarkTracker


def test_a_face_looks_the_same_in_another_size_light_and_place(
    tracker: FaceLandmarkTracker, portrait: DecodedFrame
) -> None:
    landmarks = tracker.track(portrait.bgr, 0)[0].landmarks_px
    looks = describe_appearance(portrait.luma, landmarks)
    assert looks.shape == (APPEARANCE_SIZE,)
    assert np.linalg.norm(looks) == pytest.approx(1.0, abs=1e-4)
    larger = cv2.resize(portrait.luma, None, fx=1.6, fy=1.6).astype(np.uint8)
    darker = (portrait.luma * 0.6).astype(np.uint8)
    moved = np.roll(portrait.luma, 7, axis=1)
    assert looks @ describe_appearance(larger, landmarks * np.float32(1.6)) > 0.98
    assert looks @ describe_appearance(darker, landmarks) > 0.98
    assert looks @ describe_appearance(moved, landmarks + np.array([7, 0], np.float32)) > 0.98


def test_another_picture_looks_different(tracker: FaceLandmarkTracker, portrait: DecodedFrame) -> None:
    landmarks = tracker.track(portrait.bgr, 0)[0].landmarks_px
    looks = describe_appearance(portrait.luma, landmarks)
    turned = np.ascontiguousarray(portrait.luma[::-1])
    assert looks @ describe_appearance(turned, landmarks) < 0.9


@pytest.mark.parametrize("shift", [0.0, 5_000.0, -5_000.0])
def test_landmarks_in_one_point_or_outside_the_frame_are_described_all_the_same(shift: float) -> None:
    luma = np.full((100, 100), 90, dtype=np.uint8)
    looks = describe_appearance(luma, np.full((478, 2), 50 + shift, dtype=np.float32))
    assert np.isfinite(looks).all()
