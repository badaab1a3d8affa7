from pathlib import Path
from statistics import median

import cv2
import numpy as np
import onnxruntime
import pytest

from tests.verification.vision.conftest import require
from verification.vision.analyser import VisionModels
from verification.vision.crop import PixelBox, bound_landmarks
from verification.vision.decode import DecodedFrame
from verification.vision.fasnet import FIRST_FILE, SECOND_FILE, FasnetTexture
from verification.vision.landmarks import FaceLandmarkTracker
from verification.vision.onnx_session import ModelUnreadable


@pytest.fixture
def texture(models: VisionModels) -> FasnetTexture:
    require(models, "fasnet_v2", "fasnet_v1se")
    return FasnetTexture(models.status["fasnet_v2"].path.parent)


def test_the_score_is_the_mean_of_the_pairs_live_class(
    texture: FasnetTexture, models: VisionModels, portrait: DecodedFrame, portrait_box: PixelBox
) -> None:
    """Against DeepFace's own crop, each network alone, and the class that its authors call real (1)."""
    from deepface.models.spoofing.FasNetUtils import crop

    box = tuple(round(value) for value in portrait_box)
    scores = []
    for name, scale in (("fasnet_v2", 2.7), ("fasnet_v1se", 4.0)):
        session = onnxruntime.InferenceSession(models.status[name].path, providers=["CPUExecutionProvider"])
        picture = crop(portrait.bgr, box, scale, 80, 80).astype(np.float32)[np.newaxis]
        if session.get_inputs()[0].shape[1] == 3:
            picture = picture.transpose(0, 3, 1, 2)
        scores.append(session.run(None, {session.get_inputs()[0].name: picture})[0][0, 1])
    assert texture.score(portrait.bgr, portrait_box) == pytest.approx(sum(scores) / 2, abs=1e-5)


@pytest.mark.parametrize(
    ("folder", "name", "is_live"),
    [
        ("bona_fide", "minivision_image_T1.jpg", True),
        ("bona_fide", "minivision_old_image_T1.jpg", True),
        ("attack_presentation", "minivision_image_F1.jpg", False),
        ("attack_presentation", "minivision_image_F2.jpg", False),
        ("attack_presentation", "minivision_old_image_F1.jpg", False),
    ],
)
def test_the_authors_samples_are_told_apart(
    texture: FasnetTexture,
    tracker: FaceLandmarkTracker,
    clips_dir: Path,
    folder: str,
    name: str,
    *,
    is_live: bool,
) -> None:
    picture = cv2.imread(str(clips_dir / folder / name))
    assert picture is not None
    bgr = picture.astype(np.uint8, copy=False)
    faces = tracker.track(bgr, 0)
    score = median(texture.score(bgr, bound_landmarks(face.landmarks_px)) for face in faces)
    assert (score > 0.5) is is_live


def test_a_box_outside_the_frame_still_has_a_score(texture: FasnetTexture, portrait: DecodedFrame) -> None:
    for box in (PixelBox(-80, -80, 100, 100), PixelBox(500, 500, 300, 300), PixelBox(10, 10, 0.2, 0.2)):
        assert 0 <= texture.score(portrait.bgr, box) <= 1


def test_a_file_that_is_no_network_is_refused(tmp_path: Path) -> None:
    for name in (FIRST_FILE, SECOND_FILE):
        (tmp_path / name).write_bytes(b"not a network")
    with pytest.raises(ModelUnreadable):
        FasnetTexture(tmp_path)


def test_a_network_of_another_shape_is_refused(tmp_path: Path, models: VisionModels) -> None:
    require(models, "fer_emotion")
    for name in (FIRST_FILE, SECOND_FILE):
        (tmp_path / name).write_bytes(models.status["fer_emotion"].path.read_bytes())
    with pytest.raises(ModelUnreadable, match="colour picture"):
        FasnetTexture(tmp_path)
