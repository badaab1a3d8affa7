"""Takes up an earlier network of this project out of its ONNX file, to train it further. Needs TensorFlow.

The ONNX files hold batch normalisation as a scale and an offset, folded into the convolution or behind it. So do the
networks that are made of them: their statistics are those of no data, mean 0 and variance 1, and stay as they are.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import onnx
from keras import layers
from onnx import numpy_helper

Floats = npt.NDArray[np.float32]
# Names of the parts of the MobileNetV2 model, as its ONNX nodes carry them.
PARTS = ("/lower_1/", "/blocks_1/")


@dataclass(frozen=True, slots=True)
class Linear:
    """A convolution or dense layer of the file: `kernel` as Keras has it, and the scale and offset behind it."""

    part: str
    kernel: Floats
    bias: Floats
    scale: Floats
    offset: Floats


def load_earlier(model: keras.Model, path: Path) -> None:
    """Sets every weight of `model` from the ONNX file that an earlier run made of the same architecture.

    Raises ValueError when the file holds other layers.
    """
    found = list(_read_linear(onnx.load(str(path)).graph))
    for part in (*PARTS, ""):
        known = list(_list_layers(model, part))
        read = [linear for linear in found if linear.part == part]
        if len(known) != len(read):
            raise ValueError(f"{path}: {len(read)} layers where {len(known)} belong")
        for (layer, norm), linear in zip(known, read, strict=True):
            _set(layer, norm, linear)


def _set(layer: layers.Layer, norm: layers.BatchNormalization | None, linear: Linear) -> None:
    kernel, offset = linear.kernel, linear.offset
    if layer.use_bias:
        layer.set_weights([kernel, linear.bias])
    else:
        layer.set_weights([kernel])
        offset = offset + linear.bias * linear.scale
    if norm is not None:
        channels = np.ones_like(offset)
        norm.set_weights([linear.scale * channels, offset, 0 * channels, channels * (1 - norm.epsilon)])


def _list_layers(
    model: keras.Model, part: str, inside: str = ""
) -> Iterator[tuple[layers.Layer, layers.BatchNormalization | None]]:
    """The convolutions and dense layers of one part, in order, each with the normalisation behind it."""
    pending: layers.Layer | None = None
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            name = f"/{layer.name}_1/"
            yield from _list_layers(layer, part, name if name in PARTS else inside)
        elif inside == part and isinstance(layer, layers.BatchNormalization):
            assert pending is not None
            yield pending, layer
            pending = None
        elif inside == part and isinstance(layer, (layers.Conv2D, layers.DepthwiseConv2D, layers.Dense)):
            if pending is not None:
                yield pending, None
            pending = layer
    if pending is not None:
        yield pending, None


def _read_linear(graph: Any) -> Iterator[Linear]:
    values = {item.name: numpy_helper.to_array(item) for item in graph.initializer}
    readers: dict[str, list[Any]] = {}
    for node in graph.node:
        for name in node.input:
            readers.setdefault(name, []).append(node)
    for node in graph.node:
        if node.op_type not in {"Conv", "MatMul"} or node.input[1] not in values:
            continue
        names = node.input[1], node.output[0]
        part = next((part for part in PARTS if any(part in name for name in names)), "")
        scale, offset, bias = np.ones(1, np.float32), np.zeros(1, np.float32), np.zeros(1, np.float32)
        if node.op_type == "Conv" and len(node.input) > 2:
            bias = values[node.input[2]]
        for step, operand in _follow(node.output[0], readers, values):
            if step == "Mul":
                scale = operand
            elif node.op_type == "MatMul":
                bias = operand
            else:
                offset = operand
        kernel = _to_keras(values[node.input[1]], node)
        count = kernel.shape[2] if _is_depthwise(node) else kernel.shape[-1]
        yield Linear(part, kernel, *(_spread(value, count) for value in (bias, scale, offset)))


def _follow(name: str, readers: dict[str, list[Any]], values: dict[str, Any]) -> Iterator[tuple[str, Floats]]:
    """The constants that the output is multiplied by and added to, up to the next layer."""
    while len(readers.get(name, [])) == 1:
        (node,) = readers[name]
        constants = [values[operand] for operand in node.input if operand in values]
        if node.op_type in {"Mul", "Add"} and constants:
            yield node.op_type, constants[0].ravel()
            if node.op_type == "Add":
                return
        elif node.op_type != "Relu":
            return
        name = node.output[0]


def _spread(value: Floats, count: int) -> Floats:
    return np.broadcast_to(value, (count,)).astype(np.float32)


def _is_depthwise(node: Any) -> bool:
    return any(attribute.name == "group" and attribute.i > 1 for attribute in node.attribute)


def _to_keras(kernel: Floats, node: Any) -> Floats:
    if node.op_type == "MatMul":
        return kernel
    if _is_depthwise(node):
        return kernel.transpose(2, 3, 0, 1)
    return kernel.transpose(2, 3, 1, 0)
