"""Needs TensorFlow, which belongs to training and is not in the environment of the other tests."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is installed for training only (requirements-train.txt)")

import h5py
import keras
import onnxruntime

from tests.training.onnx_reading import count_weights
from training.convert_h5 import load_mesonet, main
from training.fitting import fit, score_images
from training.mesonet import build_mesonet, export_onnx, fold_calibration
from training.pairs import PairSampler, make_pair
from training.plan import FitPlan
from training.samples import FaceSample
from training.self_blending import self_blend
from training.train_mesonet import digest_identities, load_trained

# Keras 3.15 asks NumPy 2 for arrays in a way that NumPy warns of.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
IMAGES = np.random.default_rng(3).integers(0, 256, (3, 256, 256, 3), dtype=np.uint8)


def fill_weights(model: keras.Model) -> keras.Model:
    """As after training: no weight is zero and no two are equal, so that none is left out or merged."""
    rng = np.random.default_rng(0)
    for layer in model.layers:
        layer.set_weights([rng.uniform(0.01, 0.1, weight.shape) for weight in layer.get_weights()])
    return model


def test_the_network_has_the_papers_number_of_weights() -> None:
    model = build_mesonet()
    assert sum(int(np.prod(weight.shape)) for weight in model.trainable_weights) == 27_977
    assert (model.input_shape, model.output_shape) == ((None, 256, 256, 3), (None, 1))


def test_onnx_answers_as_keras_does(tmp_path: Path) -> None:
    model = fill_weights(build_mesonet())
    target = tmp_path / "model.onnx"
    assert export_onnx(model, target) < 1e-4
    assert count_weights(target) == 27_977
    session = onnxruntime.InferenceSession(str(target), providers=["CPUExecutionProvider"])
    (scores,) = session.run(["genuine"], {"image": IMAGES.astype(np.float32) / 255})
    np.testing.assert_allclose(scores[:, 0], score_images(model, IMAGES), atol=1e-4)


def test_a_folded_calibration_moves_the_logit_and_nothing_else() -> None:
    model = build_mesonet()
    before = score_images(model, IMAGES)
    fold_calibration(model, 0.5, -1.0)
    expected = 1 / (1 + np.exp(-(0.5 * np.log(before / (1 - before)) - 1.0)))
    np.testing.assert_allclose(score_images(model, IMAGES), expected, atol=1e-5)


def test_a_short_training_stops_in_time_and_reports_what_it_did(sample: FaceSample) -> None:
    pairs = [make_pair(sample, self_blend, np.random.default_rng(seed)) for seed in range(4)]
    monitored = [np.stack(members) for members in zip(*pairs, strict=True)]
    plan = FitPlan(epochs=2, batches_per_epoch=2, minutes=5, seed=1)
    said: list[str] = []
    model, report = fit(PairSampler.over([sample], 1, 2), monitored, plan, said.append)
    assert len(report.loss) == len(report.auc) == len(said) == 2
    assert report.pairs == 8
    assert 1 <= report.best_epoch <= 2
    assert ((scores := score_images(model, IMAGES)) >= 0).all()
    assert (scores <= 1).all()


def write_h5(path: Path, layers: list[list[np.ndarray]]) -> None:
    """As Keras 2 wrote weights: a group a layer, its datasets under the layer's name."""
    names = ("kernel:0", "bias:0"), ("gamma:0", "beta:0", "moving_mean:0", "moving_variance:0")
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = np.array([f"layer_{index}".encode() for index in range(len(layers))])
        for index, weights in enumerate(layers):
            group = file.create_group(f"layer_{index}/layer_{index}")
            for name, weight in zip(names[len(weights) == 4], weights, strict=True):
                group.create_dataset(name, data=weight)


def test_weights_of_keras_2_convert_and_answer_the_same(tmp_path: Path) -> None:
    model = fill_weights(build_mesonet())
    write_h5(tmp_path / "m.h5", [layer.get_weights() for layer in model.layers if layer.get_weights()])
    np.testing.assert_array_equal(
        score_images(load_mesonet(tmp_path / "m.h5"), IMAGES), score_images(model, IMAGES)
    )
    assert main([str(tmp_path / "m.h5"), str(tmp_path / "m.onnx")]) == 0
    assert (tmp_path / "m.onnx").is_file()


def test_a_file_that_does_not_fit_is_refused_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "text.h5").write_text("no weights", encoding="utf-8")
    write_h5(tmp_path / "small.h5", [[np.zeros((3, 3, 3, 8)), np.zeros(8)]])
    for name in ("text.h5", "small.h5", "absent.h5"):
        assert main([str(tmp_path / name), str(tmp_path / "m.onnx")]) == 1
        assert capsys.readouterr().err.count("\n") == 1
    assert not (tmp_path / "m.onnx").exists()


def test_weights_trained_on_other_people_are_refused(sample: FaceSample, tmp_path: Path) -> None:
    weights = tmp_path / "mesonet4.weights.h5"
    build_mesonet().save_weights(weights)
    digest = digest_identities([sample])
    (tmp_path / "mesonet4.json").write_text(json.dumps({"identities_sha256": digest}), encoding="utf-8")
    assert load_trained(weights, digest)[1] == {"identities_sha256": digest}
    other = digest_identities([replace(sample, identity="bea")])
    with pytest.raises(ValueError, match="other people"):
        load_trained(weights, other)
