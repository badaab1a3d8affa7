"""Trains a network on stored pairs, within a time limit. Needs TensorFlow."""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from training.metrics import area_under_curve
from training.pairs import PAIRS_PER_CHUNK
from training.plan import FitPlan, FitReport
from training.shards import Batch, PairStore

FINAL_LEARNING_SHARE = 0.01
WARM_UP_SHARE = 0.02
REPORTS = 10
SCORING_BATCH = 32

# From uint8 RGB images of shape (N, 256, 256, 3) to what the model takes.
Prepare = Callable[[npt.NDArray[np.uint8]], Any]


def set_seed(seed: int, threads: int = 1) -> None:
    """Makes TensorFlow's draws and sums repeatable, and bounds the cores it takes. Called once a process."""
    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)


def scale_images(images: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """What a network reads of uint8 RGB images: 0..1."""
    return images.astype(np.float32) / 255


def score_images(
    model: keras.Model, images: npt.NDArray[np.uint8], prepare: Prepare = scale_images
) -> npt.NDArray[np.float64]:
    """P(real) of uint8 RGB images of shape (N, 256, 256, 3): float64 of shape (N,)."""
    parts = [
        model(prepare(images[start : start + SCORING_BATCH]), training=False).numpy()[:, 0]
        for start in range(0, len(images), SCORING_BATCH)
    ]
    return np.concatenate(parts).astype(np.float64)


def fit(
    model: keras.Model,
    store: PairStore,
    chunks: Sequence[int],
    monitored: Sequence[npt.NDArray[np.uint8]],
    plan: FitPlan,
    *,
    prepare: Prepare = scale_images,
    say: Callable[[str], None] = print,
) -> FitReport:
    """Trains `model` in place on the pairs of `chunks`, as `prepare` makes them into its input.

    monitored: genuine and forged images of identities that `store` does not hold, paired; told, not used.
    """
    model.compile(keras.optimizers.Adam(plan.learning_rate), "binary_crossentropy")
    report = FitReport(planned_pairs=round(plan.passes * len(chunks) * PAIRS_PER_CHUNK))
    start, losses, told = time.monotonic(), [], 0.0
    for images, labels in _read_ahead(_repeat(store, chunks, plan)):
        report.seconds = time.monotonic() - start
        done = max(report.pairs / report.planned_pairs, report.seconds / (plan.minutes * 60))
        if done >= told + 1 / REPORTS or done >= 1:
            told = done
            report.loss.append(float(np.mean(losses)) if losses else 0.0)
            report.auc.append(area_under_curve(*(score_images(model, part, prepare) for part in monitored)))
            losses = []
            say(_describe(report, done))
        if done >= 1:
            break
        model.optimizer.learning_rate = plan.learning_rate * _anneal(done)
        model.reset_metrics()
        losses.append(float(model.train_on_batch(prepare(images), labels)))
        report.pairs += plan.pairs_per_batch
    return report


def _repeat(store: PairStore, chunks: Sequence[int], plan: FitPlan) -> Iterator[Batch]:
    rng = np.random.default_rng([plan.seed, 7])
    # In their own order first, while they are still being made; shuffled from then on.
    yield from store.stream_batches(chunks, plan.pairs_per_batch, rng)
    while True:
        order = [int(index) for index in rng.permutation(chunks)]
        yield from store.stream_batches(order, plan.pairs_per_batch, rng)


def _read_ahead(batches: Iterator[Batch]) -> Iterator[Batch]:
    """The same batches, the next one being decoded in a thread while one is trained on."""
    with ThreadPoolExecutor(1) as pool:
        following = pool.submit(next, batches)
        while True:
            batch = following.result()
            following = pool.submit(next, batches)
            yield batch


def _anneal(progress: float) -> float:
    """A short rise from 0, then cosine from 1 to FINAL_LEARNING_SHARE."""
    rise = min(1.0, (progress + 1e-3) / WARM_UP_SHARE)
    fall = (1 + math.cos(math.pi * min(progress, 1))) / 2
    return rise * (FINAL_LEARNING_SHARE + (1 - FINAL_LEARNING_SHARE) * fall)


def _describe(report: FitReport, done: float) -> str:
    left = report.seconds / max(done, 1e-3) * (1 - done)
    return (
        f"{min(done, 1):4.0%}  {report.pairs:,} pairs  loss {report.loss[-1]:.4f}  "
        f"AUC on calibration identities {report.auc[-1]:.4f}  "
        f"{report.seconds / 60:5.1f} min, about {max(left, 0) / 60:.1f} min left"
    )
