"""FER's mini-Xception from its HDF5 file to ONNX, without TensorFlow.

The file is Keras 2's: one group a layer, channels last. ONNX wants channels first, so the graph turns
its input once and all kernels are turned here.
"""

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

_OPSET = 17
_IR_VERSION = 8
_BATCH_NORM_EPSILON = 1e-3
_INPUT_PX = 64
_CLASS_COUNT = 7
_RESIDUAL_BLOCKS = 4


class ConversionFailed(ValueError):
    """The HDF5 file doesn't hold the network it should."""


def convert_fer(source: Path) -> bytes:
    """Return mini-Xception as a serialised ONNX model.

    The model maps `gray`, float32 of shape (1, 64, 64, 1) in -1..1, to `probabilities`, float32 of
    shape (1, 7), in the order angry, disgust, fear, happy, sad, surprise, neutral.
    Raises ConversionFailed.
    """
    try:
        with h5py.File(source, "r") as file:
            graph = _FerGraph(file["model_weights"]).build()
    except (OSError, KeyError, ValueError) as error:
        raise ConversionFailed(f"{source.name} doesn't hold FER's mini-Xception") from error
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR_VERSION)
    onnx.checker.check_model(model, full_check=True)
    serialised: bytes = model.SerializeToString(deterministic=True)
    return serialised


class _FerGraph:
    """Collects the nodes and weights of the graph; every method takes and returns a tensor's name."""

    def __init__(self, weights: h5py.Group) -> None:
        self._weights = weights
        self._nodes: list[onnx.NodeProto] = []
        self._initialisers: list[onnx.TensorProto] = []

    def build(self) -> onnx.GraphProto:
        x = self._add("Transpose", ["gray"], perm=[0, 3, 1, 2])
        for index in (1, 2):
            x = self._relu(self._normalise(self._convolve(x, f"conv2d_{index}", auto_pad="VALID"), index))
        for block in range(_RESIDUAL_BLOCKS):
            x = self._add_residual_block(x, block)
        x = self._convolve(x, "conv2d_7", has_bias=True)
        x = self._add("Flatten", [self._add("GlobalAveragePool", [x])])
        self._nodes.append(helper.make_node("Softmax", [x], ["probabilities"], axis=1))
        side = _INPUT_PX
        return helper.make_graph(
            self._nodes,
            "fer_mini_xception",
            [helper.make_tensor_value_info("gray", TensorProto.FLOAT, [1, side, side, 1])],
            [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, [1, _CLASS_COUNT])],
            self._initialisers,
        )

    def _add_residual_block(self, x: str, block: int) -> str:
        """Two separable convolutions and a pooling, beside a strided 1x1 convolution."""
        shortcut_norm = 3 * block + 3
        shortcut = self._convolve(x, f"conv2d_{block + 3}", strides=[2, 2])
        shortcut = self._normalise(shortcut, shortcut_norm)
        x = self._relu(self._normalise(self._separate(x, 2 * block + 1), shortcut_norm + 1))
        x = self._normalise(self._separate(x, 2 * block + 2), shortcut_norm + 2)
        x = self._add("MaxPool", [x], kernel_shape=[3, 3], strides=[2, 2], auto_pad="SAME_UPPER")
        return self._add("Add", [x, shortcut])

    def _convolve(
        self,
        x: str,
        layer: str,
        *,
        auto_pad: str = "SAME_UPPER",
        strides: list[int] | None = None,
        has_bias: bool = False,
    ) -> str:
        inputs = [x, self._store(f"{layer}_kernel", self._read(layer, "kernel").transpose(3, 2, 0, 1))]
        if has_bias:
            inputs.append(self._store(f"{layer}_bias", self._read(layer, "bias")))
        return self._add("Conv", inputs, auto_pad=auto_pad, strides=strides or [1, 1])

    def _separate(self, x: str, index: int) -> str:
        layer = f"separable_conv2d_{index}"
        depthwise = self._read(layer, "depthwise_kernel").transpose(2, 3, 0, 1)
        pointwise = self._read(layer, "pointwise_kernel").transpose(3, 2, 0, 1)
        kernel = self._store(f"{layer}_depthwise", depthwise)
        x = self._add("Conv", [x, kernel], auto_pad="SAME_UPPER", group=depthwise.shape[0])
        return self._add("Conv", [x, self._store(f"{layer}_pointwise", pointwise)], auto_pad="SAME_UPPER")

    def _normalise(self, x: str, index: int) -> str:
        layer = f"batch_normalization_{index}"
        statistics = ("gamma", "beta", "moving_mean", "moving_variance")
        stored = [self._store(f"{layer}_{name}", self._read(layer, name)) for name in statistics]
        return self._add("BatchNormalization", [x, *stored], epsilon=_BATCH_NORM_EPSILON)

    def _relu(self, x: str) -> str:
        return self._add("Relu", [x])

    def _add(self, operation: str, inputs: list[str], **attributes: Any) -> str:
        output = f"{operation.lower()}_{len(self._nodes)}"
        self._nodes.append(helper.make_node(operation, inputs, [output], **attributes))
        return output

    def _store(self, name: str, values: npt.NDArray[np.float32]) -> str:
        self._initialisers.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def _read(self, layer: str, tensor: str) -> npt.NDArray[np.float32]:
        return np.asarray(self._weights[layer][f"{layer}_1"][f"{tensor}:0"], dtype=np.float32)
