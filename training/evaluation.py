"""What a network reaches on identities it was not trained on, and on clips it never saw."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from training.material import CAPTURES_PER_PORTRAIT, Material, PairSet
from training.metrics import (
    Scores,
    estimate_auc,
    estimate_clip_auc,
    estimate_clips_below,
    estimate_share_below,
)
from training.pairs import prepare_sample
from training.samples import FaceSample
from verification.vision.deepfake import average_scores
from verification.vision.onnx_session import ModelUnreadable, open_session, run_single

DECISION_BOUND = 0.5
QUANTILES = (0.01, 0.03, 0.05, 0.25, 0.5)

Images = npt.NDArray[np.uint8]
Scorer = Callable[[Images], Scores]
Figures = dict[str, Any]


def load_scorer(path: Path) -> Scorer:
    """P(real) by an ONNX file with one NHWC RGB input in 0..1, whatever its name and batch size.

    Raises ModelUnreadable when it can't be loaded, or takes something else: before an hour of training, not after.
    """
    session = open_session(path)
    if len(session.get_inputs()) != 1:
        raise ModelUnreadable(f"{path} takes more than one picture of a face")

    def score(images: Images) -> Scores:
        inputs = (image[np.newaxis].astype(np.float32) / 255 for image in images)
        return np.array([run_single(session, image).item() for image in inputs])

    return score


def join_scorers(scorers: Sequence[Scorer]) -> Scorer:
    """The score that serving makes of several networks' scores."""

    def score(images: Images) -> Scores:
        columns = zip(*(scorer(images) for scorer in scorers), strict=True)
        return np.array([average_scores([float(value) for value in column]) for column in columns])

    return score


def measure(score: Scorer, material: Material) -> Figures:
    """Every figure of the card for one network."""
    figures: Figures = {
        "pairs": {name: describe_pairs(score, pairs) for name, pairs in material.pairs.items()},
        "simulated_clips": describe_simulated_clips(score, material.captures),
        "probes": {name: describe_clips(score, samples) for name, samples in material.probes.items()},
    }
    if material.kept_out_frames:
        figures["frames"] = describe_frames(score, material.kept_out_frames)
        figures["clips"] = describe_clips(score, material.kept_out_frames)
        figures["clips_trained_on"] = describe_clips(score, material.trained_on_frames)
        for name in material.probes:
            figures["probes"][name] |= compare_clips(figures, name)
    return figures


def compare_clips(figures: Figures, probe: str) -> Figures:
    """AUC of a probe's clips against genuine ones: those of people kept out, and all."""
    forged = _medians(figures["probes"][probe])
    kept_out = _medians(figures["clips"])
    every = np.concatenate([kept_out, _medians(figures["clips_trained_on"])])
    return {
        "auc_kept_out": estimate_clip_auc(kept_out, forged).as_dict(),
        "auc_all": estimate_clip_auc(every, forged).as_dict(),
    }


def describe_pairs(score: Scorer, pairs: PairSet) -> Figures:
    """AUC and the shares of both members below 0.5."""
    genuine, forged = score(pairs.genuine), score(pairs.forged)
    return {
        "auc": estimate_auc(genuine, forged, pairs.identities).as_dict(),
        "genuine_below_half": estimate_share_below(genuine, DECISION_BOUND, pairs.identities).as_dict(),
        "forged_below_half": estimate_share_below(forged, DECISION_BOUND, pairs.identities).as_dict(),
    }


def describe_frames(score: Scorer, samples: Sequence[FaceSample]) -> Figures:
    """Share of frames below 0.5, each frame as it stands in its file."""
    scores = score(np.stack([prepare_sample(sample) for sample in samples]))
    identities = [sample.identity for sample in samples]
    return {"below_half": estimate_share_below(scores, DECISION_BOUND, identities).as_dict()}


def describe_clips(score: Scorer, samples: Iterable[FaceSample]) -> Figures:
    """Median score of each clip's frames, and the share of clips whose median is below 0.5."""
    by_clip: dict[str, list[FaceSample]] = {}
    for sample in samples:
        by_clip.setdefault(sample.source, []).append(sample)
    rows = []
    for clip, faces in sorted(by_clip.items()):
        median = float(np.median(score(np.stack([prepare_sample(face) for face in faces]))))
        face_px = round(float(np.median([face.face_px for face in faces])))
        rows.append({"clip": clip, "median": round(median, 4), "frames": len(faces), "face_px": face_px})
    medians = np.array([row["median"] for row in rows], np.float64)
    return {
        "below_half": estimate_clips_below(medians, DECISION_BOUND).as_dict(),
        "quantiles": describe_quantiles(medians),
        "clips": rows,
    }


def describe_simulated_clips(score: Scorer, captures: Images) -> Figures:
    """Medians over the captures of each portrait: a stand-in for clips, of which there are few."""
    medians = np.median(score(captures).reshape(-1, CAPTURES_PER_PORTRAIT), axis=1)
    below = estimate_clips_below(medians, DECISION_BOUND).as_dict()
    return {"below_half": below, "quantiles": describe_quantiles(medians)}


def describe_quantiles(medians: Scores) -> dict[str, float]:
    """The quantiles a floor is chosen by, keyed `q01`, `q03`, `q05`, `q25`, `q50`, and the least."""
    values = np.quantile(medians, QUANTILES).round(4).tolist()
    names = [f"q{round(share * 100):02d}" for share in QUANTILES]
    return dict(zip(names, values, strict=True)) | {"least": round(float(medians.min()), 4)}


def _medians(described: Figures) -> Scores:
    return np.array([row["median"] for row in described["clips"]], np.float64)
