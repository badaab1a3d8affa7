from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.verification.vision.conftest import require
from tests.verification.vision.networks import make_mean_network
from verification.vision.analyser import VisionModels
from verification.vision.crop import PixelBox
from verification.vision.decode import DecodedFrame
from verification.vision.emotion import LABELS, DeepFaceEmotionModel, FerEmotionModel
from verification.vision.onnx_session import ModelUnreadable


@pytest.fixture
def fer(models: VisionModels) -> FerEmotionModel:
    require(models, "fer_emotion")
    return FerEmotionModel(models.status["fer_emotion"].path)


def test_the_labels_are_deepfaces_in_its_order() -> None:
    assert LABELS == ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")


def test_fer_sees_that_the_portrait_smiles(
    fer: FerEmotionModel, portrait: DecodedFrame, portrait_box: PixelBox
) -> None:
    emotions = fer.classify(portrait.bgr, portrait_box)
    assert tuple(emotions) == LABELS
    assert sum(emotions.values()) == pytest.approx(1)
    assert emotions["happy"] > 0.8


def test_fer_sees_the_face_and_not_its_surroundings(
    fer: FerEmotionModel, portrait: DecodedFrame, portrait_box: PixelBox
) -> None:
    hidden = portrait.bgr.copy()
    x, y, width, height = (round(value) for value in portrait_box)
    cv2.rectangle(hidden, (x, y), (x + width, y + height), (90, 90, 90), -1)
    assert fer.classify(hidden, portrait_box)["happy"] < 0.5


def test_deepfaces_model_gets_a_face_of_its_size_in_its_range(tmp_path: Path) -> None:
    """On a stand-in of DeepFace's shape: its client feeds grey values of 0..1 at 48 x 48."""
    path = tmp_path / "emotion.onnx"
    path.write_bytes(make_mean_network(["n", 48, 48, 1], 7))
    white = np.full((100, 100, 3), 255, dtype=np.uint8)
    emotions = DeepFaceEmotionModel(path).classify(white, PixelBox(10, 10, 60, 60))
    assert tuple(emotions) == LABELS
    assert list(emotions.values()) == pytest.approx(np.arange(1, 8) / 28, abs=1e-5)


@pytest.mark.parametrize("model", [FerEmotionModel, DeepFaceEmotionModel])
def test_a_file_that_is_no_network_is_refused(
    model: type[FerEmotionModel | DeepFaceEmotionModel], tmp_path: Path
) -> None:
    path = tmp_path / "emotion.onnx"
    path.write_bytes(b"not a network")
    with pytest.raises(ModelUnreadable, match=r"emotion\.onnx"):
        model(path)
