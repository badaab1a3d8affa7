"""Trains MesoNet-4 on batches of pairs, within a time limit. Needs TensorFlow."""

import math
import time
from collections.abc import Callable, Iterator, Sequence

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from training.mesonet import build_mesonet
from training.metrics import area_under_curve
from training.pairs import Batch, PairSampler, stream_batches
from training.plan import FitPlan, FitReport

FINAL_LEARNING_SHARE = 0.01
SCORING_BATCH = 32


def set_seed(seed: int) -> None:
    """Makes TensorFlow's draws and sums repeatable."""
    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()


def score_images(model: keras.Model, images: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """P(real) of uint8 RGB images of shape (N, 256, 256, 3): float64 of shape (N,)."""
    parts = [
        model(images[start : start + SCORING_BATCH].astype(np.float32) / 255, training=False).numpy()[:, 0]
        for start in range(0, len(images), SCORING_BATCH)
    ]
    return np.concatenate(parts).astype(np.float64)


def fit(
    sampler: PairSampler,
    monitored: Sequence[npt.NDArray[np.uint8]],
    plan: FitPlan,
    say: Callable[[str], None] = print,
) -> tuple[keras.Model, FitReport]:
    """Trains, and gives back the model of the epoch with the best AUC on `monitored`.

    monitored: genuine and forged images of identities that `sampler` does not hold, paired.
    """
    set_seed(plan.seed)
    model = build_mesonet(plan.dropout)
    model.compile(keras.optimizers.Adam(plan.learning_rate), "binary_crossentropy")
    report, best = FitReport(), model.get_weights()
    start = time.monotonic()
    batches = iter(stream_batches(sampler, 0, plan.epochs * plan.batches_per_epoch))
    for epoch in range(plan.epochs):
        losses = _run_epoch(model, batches, plan, epoch, start)
        report.loss.append(float(np.mean(losses)))
        report.auc.append(area_under_curve(*(score_images(model, images) for images in monitored)))
        report.seconds = time.monotonic() - start
        report.pairs += len(losses) * sampler.pairs_per_batch
        if report.auc[-1] >= max(report.auc):
            best, report.best_epoch = model.get_weights(), epoch + 1
        say(_describe_epoch(report, plan))
        if report.seconds >= plan.minutes * 60:
            break
    model.set_weights(best)
    return model, report


def _run_epoch(
    model: keras.Model, batches: Iterator[Batch], plan: FitPlan, epoch: int, start: float
) -> list[float]:
    losses = []
    for step in range(plan.batches_per_epoch):
        spent = (time.monotonic() - start) / (plan.minutes * 60)
        if spent >= 1:
            break
        done = (epoch * plan.batches_per_epoch + step) / (plan.epochs * plan.batches_per_epoch)
        model.optimizer.learning_rate = plan.learning_rate * _anneal(max(done, spent))
        images, labels = next(batches)
        model.reset_metrics()
        losses.append(float(model.train_on_batch(images.astype(np.float32) / 255, labels)))
    return losses


def _anneal(progress: float) -> float:
    """Cosine from 1 to FINAL_LEARNING_SHARE."""
    return FINAL_LEARNING_SHARE + (1 - FINAL_LEARNING_SHARE) * (1 + math.cos(math.pi * min(progress, 1))) / 2


def _describe_epoch(report: FitReport, plan: FitPlan) -> str:
    done = len(report.loss)
    left = min(report.seconds / done * (plan.epochs - done), plan.minutes * 60 - report.seconds)
    return (
        f"epoch {done:>3}/{plan.epochs}  loss {report.loss[-1]:.4f}  "
        f"AUC on kept-out identities {report.auc[-1]:.4f}  "
        f"{report.seconds / 60:5.1f} min, about {max(left, 0) / 60:.1f} min left"
    )
