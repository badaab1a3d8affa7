"""The converted network against a plain NumPy reading of the same HDF5 file."""

from pathlib import Path

import h5py
import numpy as np
import numpy.typing as npt
import onnxruntime
import pytest

from verification.vision.fer_conversion import ConversionFailed, convert_fer

Array = npt.NDArray[np.float32]
Weights = dict[str, dict[str, Array]]


def invent_weights(seed: int = 3) -> Weights:
    rng = np.random.default_rng(seed)

    def draw(*shape: int) -> Array:
        return rng.normal(0, np.sqrt(2 / np.prod(shape[:-1])), shape).astype(np.float32)

    def draw_near(centre: float, width: int) -> Array:
        return rng.normal(centre, 0.25, width).astype(np.float32)

    widths = (8, 16, 32, 64, 128)
    weights: Weights = {"conv2d_1": {"kernel": draw(3, 3, 1, 8)}, "conv2d_2": {"kernel": draw(3, 3, 8, 8)}}
    weights["conv2d_7"] = {"kernel": draw(3, 3, 128, 7), "bias": draw(7)}
    norms = [8, 8]
    for block in range(4):
        before, after = widths[block], widths[block + 1]
        weights[f"conv2d_{block + 3}"] = {"kernel": draw(1, 1, before, after)}
        for index, depth in ((2 * block + 1, before), (2 * block + 2, after)):
            weights[f"separable_conv2d_{index}"] = {
                "depthwise_kernel": draw(3, 3, depth, 1),
                "pointwise_kernel": draw(1, 1, depth, after),
            }
        norms += [after] * 3
    for index, width in enumerate(norms, start=1):
        weights[f"batch_normalization_{index}"] = {
            "gamma": draw_near(1, width),
            "beta": draw_near(0, width),
            "moving_mean": draw_near(0, width),
            "moving_variance": rng.uniform(0.5, 1.5, width).astype(np.float32),
        }
    return weights


def write_keras_file(path: Path, weights: Weights) -> Path:
    with h5py.File(path, "w") as file:
        for layer, tensors in weights.items():
            for name, values in tensors.items():
                file[f"model_weights/{layer}/{layer}_1/{name}:0"] = values
    return path


def pad_same(x: Array, kernel: int, stride: int, filler: float = 0.0) -> Array:
    """Keras' "same" padding: what is odd goes to the bottom and the right."""
    total = max(0, (-(-x.shape[0] // stride) - 1) * stride + kernel - x.shape[0])
    pads = (total // 2, total - total // 2)
    return np.pad(x, (pads, pads, (0, 0)), constant_values=filler)


def cut_windows(x: Array, kernel: int, stride: int) -> Array:
    """Shape (rows, columns, channels, kernel, kernel)."""
    windows = np.lib.stride_tricks.sliding_window_view(x, (kernel, kernel), axis=(0, 1))
    return windows[::stride, ::stride]


def convolve(x: Array, kernel: Array, stride: int = 1) -> Array:
    windows = cut_windows(x, kernel.shape[0], stride)
    return np.asarray(np.einsum("yxcij,ijcf->yxf", windows, kernel, optimize=True), dtype=np.float32)


class NumpyXception:
    """The network as its paper draws it, on channels-last arrays."""

    def __init__(self, weights: Weights) -> None:
        self.weights = weights

    def __call__(self, x: Array) -> Array:
        for index in (1, 2):
            x = np.maximum(self.norm(convolve(x, self.weights[f"conv2d_{index}"]["kernel"]), index), 0)
        for block in range(4):
            x = self.block(x, block)
        head = self.weights["conv2d_7"]
        scores = (convolve(pad_same(x, 3, 1), head["kernel"]) + head["bias"]).mean(axis=(0, 1))
        shares = np.exp(scores - scores.max())
        return np.asarray(shares / shares.sum(), dtype=np.float32)

    def block(self, x: Array, block: int) -> Array:
        shortcut = convolve(x, self.weights[f"conv2d_{block + 3}"]["kernel"], 2)
        shortcut = self.norm(shortcut, 3 * block + 3)
        x = np.maximum(self.norm(self.separate(x, 2 * block + 1), 3 * block + 4), 0)
        x = self.norm(self.separate(x, 2 * block + 2), 3 * block + 5)
        pooled = cut_windows(pad_same(x, 3, 2, -np.inf), 3, 2).max(axis=(3, 4))
        return np.asarray(pooled + shortcut, dtype=np.float32)

    def separate(self, x: Array, index: int) -> Array:
        layer = self.weights[f"separable_conv2d_{index}"]
        windows = cut_windows(pad_same(x, 3, 1), 3, 1)
        depthwise = np.einsum("yxcij,ijc->yxc", windows, layer["depthwise_kernel"][..., 0], optimize=True)
        return convolve(depthwise, layer["pointwise_kernel"])

    def norm(self, x: Array, index: int) -> Array:
        layer = self.weights[f"batch_normalization_{index}"]
        scaled = (x - layer["moving_mean"]) / np.sqrt(layer["moving_variance"] + 1e-3)
        return np.asarray(scaled * layer["gamma"] + layer["beta"], dtype=np.float32)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_converted_network_computes_what_the_file_describes(tmp_path: Path, seed: int) -> None:
    weights = invent_weights(seed)
    model = convert_fer(write_keras_file(tmp_path / "emotion_model.hdf5", weights))
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    face = np.random.default_rng(seed).uniform(-1, 1, (64, 64, 1)).astype(np.float32)
    (answer,) = session.run(["probabilities"], {"gray": face[np.newaxis]})
    expected = NumpyXception(weights)(face)
    assert np.abs(answer[0] - expected).max() < 1e-4
    assert np.ptp(expected) > 1e-3


def test_converting_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    path = write_keras_file(tmp_path / "emotion_model.hdf5", invent_weights())
    assert convert_fer(path) == convert_fer(path)


def test_a_file_that_is_no_hdf5_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "emotion_model.hdf5"
    path.write_bytes(b"not HDF5")
    with pytest.raises(ConversionFailed, match=r"emotion_model\.hdf5"):
        convert_fer(path)


def test_a_file_that_lacks_a_layer_is_refused(tmp_path: Path) -> None:
    weights = invent_weights()
    del weights["separable_conv2d_5"]
    with pytest.raises(ConversionFailed):
        convert_fer(write_keras_file(tmp_path / "emotion_model.hdf5", weights))
