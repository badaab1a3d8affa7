"""The larger network: MobileNetV2's lower half over the face, from ImageNet's weights. Needs TensorFlow.

Source: M. Sandler et al., "MobileNetV2: Inverted Residuals and Linear Bottlenecks", CVPR 2018. Cut off after
block 10, where a cell of the map still sees a part of the face only: traces of forgery are local. The layers up
to block 5 stay as ImageNet left them, but for their statistics; a branch of its own reads the fine detail there.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import numpy.typing as npt
import onnxruntime
import tensorflow as tf
import tf2onnx
from keras import layers, ops

from training.mesonet import INPUT_NAME, INPUT_SHAPE, ONNX_OPSET, OUTPUT_NAME
from verification.vision.onnx_session import open_session

NAME = "mobilenetv2"
# The middle of MesoNet's picture, pixel by pixel: resizing would blur what has to be seen.
SIDE_PX = 224
EDGE_PX = (INPUT_SHAPE[0] - SIDE_PX) // 2
DETAIL_LAYER, LAST_FROZEN, LAST_LAYER = "block_2_add", "block_5_add", "block_10_project_BN"
DETAIL_FILTERS = (32, 64)
HEAD_FILTERS = 256

Maps = list[npt.NDArray[np.float32]]


@dataclass(frozen=True)
class MobileNet:
    """The network in parts that share their layers.

    whole: float32 (N, 256, 256, 3), RGB in 0..1, to P(real), float32 (N, 1).
    lower: float32 (N, 224, 224, 3), RGB in -1..1, to the two maps that `upper` reads. Never trained.
    upper: those maps to P(real).
    """

    whole: keras.Model
    lower: keras.Model
    upper: keras.Model


def build_mobilenet(
    dropout: float = 0.3, initial: Mapping[str, npt.NDArray[np.float32]] | None = None
) -> MobileNet:
    """The network, from `initial` weights by name as `read_initial_weights` gives them, or untrained.

    Raises KeyError when `initial` lacks a layer, ValueError when one does not fit.
    """
    trunk = keras.applications.MobileNetV2((SIDE_PX, SIDE_PX, 3), include_top=False, weights=None)
    detail, middle, last = (trunk.get_layer(name).output for name in (DETAIL_LAYER, LAST_FROZEN, LAST_LAYER))
    if initial is not None:
        load_layers(keras.Model(trunk.input, last), initial)
    lower = keras.Model(trunk.input, [detail, middle], name="lower")
    lower.trainable = False
    upper = _build_upper(
        keras.Model(middle, last, name="blocks"), detail.shape[1:], middle.shape[1:], dropout
    )
    image = keras.Input(INPUT_SHAPE, name=INPUT_NAME)
    x = layers.Rescaling(2.0, offset=-1.0)(layers.Cropping2D(EDGE_PX)(image))
    return MobileNet(keras.Model(image, upper(lower(x, training=False)), name=NAME), lower, upper)


def load_layers(trunk: keras.Model, weights: Mapping[str, npt.NDArray[np.float32]]) -> None:
    """Sets every layer of `trunk` that has weights from those of its name."""
    for layer in trunk.layers:
        if layer.weights:
            # Keras 2, which wrote the names, called this kernel otherwise.
            prefix = "depthwise_" if isinstance(layer, layers.DepthwiseConv2D) else ""
            layer.set_weights([weights[f"{layer.name}/{prefix}{weight.name}"] for weight in layer.weights])


def adapt_normalisation(network: MobileNet, images: Iterable[npt.NDArray[np.uint8]]) -> None:
    """Sets the statistics of batch normalisation to those of `images`: batches of uint8 (N, 256, 256, 3)."""
    blocks = network.upper.get_layer("blocks")
    norms = [
        layer
        for part in (network.lower, blocks)
        for layer in part.layers
        if isinstance(layer, layers.BatchNormalization)
    ]
    trainable = [layer.trainable for layer in norms]
    for count, batch in enumerate(images, start=1):
        for norm in norms:
            # A running mean over all batches so far, instead of one that forgets.
            norm.trainable, norm.momentum = True, 1 - 1 / count
        _, middle = network.lower(ops.convert_to_tensor(cut_input(batch)), training=True)
        blocks(middle, training=True)
    for norm, is_trainable in zip(norms, trainable, strict=True):
        norm.trainable = is_trainable


def cut_input(images: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """What `lower` reads of uint8 images of shape (N, 256, 256, 3)."""
    middle = images[:, EDGE_PX:-EDGE_PX, EDGE_PX:-EDGE_PX].astype(np.float32)
    return middle / np.float32(127.5) - 1


class FrozenMaps:
    """`lower` run by ONNX Runtime, which takes a quarter of the time; call it on uint8 (N, 256, 256, 3)."""

    def __init__(self, lower: keras.Model, path: Path) -> None:
        signature = (tf.TensorSpec((None, SIDE_PX, SIDE_PX, 3), tf.float32, name=INPUT_NAME),)
        traced = tf.function(lambda image: lower(image, training=False), input_signature=signature)
        tf2onnx.convert.from_function(
            traced, input_signature=signature, opset=ONNX_OPSET, output_path=str(path)
        )
        self._session: onnxruntime.InferenceSession = open_session(path)

    def __call__(self, images: npt.NDArray[np.uint8]) -> Maps:
        """The two maps that `upper` reads."""
        found = self._session.run(None, {INPUT_NAME: cut_input(images)})
        return sorted((np.asarray(maps, np.float32) for maps in found), key=lambda maps: -maps.shape[1])


def _build_upper(
    blocks: keras.Model, detail_shape: tuple[int, ...], middle_shape: tuple[int, ...], dropout: float
) -> keras.Model:
    detail, middle = keras.Input(detail_shape), keras.Input(middle_shape)
    fine = detail
    for filters in DETAIL_FILTERS:
        fine = layers.Conv2D(filters, 3, strides=2, padding="same", activation="relu")(fine)
    # Statistics of batch normalisation stay as they are set, so that training sees what serving sees.
    x = layers.Concatenate()([blocks(middle, training=False), fine])
    x = layers.Conv2D(HEAD_FILTERS, 1, activation="relu")(x)
    x = layers.Concatenate()([layers.GlobalAveragePooling2D()(x), layers.GlobalMaxPooling2D()(x)])
    x = layers.Dropout(dropout)(x)
    genuine = layers.Dense(1, activation="sigmoid", name=OUTPUT_NAME)(x)
    return keras.Model([detail, middle], genuine, name="upper")
