"""The texture network in TensorFlow: skipped where that, or what it starts from, is not installed."""

import os
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is in the training environment only")

from training.samples import FaceSample
from training.texture_export import export_texture
from training.texture_fitting import fit_texture, score_scenes
from training.texture_network import Calibration, TextureNetwork, build_texture_network
from training.texture_plan import TexturePlan
from training.texture_sets import Order, SceneSet, film_any, make_scene_set
from training.texture_teacher import FIRST_FILE
from verification.vision.onnx_session import open_session, run_single
from verification.vision.texture import ProjectTexture

# Keras 3.15 asks NumPy 2 for arrays in a way that NumPy warns of.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture(scope="module")
def start() -> Path:
    home = Path(os.environ.get("DEEPFACE_HOME", "~")).expanduser()
    path = home / ".deepface" / "weights" / FIRST_FILE
    if not path.is_file():
        pytest.skip(f"{path} is not there: `manage.py download_models --all` fetches it")
    return path


@pytest.fixture(scope="module")
def network(start: Path) -> TextureNetwork:
    return build_texture_network(start)


@pytest.fixture
def scenes(sample: FaceSample) -> SceneSet:
    return make_scene_set([sample], Order(film_any, 16, (1,), "few"))


def draw_views(count: int) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.integers(0, 256, (count, side, side, 3)).astype(np.float32) for side in (80, 128)]


def test_before_training_the_context_says_what_the_file_says_that_it_starts_from(
    start: Path, network: TextureNetwork
) -> None:
    (context, _), session = draw_views(2), open_session(start)
    logits = network.late(network.early(context)).numpy().astype(np.float64)
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    told = [run_single(session, each.transpose(2, 0, 1)[np.newaxis])[0] for each in context]
    np.testing.assert_allclose(shares, told, atol=1e-5)


def test_a_face_is_living_as_far_as_neither_view_objects(network: TextureNetwork) -> None:
    context, detail = draw_views(3)
    classes = network.late(network.early(context)).numpy().astype(np.float64)
    around = np.exp(classes[:, 1]) / np.exp(classes).sum(axis=1)
    within = 1 / (1 + np.exp(-network.detail(detail, training=False).numpy()[:, 0].astype(np.float64)))
    served = network.serve(Calibration(1.0, 0.0))([context, detail], training=False).numpy()[:, 0]
    np.testing.assert_allclose(served, around * within, atol=1e-5)


def test_calibration_scales_and_moves_the_logit(network: TextureNetwork) -> None:
    views = draw_views(3)
    plain = network.serve(Calibration(1.0, 0.0))(views, training=False).numpy().astype(np.float64)
    moved = network.serve(Calibration(0.5, 0.3))(views, training=False).numpy()
    expected = 1 / (1 + np.exp(-(0.5 * np.log(plain / (1 - plain)) + 0.3)))
    np.testing.assert_allclose(moved, expected, atol=1e-4)


def test_the_exported_file_answers_as_keras_and_is_the_one_that_is_served(
    network: TextureNetwork, tmp_path: Path
) -> None:
    path = tmp_path / "texture.onnx"
    assert export_texture(network.serve(Calibration(1.0, 0.0)), path) < 5e-3
    assert path.stat().st_size < 1_000_000
    assert list(tmp_path.iterdir()) == [path]
    ProjectTexture(path)


def test_a_short_training_leaves_the_first_stages_as_they_were_and_moves_the_others(
    start: Path, network: TextureNetwork, scenes: SceneSet
) -> None:
    said: list[str] = []
    plan = TexturePlan(epochs=2, context_epochs=1, batch=8)
    trained, report = fit_texture(start, [scenes], plan, said.append)
    assert {name: len(losses) for name, losses in report.losses.items()} == {"context": 1, "detail": 2}
    assert len(said) == 3
    for old, new in zip(network.early.get_weights(), trained.early.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    pairs = zip(network.late.get_weights(), trained.late.get_weights(), strict=True)
    assert not any(np.array_equal(old, new) for old, new in pairs)
    assert np.isfinite(score_scenes(trained, scenes)).all()
