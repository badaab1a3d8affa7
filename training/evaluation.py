"""What a MesoNet-4 file reaches on identities it was not trained on, and on clips it never saw."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from training.graphics_swap import swap_by_graphics
from training.metrics import Scores, estimate_auc, estimate_clips_below, estimate_share_below
from training.pairs import FORGE, Forgery, make_capture, make_pair, prepare_sample
from training.samples import FaceSample, Origin, Part
from verification.vision.onnx_session import open_session, run_single

DECISION_BOUND = 0.5
PAIRS_PER_PORTRAIT = 2
CAPTURES_PER_PORTRAIT = 12
GRAPHICS_SWAP = "graphics_swap"
QUANTILES = (0.01, 0.05, 0.25, 0.5)

Images = npt.NDArray[np.uint8]
Scorer = Callable[[Images], Scores]
Figures = dict[str, Any]


@dataclass(frozen=True, slots=True)
class PairSet:
    """Paired network inputs, uint8 RGB of shape (N, 256, 256, 3) each, and who is on them."""

    genuine: Images
    forged: Images
    identities: tuple[str, ...]


def load_scorer(path: Path) -> Scorer:
    """P(real) by an ONNX file with one NHWC RGB input in 0..1, whatever its name and batch size.

    Raises ModelUnreadable when it can't be loaded.
    """
    session = open_session(path)

    def score(images: Images) -> Scores:
        inputs = (image[np.newaxis].astype(np.float32) / 255 for image in images)
        return np.array([run_single(session, image).item() for image in inputs])

    return score


@dataclass(frozen=True, slots=True)
class Material:
    """What every model is measured on.

    pairs: by kind of forgery.
    captures: simulated captures of the kept-out portraits, `CAPTURES_PER_PORTRAIT` of each.
    """

    pairs: Mapping[str, PairSet]
    captures: Images
    kept_out_frames: Sequence[FaceSample]
    trained_on_frames: Sequence[FaceSample]
    probes: Mapping[str, Sequence[FaceSample]]


def gather_material(
    split: Mapping[Part, Sequence[FaceSample]], probes: Mapping[str, Sequence[FaceSample]], seed: int
) -> Material:
    """Simulates forgeries and captures of the kept-out people; the same for the same seed."""
    kept_out = split[Part.EVALUATE]
    portraits = _of_origin(kept_out, Origin.PORTRAIT)
    pairs = {forgery.value: make_pair_set(kept_out, forgery, seed) for forgery in Forgery}
    rng = np.random.default_rng([seed, 99])
    captures = [make_capture(portrait, rng) for portrait in portraits for _ in range(CAPTURES_PER_PORTRAIT)]
    return Material(
        pairs | {GRAPHICS_SWAP: make_graphics_set(portraits, seed)},
        np.stack(captures),
        _of_origin(kept_out, Origin.CLIP),
        _of_origin(split[Part.TRAIN], Origin.CLIP),
        probes,
    )


def measure(score: Scorer, material: Material) -> Figures:
    """Every figure of the card for one model."""
    figures: Figures = {
        "pairs": {name: describe_pairs(score, pairs) for name, pairs in material.pairs.items()},
        "simulated_clips": describe_simulated_clips(score, material.captures),
        "probes": {name: describe_clips(score, samples) for name, samples in material.probes.items()},
    }
    if material.kept_out_frames:
        figures["frames"] = describe_frames(score, material.kept_out_frames)
        figures["clips"] = describe_clips(score, material.kept_out_frames)
        figures["clips_trained_on"] = describe_clips(score, material.trained_on_frames)
    return figures


def make_pair_set(samples: Sequence[FaceSample], forgery: Forgery, seed: int) -> PairSet:
    """Simulated forgeries of every sample: two of a portrait, one of a clip's frame."""
    rng = np.random.default_rng([seed, list(Forgery).index(forgery)])
    repeated = [sample for sample in samples for _ in range(_count_pairs(sample))]
    return _stack_pairs(repeated, [make_pair(sample, FORGE[forgery], rng) for sample in repeated])


def make_graphics_set(portraits: Sequence[FaceSample], seed: int) -> PairSet:
    """Two swaps of every portrait, each with the face of another of the portraits."""
    rng = np.random.default_rng([seed, 98])
    repeated = [sample for sample in portraits for _ in range(PAIRS_PER_PORTRAIT)]
    pairs = []
    for sample in repeated:
        others = [other for other in portraits if other.identity != sample.identity]
        donor = others[rng.integers(len(others))]
        swap = partial(swap_by_graphics, donor.image_bgr, donor.landmarks_px)
        pairs.append(make_pair(sample, swap, rng))
    return _stack_pairs(repeated, pairs)


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
    """The quantiles a floor is chosen by, keyed `q01`, `q05`, `q25`, `q50`, and the least."""
    values = np.quantile(medians, QUANTILES).round(4).tolist()
    names = [f"q{round(share * 100):02d}" for share in QUANTILES]
    return dict(zip(names, values, strict=True)) | {"least": round(float(medians.min()), 4)}


def _of_origin(samples: Sequence[FaceSample], origin: Origin) -> list[FaceSample]:
    return [sample for sample in samples if sample.origin is origin]


def _count_pairs(sample: FaceSample) -> int:
    return PAIRS_PER_PORTRAIT if sample.origin is Origin.PORTRAIT else 1


def _stack_pairs(samples: Sequence[FaceSample], pairs: Sequence[tuple[Images, Images]]) -> PairSet:
    genuine, forged = (np.stack(members) for members in zip(*pairs, strict=True))
    return PairSet(genuine, forged, tuple(sample.identity for sample in samples))
