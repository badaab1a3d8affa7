"""Trains the texture network on sets of scenes, within a time limit. Needs TensorFlow."""

import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from training.texture_network import TextureNetwork, build_texture_network, tell_living
from training.texture_plan import TexturePlan, TextureReport
from training.texture_sets import SceneSet
from training.texture_teacher import LIVE_CLASS
from verification.vision.crop import TEXTURE_DETAIL_PX

FINAL_LEARNING_SHARE = 0.01
WARM_UP_STEPS = 60
LABEL_SMOOTHING = 0.02
SCORING_BATCH = 64
CONTEXT_TEACHER = 0  # which of the teacher's two networks sees what the context shows
WEIGHT_DECAY = 1e-4
# A quarter of the detail's area, and of its cost.
PIECE_PX = TEXTURE_DETAIL_PX // 2

Floats = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]
Batch = tuple[npt.NDArray[np.generic], ...]
Draw = Callable[[Rows, np.random.Generator], Batch]
Losses = list[float]
Say = Callable[[str], None]


def watch(network: TextureNetwork, scenes: SceneSet) -> npt.NDArray[np.float16]:
    """What the early part, which is not trained, makes of the scenes' context: (N, 10, 10, 128), computed once."""
    features = np.empty((len(scenes.kinds), *network.early.output.shape[1:]), np.float16)
    early = tf.function(lambda context: network.early(tf.cast(context, tf.float32), training=False))
    for start in range(0, len(features), SCORING_BATCH):
        rows = slice(start, start + SCORING_BATCH)
        features[rows] = early(tf.constant(scenes.context[rows])).numpy()
    return features


def score_scenes(network: TextureNetwork, scenes: SceneSet) -> Floats:
    """The logit of a living face for each scene, (N,): of the network as it is served, before calibration."""
    features, detail = watch(network, scenes), cut_middle(scenes.detail)
    whole, scores = network.join(), []
    for start in range(0, len(features), SCORING_BATCH):
        rows = slice(start, start + SCORING_BATCH)
        views = [features[rows].astype(np.float32), detail[rows].astype(np.float32)]
        scores.append(whole(views, training=False).numpy()[:, 0])
    return np.concatenate(scores)


