"""Trains the texture network on simulated screens and prints; writes weights, figures and a card. Needs TensorFlow."""

import argparse
import hashlib
import json
import math
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import keras
import numpy as np

from training.corpus import read_note
from training.metrics import fit_calibration
from training.samples import FaceSample, Part
from training.texture_card import render_texture_card
from training.texture_fitting import fit_texture, score_scenes
from training.texture_measure import (
    describe_kinds,
    describe_texture_clips,
    load_texture_scorer,
    score_set,
)
from training.texture_network import (
    Calibration,
    build_texture_network,
    export_texture,
    join_heads,
)
from training.texture_options import parse_options
from training.texture_plan import TexturePlan
from training.texture_scenes import LIVE
from training.texture_sets import SceneSet, join_sets
from training.texture_workshop import ALL_KINDS, TRAINED_KINDS, Workshop, describe_data
from verification.vision.onnx_session import ModelUnreadable

WORK = Path(__file__).resolve().parent.parent / "var" / "training"
# How much the student's logit counts beside the network's own: chosen on simulated attacks, geometry and all.
STUDENT_SHARE = 2.0
# Of a hundred faces before the camera, this many are taken to be living: attacks are rare where it is used.
BONA_FIDE_SHARE = 0.8

Figures = dict[str, Any]


def obtain_model(workshop: Workshop) -> tuple[keras.Model, Figures]:
    """A model trained now and kept under var/training, or that of an earlier run; and how it was trained."""
    options, identities = workshop.options, digest_identities(workshop.split[Part.TRAIN])
    if options.weights:
        return load_trained(options.weights, identities)
    plan = plan_training(options, has_teacher=workshop.teacher is not None)
    model, report = fit_texture(workshop.make_training_sets(plan), workshop.make_monitored(), plan)
    training = {"plan": asdict(plan), "report": asdict(report), "identities_sha256": identities}
    WORK.mkdir(parents=True, exist_ok=True)
    model.save_weights(WORK / "texture.weights.h5")
    (WORK / "texture.json").write_text(json.dumps(training, indent=1), encoding="utf-8")
    return model, training


def plan_training(options: argparse.Namespace, *, has_teacher: bool) -> TexturePlan:
    """The plan, cut down as the command line asks; without a teacher nothing of it is learned."""
    plan = TexturePlan()
    return replace(
        plan,
        scenes=max(plan.batch, round(plan.scenes * options.share)),
        teacher_weight=plan.teacher_weight if has_teacher else 0.0,
        minutes=options.minutes,
        seed=options.seed,
    )


def load_trained(weights: Path, identities_sha256: str) -> tuple[keras.Model, Figures]:
    """The model of an earlier run. Raises ValueError when it was trained on other people than this split's."""
    training = json.loads(weights.with_suffix("").with_suffix(".json").read_text(encoding="utf-8"))
    if training["identities_sha256"] != identities_sha256:
        raise ValueError(f"{weights} was trained on other people: give the same data, people and seed")
    model = build_texture_network()
    model.load_weights(weights)
    return model, training


def digest_identities(samples: Sequence[FaceSample]) -> str:
    """SHA-256 over the sorted names of the people in `samples`."""
    names = sorted({sample.identity for sample in samples})
    return hashlib.sha256("\n".join(names).encode()).hexdigest()


def calibrate(model: keras.Model, scenes: SceneSet, student_share: float) -> Calibration:
    """Platt's scale and offset over the sum of both logits, both classes weighing alike; moved to BONA_FIDE_SHARE."""
    whole = join_heads(model, Calibration(1.0, student_share, 0.0))
    scores, is_live = score_scenes(whole, scenes).astype(np.float64), scenes.is_live
    repeats = round((~is_live).sum() / is_live.sum())
    balanced = np.concatenate([scores[~is_live], *[scores[is_live]] * repeats])
    labels = np.repeat([0.0, 1.0], [(~is_live).sum(), repeats * is_live.sum()])
    scale, offset = fit_calibration(balanced, labels)
    moved = offset + math.log(BONA_FIDE_SHARE / (1 - BONA_FIDE_SHARE))
    return Calibration(scale, scale * student_share, moved)


def measure_cost_ms(score: Callable[[], object], repeats: int = 200) -> float:
    """Median duration of one face on this machine, in milliseconds."""
    durations = []
    for _ in range(repeats):
        start = time.perf_counter()
        score()
        durations.append(time.perf_counter() - start)
    return float(np.median(durations)) * 1000


def measure(workshop: Workshop, exported: Path) -> Figures:
    """Every figure of the card, of people kept out; and of all clips, one by one."""
    scorer = load_texture_scorer(exported)
    live = workshop.make_kind(Part.EVALUATE, LIVE)
    attacks = {kind: workshop.make_kind(Part.EVALUATE, kind) for kind in ALL_KINDS if kind != LIVE}
    kept_out = {sample.source for sample in workshop.split[Part.EVALUATE]}
    bona_fide = workshop.clips["bona_fide"]
    groups = {
        "kept_out": [clip for clip in bona_fide if clip.name in kept_out],
        "trained_on": [clip for clip in bona_fide if clip.name not in kept_out],
    } | {name: clips for name, clips in workshop.clips.items() if name != "bona_fide"}
    return {
        "scenes": describe_kinds(score_set(scorer, live), live.identities, attacks, scorer),
        "clips": {name: describe_texture_clips(scorer, clips) for name, clips in groups.items() if clips},
        "cost_ms": round(measure_cost_ms(lambda: scorer(live.context[:1], live.detail[:1, :128, :128])), 2),
    }


def make_weights(options: argparse.Namespace) -> Path:
    """Trains, calibrates and measures, then writes the network, the figures and the card; returns its path."""
    workshop = Workshop(options)
    workshop.read()
    model, training = obtain_model(workshop)
    student_share = STUDENT_SHARE if training["plan"]["teacher_weight"] else 0.0
    chosen = join_sets([workshop.make_kind(Part.CALIBRATE, kind) for kind in TRAINED_KINDS])
    calibration = calibrate(model, chosen, student_share)
    WORK.mkdir(parents=True, exist_ok=True)
    exported = WORK / "texture.onnx"
    served = join_heads(model, calibration)
    difference = export_texture(served, exported)
    content = exported.read_bytes()
    figures = {
        "model": {
            "file": exported.name,
            "sha256": hashlib.sha256(content).hexdigest(),
            "bytes": len(content),
            "weights": served.count_params(),
            "difference_from_keras": difference,
        },
        "training": training,
        "data": describe_data(workshop.split),
        "about_data": read_note(options.about),
        "same_person": workshop.people,
        "calibration": {name: round(value, 4) for name, value in calibration._asdict().items()}
        | {"bona_fide_share": BONA_FIDE_SHARE},
        "measured": measure(workshop, exported),
    }
    options.out.mkdir(parents=True, exist_ok=True)
    target: Path = options.out / exported.name
    target.write_bytes(content)
    target.with_suffix(".json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    target.with_suffix(".md").write_text(render_texture_card(figures), encoding="utf-8")
    return target


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


if __name__ == "__main__":
    sys.exit(main())
