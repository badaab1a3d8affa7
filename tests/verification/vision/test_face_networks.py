import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from tests.verification.vision.conftest import require
from verification.vision.analyser import VisionModels
from verification.vision.decode import DecodedFrame
from verification.vision.face_networks import FaceNetworkPool, FaceNetworks
from verification.vision.face_region import FaceRegion
from verification.vision.onnx_session import ModelUnreadable


@pytest.fixture
def pool(models: VisionModels) -> FaceNetworkPool:
    require(models, "face_landmarker")
    assert models.landmarker is not None
    return models.landmarker


def test_a_portrait_has_one_face_whose_landmarks_lie_in_its_region(
    pool: FaceNetworkPool, portrait: DecodedFrame
) -> None:
    with pool.borrow() as networks:
        (region,) = networks.find_faces(portrait.bgr)
        landmarks, presence = networks.find_landmarks(portrait.bgr, region)
    assert presence > 0.9
    assert np.abs(landmarks[:, :2] - (region.x, region.y)).max() < region.width / 2


def test_where_no_face_is_none_is_present(pool: FaceNetworkPool, portrait: DecodedFrame) -> None:
    with pool.borrow() as networks:
        assert networks.find_landmarks(portrait.bgr, FaceRegion(0.9, 0.1, 0.1, 0.1, 0))[1] < 0.5


def test_two_threads_never_hold_the_same_networks(pool: FaceNetworkPool) -> None:
    with pool.borrow() as first, pool.borrow() as second:
        assert first is not second
    with pool.borrow() as again:
        assert again in (first, second)


def test_networks_come_back_after_an_error(pool: FaceNetworkPool) -> None:
    with pytest.raises(RuntimeError), pool.borrow() as lost:
        raise RuntimeError
    with pool.borrow() as again:
        assert again is lost


def test_threads_see_what_one_thread_sees(pool: FaceNetworkPool, portrait: DecodedFrame) -> None:
    def look(_: int) -> bytes:
        with pool.borrow() as networks:
            return networks.find_landmarks(portrait.bgr, networks.find_faces(portrait.bgr)[0])[0].tobytes()

    with ThreadPoolExecutor(3) as threads:
        assert len(set(threads.map(look, range(9)))) == 1


def test_a_bundle_whose_networks_are_exchanged_is_refused(models: VisionModels, tmp_path: Path) -> None:
    require(models, "face_landmarker")
    with zipfile.ZipFile(models.landmarker_path) as bundle:
        parts = {name: bundle.read(name) for name in bundle.namelist()}
    parts["face_detector.tflite"] = parts["face_blendshapes.tflite"]
    with pytest.raises(ModelUnreadable, match=r"face_detector\.tflite"):
        FaceNetworks(parts)
    parts["face_blendshapes.tflite"] = b"no network"
    with pytest.raises(ModelUnreadable):
        FaceNetworks(parts)


def test_a_bundle_that_lacks_a_part_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "face_landmarker.task"
    with zipfile.ZipFile(path, "w") as bundle:
        bundle.writestr("face_detector.tflite", b"")
    with pytest.raises(ModelUnreadable, match="can't be loaded"):
        FaceNetworkPool(path)
