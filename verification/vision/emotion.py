"""Seven expression classes of a face: DeepFace's emotion model, or FER mini-Xception in its place.

They classify posed expressions; they say nothing about what a person feels.
Sources: DeepFace, https://github.com/serengil/deepface; O. Arriaga et al., "Real-time Convolutional
Neural Networks for Emotion and Gender Classification", 2017 (mini-Xception), as trained by FER.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
import numpy.typing as npt
import onnxruntime
from deepface.models.demography.DemographyUtils import EMOTION_LABELS
from deepface.models.demography.onnx.Emotion import EmotionClient
from deepface.modules.preprocessing import resize_image

from verification.vision.crop import PixelBox, crop_face_square
from verification.vision.onnx_session import open_session, run_single

DEEPFACE_FILE = "facial_expression_model_weights.onnx"
FER_FILE = "fer_mini_xception.onnx"
LABELS: tuple[str, ...] = tuple(EMOTION_LABELS)
_FER_INPUT_PX = 64
# FER-2013's pictures show the whole face with little around it, as the landmark box does.
_CROP_SCALE = 1.0


class EmotionModel(Protocol):
    """What both emotion models do."""

    def classify(self, bgr: npt.NDArray[np.uint8], box: PixelBox) -> Mapping[str, float]:
        """Return DeepFace's seven labels to probabilities that sum to 1.

        bgr: uint8 frame of shape (height, width, 3). box: the landmarks' bounding box in pixels.
        """
        ...


class FerEmotionModel:
    """FER's mini-Xception, converted to ONNX. Raises ModelUnreadable."""

    def __init__(self, path: Path) -> None:
        self._session = open_session(path)

    def classify(self, bgr: npt.NDArray[np.uint8], box: PixelBox) -> Mapping[str, float]:
        face = cv2.cvtColor(crop_face_square(bgr, box, _CROP_SCALE), cv2.COLOR_BGR2GRAY)
        scaled = cv2.resize(face, (_FER_INPUT_PX, _FER_INPUT_PX)).astype(np.float32) / np.float32(
            127.5
        ) - np.float32(1)
        return _normalise(run_single(self._session, scaled[np.newaxis, :, :, np.newaxis])[0])


class _SharedEmotionClient(EmotionClient):  # type: ignore[misc]  # deepface ships no types
    """DeepFace's client on a session of our own."""

    def __init__(self, session: onnxruntime.InferenceSession) -> None:
        # Not super().__init__(): it downloads what it doesn't find, and takes a thread for every core.
        self.model_name = "Emotion"
        self.model = session


class DeepFaceEmotionModel:
    """DeepFace's emotion model, fed a face that is already found. Raises ModelUnreadable."""

    def __init__(self, path: Path) -> None:
        self._client = _SharedEmotionClient(open_session(path))

    def classify(self, bgr: npt.NDArray[np.uint8], box: PixelBox) -> Mapping[str, float]:
        face = resize_image(crop_face_square(bgr, box, _CROP_SCALE), (224, 224))
        return _normalise(np.asarray(self._client.predict(face), dtype=np.float32))


def _normalise(scores: npt.NDArray[np.float32]) -> Mapping[str, float]:
    total = float(scores.sum())
    return {label: float(score) / total for label, score in zip(LABELS, scores, strict=True)}
