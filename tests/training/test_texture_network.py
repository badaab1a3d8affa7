"""The texture network in TensorFlow: skipped where that is not installed."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is in the training environment only")

from training.samples import FaceSample
from training.texture_fitting import fit_texture, score_scenes
from training.texture_imitation import fit_imitation
from training.texture_network import (
    Calibration,
    build_imitation,
    build_texture_network,
    export_texture,
    join_parts,
)
from training.texture_plan import TexturePlan, TextureReport
from training.texture_sets import Order, SceneSet, film_any, make_scene_set
from training.texture_teacher import Teacher
from verification.vision.texture import ProjectTexture


@pytest.fixture(scope="module")
def inputs() -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.integers(0, 256, (3, side, side, 3)).astype(np.float32) for side in (80, 128)]


@pytest.fixture
def scenes(sample: FaceSample) -> SceneSet:
    return make_scene_set([sample], Order(film_any, 16, (1,), "few"))


class Brightness(Teacher):
    """Calls bright views living and dark ones paper: something that can be learned in a few steps."""

    def __init__(self) -> None:
        """Needs no files."""

    def classify_context(self, context: np.ndarray) -> np.ndarray:
        live = float(context.mean() > 120)
        return np.array([1 - live, live, 0.0], np.float32)


def test_the_network_is_small() -> None:
    assert build_texture_network().count_params() + build_imitation().count_params() < 250_000


@pytest.mark.parametrize("has_imitation", [False, True])
def test_the_served_score_is_the_calibrated_sum_of_both_logits(
    inputs: list[np.ndarray], *, has_imitation: bool
) -> None:
    model, imitation = build_texture_network(), build_imitation() if has_imitation else None
    total = 1.5 * model(inputs, training=False)[0].numpy()[:, 0] - 0.2
    if imitation is not None:
        classes = imitation(inputs[0], training=False).numpy()
        shares = np.exp(classes) / np.exp(classes).sum(axis=1, keepdims=True)
        total += 0.5 * np.log(shares[:, 1] / (1 - shares[:, 1]))
    served = join_parts(model, imitation, Calibration(1.5, 0.5, -0.2))(inputs, training=False).numpy()[:, 0]
    np.testing.assert_allclose(served, 1 / (1 + np.exp(-total)), atol=1e-5)


def test_the_exported_file_answers_as_keras_and_is_the_one_that_is_served(tmp_path: Path) -> None:
    served = join_parts(build_texture_network(), build_imitation(), Calibration(1.0, 0.5, 0.0))
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


def test_a_branch_learns_what_its_teacher_says_of_the_views_it_sees(scenes: SceneSet) -> None:
    plan, report = TexturePlan(imitations=16 * 60, batch=16), TextureReport()
    shown = np.random.default_rng(0).integers(20, 236, (40, 1, 1, 3)).astype(np.uint8)
    contexts = np.broadcast_to(shown, (40, 80, 80, 3)).copy()
    model = fit_imitation(contexts, Brightness(), plan, report, lambda text: None)
    dark, bright = (np.full((1, 80, 80, 3), level, np.float32) for level in (50, 200))
    assert model(dark)[0, 0] > model(dark)[0, 1]
    assert model(bright)[0, 1] > model(bright)[0, 0]
    assert report.imitation_seconds > 0
