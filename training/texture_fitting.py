"""Trains the texture network on sets of scenes, within a time limit. Needs TensorFlow."""

import math
import time
from collections.abc import Callable, Iterator, Sequence

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from training.metrics import area_under_curve
from training.texture_network import build_texture_network
from training.texture_plan import TexturePlan, TextureReport
from training.texture_sets import SceneSet
from verification.vision.crop import TEXTURE_DETAIL_PX

FINAL_LEARNING_SHARE = 0.01
WARM_UP_STEPS = 200
LABEL_SMOOTHING = 0.02
SCORING_BATCH = 64
Floats = npt.NDArray[np.float32]


def score_scenes(model: keras.Model, scenes: SceneSet) -> Floats:
    """The first output for each scene, (N,): of an unserved model the logit of a living face."""
    scores = []
    for start in range(0, len(scenes.kinds), SCORING_BATCH):
        rows = slice(start, start + SCORING_BATCH)
        detail = cut_middle(scenes.detail[rows])
        outputs = model([scenes.context[rows].astype(np.float32), detail.astype(np.float32)], training=False)
        first = outputs[0] if isinstance(outputs, (list, tuple)) else outputs
        scores.append(first.numpy()[:, 0])
    return np.concatenate(scores)


def cut_middle(detail: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """The middle of the larger details that training keeps, as serving cuts it: (N, 128, 128, 3)."""
    edge = (detail.shape[1] - TEXTURE_DETAIL_PX) // 2
    return detail[:, edge : edge + TEXTURE_DETAIL_PX, edge : edge + TEXTURE_DETAIL_PX]


def fit_texture(
    sets: Sequence[SceneSet], monitored: SceneSet, plan: TexturePlan, say: Callable[[str], None] = print
) -> tuple[keras.Model, TextureReport]:
    """Trains, and gives back the model of the epoch with the best AUC on `monitored`, people whom no set holds."""
    keras.utils.set_random_seed(plan.seed)
    model, report = build_texture_network(plan.dropout), TextureReport()
    optimizer = keras.optimizers.AdamW(plan.learning_rate, weight_decay=plan.weight_decay, clipnorm=1.0)
    step = _make_step(model, optimizer, plan.teacher_weight)
    batches = _stream(sets, plan)
    steps = sum(len(scenes.kinds) for scenes in sets) // plan.batch
    best = model.get_weights()
    for epoch in range(plan.epochs):
        start, losses = time.monotonic(), []
        for index in range(epoch * steps, (epoch + 1) * steps):
            optimizer.learning_rate = plan.learning_rate * _anneal(index, index / (plan.epochs * steps))
            losses.append(step(*(tf.constant(part) for part in next(batches))))
        report.loss.append(float(np.mean(losses)))
        report.auc.append(_monitor(model, monitored))
        report.seconds += time.monotonic() - start
        report.scenes_seen += steps * plan.batch
        if report.auc[-1] >= max(report.auc):
            best, report.best_epoch = model.get_weights(), epoch + 1
        say(_describe(report, plan))
        if report.seconds >= plan.minutes * 60:
            break
    model.set_weights(best)
    return model, report


def _make_step(
    model: keras.Model, optimizer: keras.optimizers.Optimizer, teacher_weight: float
) -> Callable[..., tf.Tensor]:
    @tf.function
    def step(context: tf.Tensor, detail: tf.Tensor, is_live: tf.Tensor, taught: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            live, student = model([tf.cast(context, tf.float32), tf.cast(detail, tf.float32)], training=True)
            target = is_live * (1 - 2 * LABEL_SMOOTHING) + LABEL_SMOOTHING
            loss = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(target, live[:, 0]))
            distance = tf.nn.softmax_cross_entropy_with_logits(taught, student)
            loss += teacher_weight * tf.reduce_mean(distance)
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        return loss

    return step


def _stream(sets: Sequence[SceneSet], plan: TexturePlan) -> Iterator[tuple[npt.NDArray[np.generic], ...]]:
    """Batches without end: the scenes in a new order each time, the detail cut anywhere, sides swapped."""
    rng = np.random.default_rng([plan.seed, 7])
    places = np.array([(index, row) for index, scenes in enumerate(sets) for row in range(len(scenes.kinds))])
    live = [scenes.is_live.astype(np.float32) for scenes in sets]
    while True:
        order = rng.permutation(len(places))
        for start in range(0, len(order) - plan.batch + 1, plan.batch):
            chosen = [places[position] for position in order[start : start + plan.batch]]
            views = [_view(sets[index], row, rng) for index, row in chosen]
            yield (
                np.stack([context for context, _ in views]),
                np.stack([detail for _, detail in views]),
                np.array([live[index][row] for index, row in chosen]),
                np.stack([sets[index].teacher[row] for index, row in chosen]),
            )


def _view(
    scenes: SceneSet, row: int, rng: np.random.Generator
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    room = scenes.detail.shape[1] - TEXTURE_DETAIL_PX
    top, left = rng.integers(0, room + 1, 2)
    context = scenes.context[row]
    detail = scenes.detail[row, top : top + TEXTURE_DETAIL_PX, left : left + TEXTURE_DETAIL_PX]
    if rng.random() < 0.5:
        return context[:, ::-1], detail[:, ::-1]
    return context, detail


def _monitor(model: keras.Model, scenes: SceneSet) -> float:
    logits, is_live = score_scenes(model, scenes).astype(np.float64), scenes.is_live
    return area_under_curve(logits[is_live], logits[~is_live])


def _anneal(number: int, progress: float) -> float:
    """A short warm-up, then cosine from 1 to FINAL_LEARNING_SHARE."""
    cosine = (1 + math.cos(math.pi * min(progress, 1))) / 2
    return min(1.0, (number + 1) / WARM_UP_STEPS) * (
        FINAL_LEARNING_SHARE + (1 - FINAL_LEARNING_SHARE) * cosine
    )


def _describe(report: TextureReport, plan: TexturePlan) -> str:
    done = len(report.loss)
    left = report.seconds / done * (plan.epochs - done) / 60
    return (
        f"epoch {done}/{plan.epochs}  loss {report.loss[-1]:.4f}  "
        f"AUC on kept-out people {report.auc[-1]:.4f}  {report.seconds / 60:.1f} min, about {left:.1f} min left"
    )
