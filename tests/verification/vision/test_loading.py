import shutil
from pathlib import Path

import pytest

from tests.verification.vision.conftest import require
from tests.verification.vision.networks import make_mean_network
from verification.vision.analyser import VisionModels, load_models
from verification.vision.emotion import DeepFaceEmotionModel, FerEmotionModel
from verification.vision.fasnet import FasnetTexture
from verification.vision.installed import check_models
from verification.vision.texture import FusedTexture, ProjectTexture
from verification.vision.weights import (
    PROJECT_TEXTURE_WEIGHTS,
    ModelName,
    ModelPaths,
    accept_digest,
    digest_file,
)


@pytest.fixture
def paths(tmp_path: Path) -> ModelPaths:
    """Folders that hold no model yet."""
    (tmp_path / "home" / ".deepface" / "weights").mkdir(parents=True)
    return ModelPaths(
        tmp_path / "face_landmarker.task",
        tmp_path / "mesonet4.onnx",
        tmp_path / "home",
        tmp_path / "texture.onnx",
    )


def put(paths: ModelPaths, name: ModelName, content: bytes) -> None:
    path = paths.locate(name)
    path.write_bytes(content)
    accept_digest(path, digest_file(path))


def test_with_nothing_installed_everything_is_listed_as_missing(paths: ModelPaths) -> None:
    models = load_models(paths)
    assert (models.texture, models.emotion, models.deepfake) == (None, None, None)
    assert not models.is_ready
    assert list(models.status) == [str(name) for name in ModelName]
    assert not any(status.is_installed for status in models.status.values())


def test_what_is_missing_is_said_with_the_way_to_get_it(paths: ModelPaths) -> None:
    status = check_models(paths)
    assert status["face_landmarker"].detail == "not installed: run manage.py download_models"
    assert status["fasnet_v2"].detail == "not installed: run manage.py download_models --all"
    assert "DEEPFAKE_MODEL_PATH" in status["mesonet4"].detail


def test_a_file_of_unknown_digest_is_not_loaded(paths: ModelPaths) -> None:
    paths.locate(ModelName.FER_EMOTION).write_bytes(make_mean_network([1, 64, 64, 1], 7))
    models = load_models(paths)
    assert models.emotion is None
    assert "SHA-256" in models.status["fer_emotion"].detail


def test_fer_serves_emotion_until_deepfaces_model_is_there(paths: ModelPaths) -> None:
    put(paths, ModelName.FER_EMOTION, make_mean_network([1, 64, 64, 1], 7))
    assert isinstance(load_models(paths).emotion, FerEmotionModel)
    put(paths, ModelName.DEEPFACE_EMOTION, make_mean_network(["n", 48, 48, 1], 7))
    assert isinstance(load_models(paths).emotion, DeepFaceEmotionModel)


def test_fer_steps_in_when_deepfaces_model_is_damaged(paths: ModelPaths) -> None:
    put(paths, ModelName.FER_EMOTION, make_mean_network([1, 64, 64, 1], 7))
    put(paths, ModelName.DEEPFACE_EMOTION, b"not a network")
    models = load_models(paths)
    assert isinstance(models.emotion, FerEmotionModel)
    assert not models.status["deepface_emotion"].is_installed
    assert "can't be loaded" in models.status["deepface_emotion"].detail


def test_one_fasnet_alone_gives_no_texture(paths: ModelPaths) -> None:
    put(paths, ModelName.FASNET_FIRST, make_mean_network([1, 3, 80, 80], 3))
    assert load_models(paths).texture is None
    put(paths, ModelName.FASNET_SECOND, make_mean_network([1, 80, 80, 3], 3))
    assert load_models(paths).texture is not None


def test_the_projects_own_texture_network_serves_until_fasnet_joins_it(paths: ModelPaths) -> None:
    shutil.copy(PROJECT_TEXTURE_WEIGHTS, paths.texture)
    assert isinstance(load_models(paths).texture, ProjectTexture)
    put(paths, ModelName.FASNET_FIRST, make_mean_network([1, 3, 80, 80], 3))
    put(paths, ModelName.FASNET_SECOND, make_mean_network([1, 80, 80, 3], 3))
    assert isinstance(load_models(paths).texture, FusedTexture)
    paths.texture.unlink()
    assert isinstance(load_models(paths).texture, FasnetTexture)


@pytest.mark.parametrize(
    ("name", "shape", "outputs"),
    [
        (ModelName.FER_EMOTION, [1, 48, 48, 1], 7),
        (ModelName.FER_EMOTION, [1, 64, 64, 1], 6),
        (ModelName.DEEPFACE_EMOTION, ["n", 64, 64, 1], 7),
    ],
)
def test_a_network_of_another_shape_is_left_out_before_any_session_needs_it(
    paths: ModelPaths, name: ModelName, shape: list[int | str], outputs: int
) -> None:
    put(paths, name, make_mean_network(shape, outputs))
    models = load_models(paths)
    assert models.emotion is None
    assert "another network" in models.status[name].detail


def test_a_keras_file_for_the_deepfake_model_is_told_in_the_status(paths: ModelPaths, tmp_path: Path) -> None:
    keras_file = tmp_path / "Meso4_DF.h5"
    keras_file.write_bytes(b"HDF5")
    models = load_models(ModelPaths(paths.landmarker, keras_file, paths.deepface_home))
    assert models.deepfake is None
    assert "convert_h5" in models.status["mesonet4"].detail


def test_the_required_models_make_it_ready(paths: ModelPaths, models: VisionModels) -> None:
    require(models, "face_landmarker")
    shutil.copy(models.landmarker_path, paths.landmarker)
    put(paths, ModelName.FER_EMOTION, make_mean_network([1, 64, 64, 1], 7))
    assert load_models(paths).is_ready
