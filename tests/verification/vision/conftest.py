"""Real pictures and the installed models; what is absent is skipped by name."""

from collections.abc import Iterator

import cv2
import numpy as np
import pytest
from skimage import data

from verification.conf import get_model_paths
from verification.vision.analyser import FrameAnalyser, VisionModels, load_models
from verification.vision.crop import PixelBox, bound_landmarks
from verification.vision.decode import DecodedFrame, frame_from_bgr
from verification.vision.landmarks import FaceLandmarkTracker

MAX_PIXELS = 1920 * 1080


@pytest.fixture(scope="session")
def portrait() -> DecodedFrame:
    """scikit-image's `astronaut`: one frontal, smiling face, 512 x 512."""
    rgb = data.astronaut()  # type: ignore[no-untyped-call]
    return frame_from_bgr(cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR).astype(np.uint8, copy=False))


@pytest.fixture(scope="session")
def models() -> VisionModels:
    return load_models(get_model_paths())


@pytest.fixture
def tracker(models: VisionModels) -> Iterator[FaceLandmarkTracker]:
    require(models, "face_landmarker")
    with FaceLandmarkTracker(models.landmarker_path) as tracker:
        yield tracker


@pytest.fixture
def analyser(models: VisionModels) -> Iterator[FrameAnalyser]:
    require(models, "face_landmarker")
    with FrameAnalyser(models, max_pixels=MAX_PIXELS) as analyser:
        yield analyser


@pytest.fixture
def portrait_box(tracker: FaceLandmarkTracker, portrait: DecodedFrame) -> PixelBox:
    return bound_landmarks(tracker.track(portrait.bgr, 0)[0].landmarks_px)


def require(models: VisionModels, *names: str) -> None:
    for name in names:
        status = models.status[name]
        if not status.is_installed:
            pytest.skip(f"{name}: {status.detail}")
