"""Load every model that is installed, once a process, and say what is there and what isn't."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from verification.vision.crop import PixelBox
from verification.vision.deepfake import DeepfakeModel
from verification.vision.emotion import DeepFaceEmotionModel, EmotionModel, FerEmotionModel
from verification.vision.face_networks import FaceNetworkPool
from verification.vision.fasnet import FasnetTexture
from verification.vision.installed import ModelStatus, check_model, mark_unreadable
from verification.vision.onnx_session import ModelUnreadable
from verification.vision.texture import FusedTexture, ProjectTexture, TextureModel
from verification.vision.weights import MANIFEST, ModelName, ModelPaths

_Model = TypeVar("_Model")
_Image = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class VisionModels:
    """What all capture sessions of a process share; every member may be used by several threads at once.

    landmarker, texture, emotion, deepfake: None when not installed. status: by model name, in the manifest's order.
    """

    landmarker_path: Path
    landmarker: FaceNetworkPool | None
    texture: TextureModel | None
    emotion: EmotionModel | None
    deepfake: DeepfakeModel | None
    status: Mapping[str, ModelStatus]

    @property
    def is_ready(self) -> bool:
        """Whether every model that the main job needs is installed."""
        return all(status.is_installed for status in self.status.values() if status.is_required)


def load_models(paths: ModelPaths) -> VisionModels:
    """Load what is installed. A missing, damaged or untrusted file is told in `status`, never raised."""
    status = {name: check_model(model, paths.locate(name)) for name, model in MANIFEST.items()}

    def load(
        build: Callable[[], _Model], run: Callable[[_Model, _Image, PixelBox], object], *names: ModelName
    ) -> _Model | None:
        if not all(status[name].is_installed for name in names):
            return None
        try:
            return _try_out(build(), run)
        except ModelUnreadable as error:
            status.update({name: mark_unreadable(status[name], error) for name in names})
            return None

    landmarker = _load_landmarker(paths, status)
    emotion: EmotionModel | None = load(
        lambda: DeepFaceEmotionModel(paths.locate(ModelName.DEEPFACE_EMOTION)),
        DeepFaceEmotionModel.classify,
        ModelName.DEEPFACE_EMOTION,
    )
    if emotion is None:
        emotion = load(
            lambda: FerEmotionModel(paths.locate(ModelName.FER_EMOTION)),
            FerEmotionModel.classify,
            ModelName.FER_EMOTION,
        )
    fasnet = load(
        lambda: FasnetTexture(paths.deepface_weights),
        FasnetTexture.score,
        ModelName.FASNET_FIRST,
        ModelName.FASNET_SECOND,
    )
    mesonet = load(lambda: DeepfakeModel(paths.deepfake), DeepfakeModel.score, ModelName.MESONET4)
    companion = load(
        lambda: DeepfakeModel(paths.locate(ModelName.MOBILENETV2)),
        DeepfakeModel.score,
        ModelName.MOBILENETV2,
    )
    own_texture = load(lambda: ProjectTexture(paths.texture), ProjectTexture.score, ModelName.TEXTURE)
    return VisionModels(
        landmarker_path=paths.landmarker,
        landmarker=landmarker,
        texture=_join_texture(fasnet, own_texture),
        emotion=emotion,
        deepfake=mesonet.with_companion(companion) if mesonet and companion else mesonet,
        status={str(name): entry for name, entry in status.items()},
    )


def _load_landmarker(paths: ModelPaths, status: dict[ModelName, ModelStatus]) -> FaceNetworkPool | None:
    name = ModelName.FACE_LANDMARKER
    if not status[name].is_installed:
        return None
    try:
        return FaceNetworkPool(paths.landmarker)
    except ModelUnreadable as error:
        status[name] = mark_unreadable(status[name], error)
        return None


def _join_texture(fasnet: FasnetTexture | None, own: ProjectTexture | None) -> TextureModel | None:
    return FusedTexture(fasnet, own) if fasnet and own else fasnet or own


def _try_out(model: _Model, run: Callable[[_Model, _Image, PixelBox], object]) -> _Model:
    """Run a model once, on a grey picture: one of another shape should fail now and not in a session."""
    grey = np.full((64, 64, 3), 128, dtype=np.uint8)
    try:
        run(model, grey, PixelBox(16, 16, 32, 32))
    except Exception as error:  # ONNX Runtime's exceptions share no base class but this one
        raise ModelUnreadable("the file holds another network than the one expected") from error
    return model
