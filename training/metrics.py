"""Figures with their intervals. Resampling is by identity: two pictures of one person are not two trials."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt

Scores = npt.NDArray[np.float64]
RESAMPLES = 1000


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure, its 95 % interval, and how many scores and identities (or clips) it stands on."""

    value: float
    low: float
    high: float
    count: int
    identities: int

    def as_dict(self) -> dict[str, float | int]:
        """The fields, rounded to four decimals, for JSON."""
        return {name: round(value, 4) for name, value in asdict(self).items()}


def area_under_curve(genuine: Scores, forged: Scores) -> float:
    """P(a genuine score is above a forged one), ties counting half: 0.5 is chance, 1 is perfect.

    Source: J. A. Hanley, B. J. McNeil, Radiology 143, 1982.
    """
    ordered = np.sort(forged)
    below = np.searchsorted(ordered, genuine, side="left")
    not_above = np.searchsorted(ordered, genuine, side="right")
    return float((below + not_above).mean() / (2 * len(forged)))


def wilson_interval(hits: int, count: int, z: float = 1.959964) -> tuple[float, float]:
    """95 % interval of a share. Source: E. B. Wilson, JASA 22, 1927. Raises ValueError when count is 0."""
    if count <= 0:
        raise ValueError("a share of nothing has no interval")
    share = hits / count
    centre = share + z * z / (2 * count)
    spread = z * np.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    scale = 1 + z * z / count
    return max(0.0, float((centre - spread) / scale)), min(1.0, float((centre + spread) / scale))


def estimate_auc(genuine: Scores, forged: Scores, identities: Sequence[str], seed: int = 0) -> Estimate:
    """AUC of paired scores: `genuine[i]` and `forged[i]` come from a picture of `identities[i]`."""
    return _bootstrap(lambda rows: area_under_curve(genuine[rows], forged[rows]), identities, seed)


def estimate_clip_auc(genuine: Scores, forged: Scores, seed: int = 0) -> Estimate:
    """AUC of one score a clip, both sides resampled apart; `count` is of clips of both."""
    rng = np.random.default_rng(seed)
    values = [
        area_under_curve(rng.choice(genuine, len(genuine)), rng.choice(forged, len(forged)))
        for _ in range(RESAMPLES)
    ]
    low, high = np.quantile(values, [0.025, 0.975])
    count = len(genuine) + len(forged)
    return Estimate(area_under_curve(genuine, forged), float(low), float(high), count, count)


def estimate_share_below(scores: Scores, bound: float, identities: Sequence[str], seed: int = 0) -> Estimate:
    """Share of `scores` below `bound`, for scores that come several to an identity."""
    return _bootstrap(lambda rows: float((scores[rows] < bound).mean()), identities, seed)


def estimate_clips_below(medians: Scores, bound: float) -> Estimate:
    """Share of clips whose median is below `bound`, one clip a trial, with Wilson's interval."""
    hits, count = int((medians < bound).sum()), len(medians)
    return Estimate(hits / count, *wilson_interval(hits, count), count, count)


def fit_calibration(scores: Scores, labels: Scores, steps: int = 50) -> tuple[float, float]:
    """Scale and offset of the logit that make `scores` probabilities: logistic regression on one variable.

    scores: P(real) before calibration. labels: 1 genuine, 0 forged. Targets are drawn in from 0 and 1 as
    Platt advises, by 1 / (count + 2). Source: J. Platt, 1999.
    """
    clipped = np.clip(scores, 1e-7, 1 - 1e-7)
    inputs = np.column_stack([np.log(clipped / (1 - clipped)), np.ones(len(scores))])
    positives, negatives = labels.sum(), (1 - labels).sum()
    targets = np.where(labels == 1, (positives + 1) / (positives + 2), 1 / (negatives + 2))
    weights = np.array([1.0, 0.0])
    for _ in range(steps):
        predicted = (1 + np.tanh(inputs @ weights / 2)) / 2
        gradient = inputs.T @ (predicted - targets)
        hessian = (inputs * (predicted * (1 - predicted))[:, None]).T @ inputs + 1e-6 * np.eye(2)
        weights = _step_downhill(inputs, targets, weights, np.linalg.solve(hessian, gradient))
    return float(weights[0]), float(weights[1])


def _step_downhill(inputs: Scores, targets: Scores, weights: Scores, step: Scores) -> Scores:
    """Newton's step, halved until the log loss falls: far from the answer a full one overshoots."""

    def loss(candidate: Scores) -> float:
        logits = inputs @ candidate
        return float((np.logaddexp(0, logits) - targets * logits).sum())

    here = loss(weights)
    for _ in range(30):
        if loss(weights - step) < here:
            return weights - step
        step = step / 2
    return weights


def _bootstrap(
    measure: Callable[[npt.NDArray[np.intp]], float], identities: Sequence[str], seed: int
) -> Estimate:
    names, owner = np.unique(np.array(identities), return_inverse=True)
    rows_of = [np.flatnonzero(owner == index) for index in range(len(names))]
    rng = np.random.default_rng(seed)
    values = [
        measure(np.concatenate([rows_of[index] for index in rng.integers(len(names), size=len(names))]))
        for _ in range(RESAMPLES)
    ]
    low, high = np.quantile(values, [0.025, 0.975])
    return Estimate(measure(np.arange(len(owner))), float(low), float(high), len(owner), len(names))
