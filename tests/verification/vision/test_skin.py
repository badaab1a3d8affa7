import numpy as np
import pytest

from verification.vision.decode import DecodedFrame
from verification.vision.landmarks import FaceLandmarkTracker
from verification.vision.skin import measure_skin_lab


def test_skin_is_redder_and_yellower_than_neutral(
    tracker: FaceLandmarkTracker, portrait: DecodedFrame
) -> None:
    landmarks = tracker.track(portrait.bgr, 0)[0].landmarks_px
    a_mean, b_mean = measure_skin_lab(portrait.bgr, landmarks)
    assert a_mean > 132
    assert b_mean > 132


def test_a_grey_picture_has_neutral_skin() -> None:
    grey = np.full((100, 100, 3), 90, dtype=np.uint8)
    landmarks = np.full((478, 2), 50, dtype=np.float32)
    assert measure_skin_lab(grey, landmarks) == pytest.approx((128, 128), abs=1)


def test_landmarks_outside_the_frame_give_neutral_skin() -> None:
    red = np.zeros((100, 100, 3), dtype=np.uint8)
    red[:, :, 2] = 255
    landmarks = np.full((478, 2), 500, dtype=np.float32)
    assert measure_skin_lab(red, landmarks) == (128, 128)
    assert measure_skin_lab(red, -landmarks) == (128, 128)
