"""The texture network in TensorFlow: skipped where that is not installed."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is in the training environment only")

from training.samples import FaceSample
from training.texture_fitting import fit_texture, score_scenes
from training.texture_network import Calibration, build_texture_network, export_texture, join_heads
from training.texture_plan import TexturePlan
from training.texture_sets import Order, SceneSet, film_any, make_scene_set
from verification.vision.texture import ProjectTexture

# Keras 3.15 asks NumPy 2 for arrays in a way that NumPy warns of.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture
def scenes(sample: FaceSample) -> SceneSet:
    return make_scene_set([sample], Order(film_any, 16, (1,), "few"))


def test_the_network_is_small() -> None:
    assert build_texture_network().count_params() < 250_000


def test_the_served_score_is_the_calibrated_sum_of_both_logits() -> None:
    rng = np.random.default_rng(0)
    inputs = [rng.integers(0, 256, (3, side, side, 3)).astype(np.float32) for side in (80, 128)]
    model = build_texture_network()
    own, classes = (output.numpy() for output in model(inputs, training=False))
    live = (np.exp(classes) / np.exp(classes).sum(axis=2, keepdims=True))[:, :, 1].mean(axis=1)
    total = 1.5 * own[:, 0] + 0.5 * np.log(live / (1 - live)) - 0.2
    served = join_heads(model, Calibration(1.5, 0.5, -0.2))(inputs, training=False).numpy()[:, 0]
    np.testing.assert_allclose(served, 1 / (1 + np.exp(-total)), atol=1e-5)


def test_the_exported_file_answers_as_keras_and_is_the_one_that_is_served(tmp_path: Path) -> None:
    served = join_heads(build_texture_network(), Calibration(1.0, 0.5, 0.0))
    path = tmp_path / "texture.onnx"
    assert export_texture(served, path) < 1e-4
    assert path.stat().st_size < 1_000_000
    assert list(tmp_path.iterdir()) == [path]
    ProjectTexture(path)


def test_a_short_training_runs_to_its_end_and_repeats(scenes: SceneSet) -> None:
    plan = TexturePlan(scenes=16, epochs=2, batch=8)
    said: list[str] = []
    first, report = fit_texture([scenes], scenes, plan, said.append)
    second, _ = fit_texture([scenes], scenes, plan, said.append)
    np.testing.assert_allclose(
        score_scenes(first, scenes), score_scenes(second, scenes), rtol=1e-3, atol=1e-3
    )
    assert len(report.loss) == len(report.auc) == 2
    assert report.scenes_seen == 32
    assert len(said) == 4
