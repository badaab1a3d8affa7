"""Trains MesoNet-4 on self-blended portraits; writes weights, figures and a card. Needs TensorFlow."""

import argparse
import hashlib
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import keras
import numpy as np
import numpy.typing as npt

from training.corpus import read_corpus, read_note, read_people
from training.evaluation import Figures, gather_material, load_scorer, make_pair_set, measure
from training.fitting import fit, score_images
from training.mesonet import TRAINABLE_WEIGHTS, build_mesonet, export_onnx, fold_calibration
from training.metrics import fit_calibration
from training.model_card import render_card
from training.options import parse_options
from training.pairs import Forgery, PairSampler
from training.plan import FitPlan
from training.samples import FaceSample, Origin, Part, split_samples
from verification.vision.onnx_session import ModelUnreadable

CHECKPOINTS = Path(__file__).resolve().parent.parent / "var" / "training"


def obtain_model(
    options: argparse.Namespace, split: dict[Part, list[FaceSample]]
) -> tuple[keras.Model, Figures]:
    """A model trained now and kept under var/training, or that of an earlier run; and how it was trained."""
    if options.weights:
        return load_trained(options.weights, digest_identities(split[Part.TRAIN]))
    plan = FitPlan(epochs=options.epochs, minutes=options.minutes, seed=options.seed)
    monitored = _monitored_images(split[Part.CALIBRATE], options.seed)
    model, report = fit(PairSampler.over(split[Part.TRAIN], plan.seed), monitored, plan)
    identities = digest_identities(split[Part.TRAIN])
    training = {"plan": asdict(plan), "report": asdict(report), "identities_sha256": identities}
    model.save_weights(CHECKPOINTS / "mesonet4.weights.h5")
    (CHECKPOINTS / "mesonet4.json").write_text(json.dumps(training, indent=1), encoding="utf-8")
    return model, training


def load_trained(weights: Path, identities_sha256: str) -> tuple[keras.Model, Figures]:
    """The model of an earlier run. Raises ValueError when it was trained on other people than this split's.

    Else people it has seen could be counted as kept out.
    """
    training = json.loads(weights.with_suffix("").with_suffix(".json").read_text(encoding="utf-8"))
    if training["identities_sha256"] != identities_sha256:
        raise ValueError(f"{weights} was trained on other people: give the same data, people and seed")
    model = build_mesonet()
    model.load_weights(weights)
    return model, training


def digest_identities(samples: Sequence[FaceSample]) -> str:
    """SHA-256 over the sorted names of the people in `samples`."""
    names = sorted({sample.identity for sample in samples})
    return hashlib.sha256("\n".join(names).encode()).hexdigest()


def calibrate(model: keras.Model, samples: Sequence[FaceSample], seed: int) -> Figures:
    """Folds Platt's scale and offset, fitted on `samples`, into the model."""
    genuine, forged = _monitored_images(samples, seed + 1)
    scores = score_images(model, np.concatenate([genuine, forged]))
    scale, offset = fit_calibration(scores, np.repeat([1.0, 0.0], len(genuine)))
    fold_calibration(model, scale, offset)
    return {"scale": round(scale, 4), "offset": round(offset, 4), "pairs": len(genuine)}


def describe_file(path: Path, difference: float) -> Figures:
    """What identifies the ONNX file; difference: its largest one from Keras."""
    content = path.read_bytes()
    return {
        "file": path.name,
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
        "trainable_weights": TRAINABLE_WEIGHTS,
        "difference_from_keras": difference,
    }


def describe_data(split: dict[Part, list[FaceSample]]) -> Figures:
    """How many identities and faces each part has."""
    return {
        part.value: {
            origin.value: {
                "identities": len({sample.identity for sample in samples if sample.origin is origin}),
                "faces": sum(sample.origin is origin for sample in samples),
            }
            for origin in Origin
        }
        for part, samples in split.items()
    }


def make_weights(options: argparse.Namespace) -> Path:
    """Trains, calibrates and measures, then writes the network, the figures and the card; returns its path.

    Nothing is written to `--out` before everything is there.
    """
    other = load_scorer(options.compare) if options.compare else None
    people = read_people(options.same_person)
    corpus = read_corpus(options, people)
    split = split_samples(corpus.samples, options.seed)
    CHECKPOINTS.mkdir(parents=True, exist_ok=True)
    model, training = obtain_model(options, split)
    calibration = calibrate(model, split[Part.CALIBRATE], options.seed)
    exported = CHECKPOINTS / "mesonet4.onnx"
    difference = export_onnx(model, exported)
    print("measuring on people kept out")
    material = gather_material(split, corpus.probes, options.seed)
    figures = {
        "model": describe_file(exported, difference),
        "training": training,
        "data": describe_data(split),
        "about_data": read_note(options.about),
        "same_person": people,
        "calibration": calibration,
        "measured": measure(load_scorer(exported), material),
        "compared_with": options.compare.name if options.compare else None,
        "compared": measure(other, material) if other else None,
    }
    return _write_results(exported, figures, options.out)


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line: 0 when everything is written, 1 when the data or a model can't be used."""
    options = parse_options(arguments)
    try:
        target = make_weights(options)
    except (ValueError, OSError, ModelUnreadable) as error:
        print(f"not trained: {error}", file=sys.stderr)
        return 1
    print(f"{target}: written, with its .json and .md")
    return 0


def _write_results(exported: Path, figures: Figures, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / exported.name
    target.write_bytes(exported.read_bytes())
    target.with_suffix(".json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    target.with_suffix(".md").write_text(render_card(figures), encoding="utf-8")
    return target


def _monitored_images(
    samples: Sequence[FaceSample], seed: int
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """Genuine and forged images of the calibration identities, both forgeries alike."""
    sets = [make_pair_set(samples, forgery, seed) for forgery in Forgery]
    return np.concatenate([pairs.genuine for pairs in sets]), np.concatenate([pairs.forged for pairs in sets])


if __name__ == "__main__":
    sys.exit(main())
