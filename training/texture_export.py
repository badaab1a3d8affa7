"""The trained texture network as an ONNX file: weights in 16 bits, sums in 32. Needs TensorFlow."""

from pathlib import Path

import keras
import numpy as np
import onnx
import onnxruntime
import tensorflow as tf
import tf2onnx
from onnx import helper, numpy_helper

from training.texture_network import CONTEXT_NAME, CONTEXT_SHAPE, DETAIL_NAME, DETAIL_SHAPE, OUTPUT_NAME

ONNX_OPSET = 17
# Of a probability: what 16 bits a weight may change.
MAX_EXPORT_DIFFERENCE = 5e-3
SMALLEST_HALVED = 32


def export_texture(served: keras.Model, path: Path) -> float:
    """Writes `served` as ONNX with a free batch size, and returns its largest difference from Keras.

    Raises ValueError, and leaves no file behind, when the two differ by 0.005 or more on random input.
    """
    signature = (
        tf.TensorSpec((None, *CONTEXT_SHAPE), tf.float32, name=CONTEXT_NAME),
        tf.TensorSpec((None, *DETAIL_SHAPE), tf.float32, name=DETAIL_NAME),
    )

    def score(context: tf.Tensor, detail: tf.Tensor) -> dict[str, tf.Tensor]:
        return {OUTPUT_NAME: tf.identity(served([context, detail], training=False), name=OUTPUT_NAME)}

    partial = path.with_suffix(".partial")
    traced = tf.function(score, input_signature=signature)
    model, _ = tf2onnx.convert.from_function(traced, input_signature=signature, opset=ONNX_OPSET)
    onnx.save(shorten_names(halve_weights(model)), partial)
    difference = measure_difference(served, partial)
    if difference >= MAX_EXPORT_DIFFERENCE:
        partial.unlink()
        raise ValueError(f"the ONNX file differs from Keras by {difference:.1e}")
    partial.replace(path)
    return difference


def halve_weights(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model with its weights stored as float16, each cast back where it is used.

    ONNX Runtime folds the casts when it loads the file, so they cost nothing a face.
    """
    graph, casts = model.graph, []
    for weight in graph.initializer:
        values = numpy_helper.to_array(weight)
        if values.dtype != np.float32 or values.size < SMALLEST_HALVED:
            continue
        name = weight.name
        weight.CopyFrom(numpy_helper.from_array(values.astype(np.float16), f"{name}_16"))
        casts.append(helper.make_node("Cast", [weight.name], [name], to=onnx.TensorProto.FLOAT))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    onnx.checker.check_model(model)
    return model


def shorten_names(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model with numbers for the names inside it, which would take a tenth of the file."""
    graph = model.graph
    kept = {entry.name for entry in (*graph.input, *graph.output)}
    numbers: dict[str, str] = {"": ""}
    for tensors in ((weight.name for weight in graph.initializer), *(node.output for node in graph.node)):
        for name in tensors:
            numbers[name] = name if name in kept else str(len(numbers))
    for weight in graph.initializer:
        weight.name = numbers[weight.name]
    for node in graph.node:
        node.input[:] = [numbers.get(name, name) for name in node.input]
        node.output[:] = [numbers[name] for name in node.output]
        node.name = node.doc_string = ""
    del graph.value_info[:]
    onnx.checker.check_model(model)
    return model


def measure_difference(served: keras.Model, path: Path, count: int = 8, seed: int = 0) -> float:
    """Largest absolute difference between Keras and ONNX Runtime over `count` random pictures."""
    rng = np.random.default_rng(seed)
    views = [
        rng.integers(0, 256, (count, *shape)).astype(np.float32) for shape in (CONTEXT_SHAPE, DETAIL_SHAPE)
    ]
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    (from_onnx,) = session.run([OUTPUT_NAME], dict(zip((CONTEXT_NAME, DETAIL_NAME), views, strict=True)))
    from_keras = served(views, training=False).numpy()
    return float(np.abs(from_onnx - from_keras).max())
