"""The texture network: two views of a face in, P(the medium is a living face) out. Needs TensorFlow.

Context: MiniFASNetV2, begun at Minivision's weights, its late part trained on. Detail: depthwise-separable blocks
(A. Howard et al., "MobileNets", 2017), begun at random; they also get what a 3x3 mean leaves out, since moire and
dots are textures without a place (compare V. Andrearczyk and P. Whelan, "Using filter banks in Convolutional Neural
Networks for texture classification", 2016). A face is living if neither view objects: the product of both.
"""

import os
from pathlib import Path
from typing import NamedTuple

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # read once, when TensorFlow is loaded

import keras
import tensorflow as tf
from keras import layers

from training.texture_teacher import LIVE_CLASS
from training.texture_trunk import Trunk, read_trunk
from verification.vision.crop import TEXTURE_CONTEXT_PX, TEXTURE_DETAIL_PX

CONTEXT_SHAPE = (TEXTURE_CONTEXT_PX, TEXTURE_CONTEXT_PX, 3)
DETAIL_SHAPE = (TEXTURE_DETAIL_PX, TEXTURE_DETAIL_PX, 3)
CONTEXT_NAME, DETAIL_NAME, OUTPUT_NAME = "context", "detail", "live"
RESIDUAL_GAIN = 4.0
NO_OBJECTION = 3.0
BATCH_NORM_MOMENTUM = 0.95
# Filters and stride of the blocks after the first convolution, which halves the side.
DETAIL_STEM, DETAIL_BLOCKS = 16, ((24, 1), (48, 2), (48, 1), (96, 2), (96, 1), (96, 2))


class Calibration(NamedTuple):
    """P(live) = sigmoid(scale * logit of the product + offset)."""

    scale: float
    offset: float


class TextureNetwork(NamedTuple):
    """early, late: of MiniFASNetV2, see Trunk; `early` stays as it is. detail: BGR levels, float32
    (N, 128, 128, 3), to the logit of a living face, (N, 1)."""

    early: keras.Model
    late: keras.Model
    detail: keras.Model

    def join(self) -> keras.Model:
        """From `early`'s features and the detail to the logit of the product, (N, 1)."""
        features, detail = keras.Input(self.early.output.shape[1:]), keras.Input(DETAIL_SHAPE)
        odds = ProductOdds()([self.late(features), self.detail(detail)])
        return keras.Model([features, detail], odds, name="texture")

    def serve(self, calibration: Calibration) -> keras.Model:
        """As it is served: `context` and `detail` to P(the medium is a living face), (N, 1)."""
        context, detail = (
            keras.Input(CONTEXT_SHAPE, name=CONTEXT_NAME),
            keras.Input(DETAIL_SHAPE, name=DETAIL_NAME),
        )
        odds = ProductOdds()([self.late(self.early(context)), self.detail(detail)])
        live = layers.Activation("sigmoid")(odds * calibration.scale + calibration.offset)
        return keras.Model([context, detail], live, name="texture_served")


def build_texture_network(start: Path, dropout: float = 0.3) -> TextureNetwork:
    """A network before training. start: MiniFASNetV2's ONNX file. Raises ValueError when it is another graph."""
    trunk: Trunk = read_trunk(start)
    return TextureNetwork(trunk.early, trunk.late, _build_detail(dropout))


def _build_detail(dropout: float) -> keras.Model:
    detail = keras.Input((None, None, 3))
    scaled = layers.Rescaling(1 / 127.5, -1.0)(detail)
    smooth = layers.AveragePooling2D(3, 1, "same")(scaled)
    residual = layers.Rescaling(RESIDUAL_GAIN)(layers.Subtract()([scaled, smooth]))
    within = _run_blocks(layers.Concatenate()([scaled, residual]), DETAIL_STEM, DETAIL_BLOCKS)
    # Means alone, which do not depend on how much is seen: it is trained on pieces of what it serves on.
    x = layers.Dropout(dropout)(layers.GlobalAveragePooling2D()(within))
    x = layers.Dense(32, activation="relu")(x)
    # It begins by objecting to nothing, so that the product begins as what the context's branch says.
    odds = layers.Dense(1, bias_initializer=keras.initializers.Constant(NO_OBJECTION))
    return keras.Model(detail, odds(layers.Dropout(dropout)(x)), name="within")


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


def tell_living(classes: tf.Tensor) -> tf.Tensor:
    """The logit of a living face, (N, 1), of logits of classes, (N, 3)."""
    shares = tf.nn.log_softmax(classes)
    rest = tf.concat([shares[:, :LIVE_CLASS], shares[:, LIVE_CLASS + 1 :]], axis=1)
    return shares[:, LIVE_CLASS : LIVE_CLASS + 1] - tf.reduce_logsumexp(rest, axis=1, keepdims=True)


class ProductOdds(layers.Layer):
    """The logit of the product of both views' probabilities of a living face: (N, 3) and (N, 1) to (N, 1)."""

    def call(self, views: list[tf.Tensor]) -> tf.Tensor:
        """views: the context's logits of classes; the detail's logit."""
        classes, detail = views
        shares = tf.nn.log_softmax(classes)
        live = shares[:, LIVE_CLASS : LIVE_CLASS + 1] + tf.math.log_sigmoid(detail)
        context_objects = tf.concat([shares[:, :LIVE_CLASS], shares[:, LIVE_CLASS + 1 :]], axis=1)
        detail_objects = shares[:, LIVE_CLASS : LIVE_CLASS + 1] + tf.math.log_sigmoid(-detail)
        # In logarithms throughout: where both are sure and wrong, there is still a gradient.
        return live - tf.reduce_logsumexp(
            tf.concat([context_objects, detail_objects], axis=1), axis=1, keepdims=True
        )
