"""Needs TensorFlow, which belongs to training and is not in the environment of the other tests."""

import argparse
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is installed for training only (requirements-train.txt)")

import h5py
import keras
import onnxruntime

from tests.training.onnx_reading import count_weights
from training.calibration import fold_calibration
from training.convert_h5 import load_mesonet, main
from training.fitting import fit, score_images
from training.mesonet import build_mesonet, export_onnx
from training.networks import MESONET, TrainingData, obtain_network
from training.pairs import PairSampler
from training.plan import FitPlan
from training.samples import FaceSample
from training.shards import PairStore
from training.train_deepfake import digest_identities

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


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="training needs the ffmpeg program")
def test_a_short_training_stops_in_time_and_reports_what_it_did(sample: FaceSample, tmp_path: Path) -> None:
    store = PairStore(tmp_path)
    store.write(0, PairSampler.over([sample], 1, 32).draw_chunk(0))
    model, said = build_mesonet(), list[str]()
    before = score_images(model, IMAGES)
    plan = FitPlan(minutes=5, passes=0.25, learning_rate=1e-3, dropout=0.2, pairs_per_batch=4, seed=1)
    report = fit(model, store, [0], [IMAGES, IMAGES], plan, say=said.append)
    assert report.pairs == report.planned_pairs == 8
    assert len(report.loss) == len(report.auc) == len(said) >= 2
    assert said[-1].startswith("100%")
    assert not np.array_equal(score_images(model, IMAGES), before)


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


def test_weights_trained_on_other_people_are_not_reused(sample: FaceSample, tmp_path: Path) -> None:
    build_mesonet().save_weights(tmp_path / "mesonet4.weights.h5")
    digest = digest_identities([sample])
    record = {"identities_sha256": digest, "start": "random weights", "plan": {}}
    (tmp_path / "mesonet4.fit.json").write_text(json.dumps(record), encoding="utf-8")
    options, data = (
        argparse.Namespace(reuse=True, initial_mesonet=None),
        TrainingData(PairStore(tmp_path), [], digest),
    )
    found = obtain_network(MESONET, options, data, tmp_path)
    assert (found.start, found.training["identities_sha256"]) == ("random weights", digest)
    other = digest_identities([replace(sample, identity="bea")])
    with pytest.raises(ValueError, match="other people"):
        obtain_network(MESONET, options, replace(data, identities_sha256=other), tmp_path)
