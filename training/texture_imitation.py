"""A branch that learns to say what FasNet says: the teacher sees exactly what the branch sees. Needs TensorFlow.

The teacher knows real screens and prints, of which this project has none to train on. It is asked about every view
anew: moved, scaled, recoloured and mixed with another, so that far more is learned than its word on a few scenes.
Source: L. Beyer et al., "Knowledge distillation: A good teacher is patient and consistent", CVPR 2022. The teacher is
MiniFASNetV2, the one of FasNet's pair whose crop is as wide as the context view.
"""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import cv2
import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from training.texture_fitting import anneal
from training.texture_network import build_imitation
from training.texture_plan import TexturePlan, TextureReport
from training.texture_teacher import Teacher

Images = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]

MIXED_SHARE = 0.5
RECOLOURED_SHARE = 0.3
TOLD_EVERY = 100


class ImitationBatch(NamedTuple):
    """context: uint8 (N, 80, 80, 3). said: the teacher's classes of each, float32 (N, 3)."""

    context: Images
    said: Floats


def make_batch(contexts: Images, teacher: Teacher, size: int, rng: np.random.Generator) -> ImitationBatch:
    """`size` views changed at random, and what the teacher says of them."""
    views = np.stack([_draw_view(contexts, rng) for _ in range(size)])
    return ImitationBatch(views, np.stack([teacher.classify_context(view) for view in views]))


def fit_imitation(
    contexts: Images,
    teacher: Teacher,
    plan: TexturePlan,
    report: TextureReport,
    say: Callable[[str], None] = print,
) -> keras.Model:
    """Trains the branch on `plan.imitations` views made of `contexts`, uint8 (M, 80, 80, 3); tells `report`."""
    keras.utils.set_random_seed(plan.seed)
    model = build_imitation()
    optimizer = keras.optimizers.AdamW(
        plan.imitation_learning_rate, weight_decay=plan.weight_decay, clipnorm=1.0
    )
    step = _make_step(model, optimizer)
    steps, start, losses = max(1, plan.imitations // plan.batch), time.monotonic(), []
    for number, batch in enumerate(_stream(contexts, teacher, plan, steps)):
        optimizer.learning_rate = plan.imitation_learning_rate * anneal(number, number / steps)
        losses.append(float(step(tf.constant(batch.context), tf.constant(batch.said))))
        if (number + 1) % TOLD_EVERY == 0 or number + 1 == steps:
            minutes = (time.monotonic() - start) / 60
            left = minutes / (number + 1) * (steps - number - 1)
            report.imitation_loss.append(float(np.mean(losses)))
            report.imitation_seconds = minutes * 60
            say(f"imitation {number + 1}/{steps}  loss {np.mean(losses):.4f}  about {left:.1f} min left")
            losses.clear()
    return model


def _draw_view(contexts: Images, rng: np.random.Generator) -> Images:
    view = _move(contexts[rng.integers(len(contexts))], rng)
    if rng.random() < MIXED_SHARE:
        share = float(rng.random())
        other = _move(contexts[rng.integers(len(contexts))], rng)
        view = np.asarray(cv2.addWeighted(view, share, other, 1 - share, 0), np.uint8)
    if rng.random() < RECOLOURED_SHARE:
        gains = np.exp(rng.normal(0, 0.12, 3)) * rng.uniform(0.7, 1.2)
        table = np.clip(np.arange(256)[:, np.newaxis] * gains, 0, 255).astype(np.uint8)
        view = np.asarray(cv2.LUT(view, table[np.newaxis]), np.uint8)
    return view


def _move(view: Images, rng: np.random.Generator) -> Images:
    """Nearer or farther, aside, mirrored in half of cases."""
    side = view.shape[0]
    zoom = float(np.exp(rng.uniform(np.log(0.8), np.log(1.3))))
    mirrored = -1.0 if rng.random() < 0.5 else 1.0
    shift = side / 2 + rng.uniform(-0.06, 0.06, 2) * side
    middle = side / 2
    matrix = np.array(
        [(zoom * mirrored, 0, shift[0] - zoom * mirrored * middle), (0, zoom, shift[1] - zoom * middle)]
    )
    moved = cv2.warpAffine(view, matrix, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    return moved.astype(np.uint8, copy=False)


def _make_step(
    model: keras.Model, optimizer: keras.optimizers.Optimizer
) -> Callable[[tf.Tensor, tf.Tensor], tf.Tensor]:
    @tf.function
    def step(context: tf.Tensor, said: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            logits = model(tf.cast(context, tf.float32), training=True)
            loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(said, logits))
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        return loss

    return step


def _stream(contexts: Images, teacher: Teacher, plan: TexturePlan, steps: int) -> Iterator[ImitationBatch]:
    """Batches, the next being made while one is learned; batch i of a seed is always the same."""
    with ThreadPoolExecutor(1) as pool:

        def order(index: int) -> ImitationBatch:
            return make_batch(contexts, teacher, plan.batch, np.random.default_rng([plan.seed, 9, index]))

        upcoming = pool.submit(order, 0)
        for index in range(steps):
            batch = upcoming.result()
            if index + 1 < steps:
                upcoming = pool.submit(order, index + 1)
            yield batch