def cut_middle(detail: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """The middle of the larger details that training keeps, as serving cuts it: (N, 128, 128, 3)."""
    edge = (detail.shape[1] - TEXTURE_DETAIL_PX) // 2
    return detail[:, edge : edge + TEXTURE_DETAIL_PX, edge : edge + TEXTURE_DETAIL_PX]


def fit_texture(
    start: Path, sets: Sequence[SceneSet], plan: TexturePlan, say: Say = print
) -> tuple[TextureNetwork, TextureReport]:
    """Trains from MiniFASNetV2's ONNX file `start`, first the context's branch and then the detail's.

    The two are trained apart: each has to tell a medium by what it sees, and not to lean on the other.
    """
    keras.utils.set_random_seed(plan.seed)
    network, began = build_texture_network(start, plan.dropout), time.monotonic()
    losses = {
        "context": fit_context(network, sets, plan, say),
        "detail": fit_detail(network, sets, plan, say),
    }
    return network, TextureReport(losses, round(time.monotonic() - began))


def fit_context(
    network: TextureNetwork, sets: Sequence[SceneSet], plan: TexturePlan, say: Say = print
) -> Losses:
    """Trains the late part of the context's branch, in place; returns the mean loss of each epoch.

    What stays are weights between those before and those after, so that what real media taught is not unlearned from
    simulated ones (M. Wortsman and others, "Robust fine-tuning of zero-shot models", CVPR 2022).
    """
    before = network.late.get_weights()
    features = np.concatenate([watch(network, scenes) for scenes in sets])
    is_live = np.concatenate([scenes.is_live for scenes in sets]).astype(np.float32)
    taught = np.concatenate([scenes.teacher[:, CONTEXT_TEACHER] for scenes in sets])

    def lose(features: tf.Tensor, is_live: tf.Tensor, taught: tf.Tensor) -> tf.Tensor:
        classes = network.late(tf.cast(features, tf.float32), training=True)
        distance = plan.teacher_weight * _distance(classes, taught, is_live)
        return _miss(tell_living(classes)[:, 0], is_live) + tf.reduce_mean(distance)

    def draw(rows: Rows, _: np.random.Generator) -> Batch:
        return features[rows], is_live[rows], taught[rows]

    training = _Training(network.late, lose, plan.context_learning_rate)
    losses = _run(training, draw, len(features), plan, Course("context", plan.context_epochs, say))
    network.late.set_weights(
        [
            old + plan.context_share * (new - old)
            for old, new in zip(before, network.late.get_weights(), strict=True)
        ]
    )
    return losses


def fit_detail(
    network: TextureNetwork, sets: Sequence[SceneSet], plan: TexturePlan, say: Say = print
) -> Losses:
    """Trains the detail's branch, in place; returns the mean loss of each epoch."""
    details = np.concatenate([cut_middle(scenes.detail) for scenes in sets])
    is_live = np.concatenate([scenes.is_live for scenes in sets]).astype(np.float32)

    def lose(detail: tf.Tensor, is_live: tf.Tensor) -> tf.Tensor:
        return _miss(network.detail(tf.cast(detail, tf.float32), training=True)[:, 0], is_live)

    def draw(rows: Rows, rng: np.random.Generator) -> Batch:
        return np.stack([_cut_piece(details[row], rng) for row in rows]), is_live[rows]

    training = _Training(network.detail, lose, plan.learning_rate)
    return _run(training, draw, len(details), plan, Course("detail", plan.epochs, say))


class Course(NamedTuple):
    """name: of the branch, for the progress that `say` is told."""

    name: str
    epochs: int
    say: Say


class _Training:
    """A model, its loss, and the step that lowers it."""

    def __init__(self, model: keras.Model, lose: Callable[..., tf.Tensor], rate: float) -> None:
        self._model, self._lose, self._rate = model, lose, rate
        self._optimizer = keras.optimizers.AdamW(rate, weight_decay=WEIGHT_DECAY, clipnorm=1.0)
        self._step = tf.function(self._learn)

    def take(self, batch: Batch, share: float) -> float:
        """The loss of a batch before it was learned from. share: of the learning rate, 0..1."""
        self._optimizer.learning_rate = self._rate * share
        return float(self._step(*(tf.constant(part) for part in batch)))

    def _learn(self, *batch: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            loss = self._lose(*batch)
        variables = self._model.trainable_variables
        self._optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
        return loss


def _run(training: _Training, draw: Draw, count: int, plan: TexturePlan, course: Course) -> Losses:
    """All epochs of a course, the scenes in a new order each time; none is begun after `plan.minutes`."""
    rng, losses, start = np.random.default_rng([plan.seed, 7]), [], time.monotonic()
    steps = count // plan.batch
    for epoch in range(course.epochs):
        order, found = rng.permutation(count), []
        for step in range(steps):
            rows = order[step * plan.batch : (step + 1) * plan.batch]
            done = epoch * steps + step
            found.append(training.take(draw(rows, rng), _anneal(done, done / (course.epochs * steps))))
        losses.append(float(np.mean(found)))
        minutes = (time.monotonic() - start) / 60
        left = minutes / (epoch + 1) * (course.epochs - epoch - 1)
        course.say(
            f"{course.name}: epoch {epoch + 1}/{course.epochs}  loss {losses[-1]:.4f}  "
            f"{minutes:.1f} min, about {left:.1f} min left"
        )
        if minutes >= plan.minutes:
            break
    return losses


def _miss(odds: tf.Tensor, is_live: tf.Tensor) -> tf.Tensor:
    target = is_live * (1 - 2 * LABEL_SMOOTHING) + LABEL_SMOOTHING
    return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(target, odds))


def _distance(classes: tf.Tensor, taught: tf.Tensor, is_live: tf.Tensor) -> tf.Tensor:
    """Cross-entropy to what the network said before training, where that was right of the scene; else 0."""
    was_right = tf.equal(tf.argmax(taught, axis=1) == LIVE_CLASS, is_live > 0)
    return tf.cast(was_right, tf.float32) * tf.nn.softmax_cross_entropy_with_logits(taught, classes)


def _cut_piece(detail: npt.NDArray[np.uint8], rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    """A piece of what is served, from anywhere in it, sides swapped or not."""
    top, left = rng.integers(0, detail.shape[0] - PIECE_PX + 1, 2)
    piece = detail[top : top + PIECE_PX, left : left + PIECE_PX]
    return piece[:, ::-1] if rng.random() < 0.5 else piece


def _anneal(number: int, progress: float) -> float:
    """A short warm-up, then cosine from 1 to FINAL_LEARNING_SHARE."""
    cosine = (1 + math.cos(math.pi * min(progress, 1))) / 2
    return min(1.0, (number + 1) / WARM_UP_STEPS) * (
        FINAL_LEARNING_SHARE + (1 - FINAL_LEARNING_SHARE) * cosine
    )
