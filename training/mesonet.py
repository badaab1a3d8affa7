"""MesoNet-4: the network, and the passage to ONNX of any with its input. Needs TensorFlow.

Source: D. Afchar, V. Nozick, J. Yamagishi, I. Echizen, "MesoNet: a Compact Facial Video Forgery
Detection Network", WIFS 2018, section 3.1: 27,977 trainable weights.
"""

import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # read once, when TensorFlow is loaded

import keras
import numpy as np
import onnxruntime
import tensorflow as tf
import tf2onnx
from keras import layers

INPUT_SHAPE = (256, 256, 3)
TRAINABLE_WEIGHTS = 27_977
INPUT_NAME = "image"
OUTPUT_NAME = "genuine"
ONNX_OPSET = 17
MAX_EXPORT_DIFFERENCE = 1e-4

# Filters, kernel side and pooling side of the four blocks.
BLOCKS = ((8, 3, 2), (8, 5, 2), (16, 5, 2), (16, 5, 4))


def build_mesonet(dropout: float = 0.5) -> keras.Model:
    """An untrained MesoNet-4.

    dropout: share of activations dropped before each dense layer while training, 0..1 (the paper: 0.5).
    Input: float32 of shape (N, 256, 256, 3), RGB in 0..1. Output: float32 of shape (N, 1), P(real), 0..1.
    """
    image = keras.Input(INPUT_SHAPE, name=INPUT_NAME)
    x = image
    for filters, kernel, pool in BLOCKS:
        x = layers.Conv2D(filters, kernel, padding="same", activation="relu")(x)
        x = layers.BatchNormalization()(x)
        x = layers.MaxPooling2D(pool, padding="same")(x)
    x = layers.Flatten()(x)
    x = layers.Dropout(dropout)(x)
    x = layers.Dense(16)(x)
    x = layers.LeakyReLU(negative_slope=0.1)(x)
    x = layers.Dropout(dropout)(x)
    genuine = layers.Dense(1, activation="sigmoid", name=OUTPUT_NAME)(x)
    return keras.Model(image, genuine, name="mesonet4")


def export_onnx(model: keras.Model, path: Path) -> float:
    """Writes `model` as ONNX with a free batch size, and returns its largest difference from Keras.

    Raises ValueError, and leaves no file behind, when the two differ by 1e-4 or more on random input.
    """
    signature = (tf.TensorSpec((None, *INPUT_SHAPE), tf.float32, name=INPUT_NAME),)

    def score(image: tf.Tensor) -> dict[str, tf.Tensor]:
        return {OUTPUT_NAME: tf.identity(model(image, training=False), name=OUTPUT_NAME)}

    partial = path.with_suffix(".partial")
    traced = tf.function(score, input_signature=signature)
    tf2onnx.convert.from_function(
        traced, input_signature=signature, opset=ONNX_OPSET, output_path=str(partial)
    )
    difference = largest_difference(model, partial)
    if difference >= MAX_EXPORT_DIFFERENCE:
        partial.unlink()
        raise ValueError(f"the ONNX file differs from Keras by {difference:.1e}")
    partial.replace(path)
    return difference


def largest_difference(model: keras.Model, path: Path, count: int = 8, seed: int = 0) -> float:
    """Largest absolute difference of P(real) between Keras and ONNX Runtime over `count` random images."""
    images = np.random.default_rng(seed).random((count, *INPUT_SHAPE), dtype=np.float32)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    (from_onnx,) = session.run([OUTPUT_NAME], {INPUT_NAME: images})
    from_keras = model(images, training=False).numpy()
    return float(np.abs(from_onnx - from_keras).max())
