"""Needs TensorFlow, which belongs to training and is not in the environment of the other tests."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is installed for training only (requirements-train.txt)")

import keras

from training.calibration import fold_calibration
from training.fitting import score_images
from training.mesonet import export_onnx
from training.mobilenet import (
    LAST_LAYER,
    SIDE_PX,
    FrozenMaps,
    MobileNet,
    adapt_normalisation,
    build_mobilenet,
    load_layers,
)
from training.samples import FaceSample
from training.trained_swap import SIDE_PX as SWAP_SIDE_PX
from training.trained_swap import train_swap

# Keras 3.15 asks NumPy 2 for arrays in a way that NumPy warns of.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
IMAGES = np.random.default_rng(3).integers(0, 256, (4, 256, 256, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def network() -> MobileNet:
    keras.utils.set_random_seed(1)
    return build_mobilenet()


def test_the_frozen_part_run_by_onnx_runtime_feeds_the_rest_as_keras_does(
    network: MobileNet, tmp_path: Path
) -> None:
    maps = FrozenMaps(network.lower, tmp_path / "lower.onnx")(IMAGES)
    assert [part.shape for part in maps] == [(4, 56, 56, 24), (4, 28, 28, 32)]
    np.testing.assert_allclose(
        network.upper(maps, training=False).numpy()[:, 0], score_images(network.whole, IMAGES), atol=1e-5
    )


def test_it_is_small_and_onnx_answers_as_keras_does(network: MobileNet, tmp_path: Path) -> None:
    target = tmp_path / "model.onnx"
    assert export_onnx(network.whole, target) < 1e-4
    assert target.stat().st_size < 2_000_000
    assert (network.whole.input_shape, network.whole.output_shape) == ((None, 256, 256, 3), (None, 1))


def test_training_leaves_the_lower_layers_alone(network: MobileNet) -> None:
    names = {weight.path for weight in network.upper.trainable_variables}
    assert names
    assert not names & {weight.path for weight in network.lower.variables}


def test_statistics_become_those_of_the_faces_shown() -> None:
    network = build_mobilenet()
    norm = network.lower.get_layer("bn_Conv1")
    adapt_normalisation(network, [IMAGES, IMAGES])
    assert float(np.abs(norm.moving_mean.numpy()).max()) > 0
    assert not network.lower.trainable_variables


def test_a_calibration_is_folded_into_the_last_part() -> None:
    network = build_mobilenet()
    before = score_images(network.whole, IMAGES)
    fold_calibration(network.whole, 0.5, 1.0)
    expected = 1 / (1 + np.exp(-(0.5 * np.log(before / (1 - before)) + 1.0)))
    np.testing.assert_allclose(score_images(network.whole, IMAGES), expected, atol=1e-5)


def test_layers_take_the_weights_of_their_names_and_a_missing_one_is_an_error() -> None:
    whole = keras.applications.MobileNetV2((SIDE_PX, SIDE_PX, 3), include_top=False, weights=None)
    trunk = keras.Model(whole.input, whole.get_layer(LAST_LAYER).output)
    weights = {}
    for layer in trunk.layers:
        prefix = "depthwise_" if isinstance(layer, keras.layers.DepthwiseConv2D) else ""
        for weight in layer.weights:
            weights[f"{layer.name}/{prefix}{weight.name}"] = np.full(weight.shape, 0.5, np.float32)
    load_layers(trunk, weights)
    assert all((weight.numpy() == 0.5).all() for weight in trunk.weights)
    del weights["block_3_depthwise/depthwise_kernel"]
    with pytest.raises(KeyError, match="block_3_depthwise"):
        load_layers(trunk, weights)


def test_a_swap_pair_draws_the_other_person_over_the_face_only(sample: FaceSample) -> None:
    pair = train_swap(([sample], [sample]), seed=1, steps=2)
    made = pair.swap(1, sample.image_bgr, sample.landmarks_px, np.random.default_rng(0))
    outside = made.mask == 0
    assert 0 < outside.mean() < 1
    np.testing.assert_array_equal(made.blended_bgr[outside], sample.image_bgr[outside])
    assert not np.array_equal(made.blended_bgr, made.genuine_bgr)
    assert pair.encoder.input_shape == (None, SWAP_SIDE_PX, SWAP_SIDE_PX, 3)
