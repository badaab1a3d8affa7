"""The texture network: two views of a face in, P(the medium is a living face) out. Needs TensorFlow.

A convolutional network of depthwise-separable blocks (A. Howard et al., "MobileNets", 2017) for each view. The
detail branch also gets what a 3x3 mean leaves out, and passes on the spread of its features, not only their mean:
moire and dots are textures without a place (compare V. Andrearczyk and P. Whelan, "Using filter banks in
Convolutional Neural Networks for texture classification", 2016).
"""

import os
from pathlib import Path
from typing import NamedTuple

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # read once, when TensorFlow is loaded

import keras
import numpy as np
import onnxruntime
import tensorflow as tf
import tf2onnx
from keras import layers

from verification.vision.crop import TEXTURE_CONTEXT_PX, TEXTURE_DETAIL_PX

CONTEXT_SHAPE = (TEXTURE_CONTEXT_PX, TEXTURE_CONTEXT_PX, 3)
DETAIL_SHAPE = (TEXTURE_DETAIL_PX, TEXTURE_DETAIL_PX, 3)
CONTEXT_NAME, DETAIL_NAME, OUTPUT_NAME, TEACHER_NAME = "context", "detail", "live", "teacher"
TEACHER_CLASSES = 3
LIVE_CLASS = 1
SMALLEST_SHARE = 1e-4
ONNX_OPSET = 17
MAX_EXPORT_DIFFERENCE = 1e-4
RESIDUAL_GAIN = 4.0
BATCH_NORM_MOMENTUM = 0.95

# Filters and stride of the blocks after the first convolution, which halves the side.
CONTEXT_STEM, CONTEXT_BLOCKS = 16, ((32, 1), (48, 2), (64, 1), (96, 2), (96, 1), (128, 2))
DETAIL_STEM, DETAIL_BLOCKS = 16, ((24, 1), (48, 2), (48, 1), (96, 2), (96, 1), (128, 2))


class Calibration(NamedTuple):
    """P(live) = sigmoid(own_scale * own logit + student_scale * student's logit + offset)."""

    own_scale: float
    student_scale: float
    offset: float


def build_texture_network(dropout: float = 0.3) -> keras.Model:
    """An untrained network.

    Inputs, uint8 levels as float32 BGR: `context` (N, 80, 80, 3) and `detail` (N, 128, 128, 3). Outputs: `live`,
    the logit of a living face, (N, 1); `teacher`, the logits of the two teacher networks' classes, (N, 2, 3).
    """
    context, detail = (
        keras.Input(CONTEXT_SHAPE, name=CONTEXT_NAME),
        keras.Input(DETAIL_SHAPE, name=DETAIL_NAME),
    )
    around = _run_blocks(_scale(context), CONTEXT_STEM, CONTEXT_BLOCKS)
    scaled = _scale(detail)
    smooth = layers.AveragePooling2D(3, 1, "same")(scaled)
    residual = layers.Rescaling(RESIDUAL_GAIN)(layers.Subtract()([scaled, smooth]))
    within = _run_blocks(layers.Concatenate()([scaled, residual]), DETAIL_STEM, DETAIL_BLOCKS)
    features = [layers.GlobalAveragePooling2D()(around), layers.GlobalMaxPooling2D()(around)]
    features += [layers.GlobalAveragePooling2D()(within), layers.GlobalMaxPooling2D()(within)]
    x = layers.Dropout(dropout)(layers.Concatenate()(features))
    x = layers.Dense(64, activation="relu")(x)
    live = layers.Dense(1, name=OUTPUT_NAME)(layers.Dropout(dropout)(x))
    teacher = layers.Reshape((2, TEACHER_CLASSES), name=TEACHER_NAME)(layers.Dense(2 * TEACHER_CLASSES)(x))
    return keras.Model([context, detail], [live, teacher], name="texture")


def _scale(picture: keras.KerasTensor) -> keras.KerasTensor:
    return layers.Rescaling(1 / 127.5, -1.0)(picture)


def _run_blocks(x: keras.KerasTensor, stem: int, blocks: tuple[tuple[int, int], ...]) -> keras.KerasTensor:
    x = _normalise(layers.Conv2D(stem, 3, 2, "same", use_bias=False)(x))
    for filters, stride in blocks:
        entry = x
        x = _normalise(layers.DepthwiseConv2D(3, stride, "same", use_bias=False)(x))
        x = _normalise(layers.Conv2D(filters, 1, use_bias=False)(x))
        if stride == 1 and entry.shape[-1] == filters:
            x = layers.Add()([x, entry])
    return x


def _normalise(x: keras.KerasTensor) -> keras.KerasTensor:
    return layers.ReLU()(layers.BatchNormalization(momentum=BATCH_NORM_MOMENTUM)(x))


class StudentOdds(layers.Layer):
    """The logit of the mean of both live classes, as serving takes FasNet's: (N, 2, 3) to (N, 1)."""

    def call(self, classes: tf.Tensor) -> tf.Tensor:
        """classes: logits."""
        live = tf.reduce_mean(tf.nn.softmax(classes)[:, :, LIVE_CLASS], axis=1, keepdims=True)
        live = tf.clip_by_value(live, SMALLEST_SHARE, 1 - SMALLEST_SHARE)
        return tf.math.log(live) - tf.math.log(1 - live)


def join_heads(model: keras.Model, calibration: Calibration) -> keras.Model:
    """The network as it is served: one output `live`, P(the medium is a living face), (N, 1)."""
    own, student = model.outputs
    total = own * calibration.own_scale + StudentOdds()(student) * calibration.student_scale
    live = layers.Activation("sigmoid")(total + calibration.offset)
    return keras.Model(model.inputs, live, name="texture_served")


def export_texture(served: keras.Model, path: Path) -> float:
    """Writes `served` as ONNX with a free batch size, and returns its largest difference from Keras.

    Raises ValueError, and leaves no file behind, when the two differ by 1e-4 or more on random input.
    """
    signature = (
        tf.TensorSpec((None, *CONTEXT_SHAPE), tf.float32, name=CONTEXT_NAME),
        tf.TensorSpec((None, *DETAIL_SHAPE), tf.float32, name=DETAIL_NAME),
    )

    def score(context: tf.Tensor, detail: tf.Tensor) -> dict[str, tf.Tensor]:
        return {OUTPUT_NAME: tf.identity(served([context, detail], training=False), name=OUTPUT_NAME)}

    partial = path.with_suffix(".partial")
    traced = tf.function(score, input_signature=signature)
    tf2onnx.convert.from_function(
        traced, input_signature=signature, opset=ONNX_OPSET, output_path=str(partial)
    )
    difference = measure_difference(served, partial)
    if difference >= MAX_EXPORT_DIFFERENCE:
        partial.unlink()
        raise ValueError(f"the ONNX file differs from Keras by {difference:.1e}")
    partial.replace(path)
    return difference


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
