"""Clips and the installed landmarker; what is absent is skipped by name."""

import pytest

from tests.verification.attacks.clips import make_clip
from verification.attacks.stills import Image, LandmarkSource, Still, TrackedLandmarks, choose_still
from verification.conf import get_model_paths
from verification.vision.weights import ModelName


@pytest.fixture(scope="session")
def landmarks() -> LandmarkSource:
    path = get_model_paths().locate(ModelName.FACE_LANDMARKER)
    if not path.is_file():
        pytest.skip("no face landmarker: run manage.py download_models")
    return TrackedLandmarks(path)


@pytest.fixture(scope="session")
def victim() -> list[Image]:
    return make_clip()


@pytest.fixture(scope="session")
def accomplice() -> list[Image]:
    return make_clip(is_mirrored=True)


@pytest.fixture(scope="session")
def still(victim: list[Image], landmarks: LandmarkSource) -> Still:
    return choose_still(victim, landmarks)
