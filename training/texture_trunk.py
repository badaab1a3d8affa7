"""MiniFASNetV2 as a Keras model, read from its ONNX file: what the texture network starts from. Needs TensorFlow.

Source: Minivision, Silent-Face-Anti-Spoofing (Apache-2.0), https://github.com/minivision-ai/Silent-Face-Anti-Spoofing.
The graph is walked as it is; only the kinds of node that it has are known.
"""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # read once, when TensorFlow is loaded

import keras
import numpy as np
import numpy.typing as npt
import onnx
from keras import layers
from onnx import numpy_helper

from verification.vision.crop import TEXTURE_CONTEXT_PX

# Between its stages of 20 and of 10 px.
CUT_AT = "/0/conv_34/project/conv/Conv_output_0"

Array = npt.NDArray[np.float32]
Attributes = Mapping[str, Any]
Node = Callable[[list[keras.KerasTensor], list[Array], Attributes], keras.KerasTensor]


class Trunk(NamedTuple):
    """early: BGR levels, float32 (N, 80, 80, 3), to features (N, 10, 10, 128). late: those to the logits of the
    classes, (N, 3); LIVE_CLASS of them is a living face. Nine in ten weights are in the late part."""

    early: keras.Model
    late: keras.Model


def read_trunk(path: Path) -> Trunk:
    """The network of an ONNX file. Its batch normalisations lie in the convolutions already, and stay there.

    Raises ValueError on a graph of another kind.
    """
    graph = onnx.load(path).graph
    constants = {entry.name: numpy_helper.to_array(entry) for entry in graph.initializer}
    entry = keras.Input((TEXTURE_CONTEXT_PX, TEXTURE_CONTEXT_PX, 3))
    values: dict[str, keras.KerasTensor] = {graph.input[0].name: entry}
    last = entry
    for node in graph.node:
        if node.op_type in ("Constant", "Softmax"):
            continue
        if node.op_type not in _NODES:
            raise ValueError(f"{path} has a {node.op_type}, which MiniFASNetV2 has not")
        fed = [values[name] for name in node.input if name in values]
        weights = [constants[name] for name in node.input if name in constants]
        attributes = {given.name: onnx.helper.get_attribute_value(given) for given in node.attribute}
        last = values[node.output[0]] = _NODES[node.op_type](fed, weights, attributes)
    if CUT_AT not in values:
        raise ValueError(f"{path} has no {CUT_AT}: not MiniFASNetV2 as Minivision's weights convert")
    cut = values[CUT_AT]
    return Trunk(keras.Model(entry, cut, name="early"), keras.Model(cut, last, name="late"))


def _convolve(
    fed: list[keras.KerasTensor], weights: list[Array], attributes: Attributes
) -> keras.KerasTensor:
    kernel, bias = weights
    (x,) = fed
    if any(attributes["pads"]):
        x = layers.ZeroPadding2D(attributes["pads"][0])(x)
    size, strides = tuple(attributes["kernel_shape"]), tuple(attributes["strides"])
    if attributes["group"] == 1:
        layer: keras.Layer = layers.Conv2D(kernel.shape[0], size, strides)
        ordered = kernel.transpose(2, 3, 1, 0)
    else:
        layer = layers.DepthwiseConv2D(size, strides)
        ordered = kernel.transpose(2, 3, 0, 1)
    return _apply(layer, x, [ordered, bias])


def _rectify(fed: list[keras.KerasTensor], weights: list[Array], _: Attributes) -> keras.KerasTensor:
    return _apply(layers.PReLU(shared_axes=[1, 2]), fed[0], [weights[0].reshape(1, 1, -1)])


def _multiply(fed: list[keras.KerasTensor], weights: list[Array], _: Attributes) -> keras.KerasTensor:
    return _apply(layers.Dense(weights[0].shape[1], use_bias=False), fed[0], weights)


def _normalise(
    fed: list[keras.KerasTensor], weights: list[Array], attributes: Attributes
) -> keras.KerasTensor:
    """By the means and variances that it was trained with, as a scale and an offset that may be trained."""
    gain, offset, mean, variance = weights
    scale = gain / np.sqrt(variance + attributes["epsilon"])
    x = _apply(
        layers.DepthwiseConv2D(1),
        layers.Reshape((1, 1, -1))(fed[0]),
        [scale.reshape(1, 1, -1, 1), offset - mean * scale],
    )
    return layers.Flatten()(x)


def _apply(layer: keras.Layer, x: keras.KerasTensor, weights: list[Array]) -> keras.KerasTensor:
    y = layer(x)
    layer.set_weights(weights)
    return y


_NODES: Mapping[str, Node] = {
    "Conv": _convolve,
    "PRelu": _rectify,
    "MatMul": _multiply,
    "BatchNormalization": _normalise,
    "Add": lambda fed, _weights, _attributes: layers.Add()(fed),
    "Reshape": lambda fed, _weights, _attributes: layers.Flatten()(fed[0]),
}
