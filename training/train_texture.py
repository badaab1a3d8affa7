"""Trains the texture network on simulated screens and prints; writes weights, figures and a card. Needs TensorFlow."""

import argparse
import hashlib
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from training.corpus import read_note
from training.metrics import fit_calibration
from training.samples import FaceSample, Part
from training.texture_card import render_texture_card
from training.texture_export import export_texture
from training.texture_fitting import fit_texture, score_scenes
from training.texture_measure import (
    describe_kinds,
    describe_texture_clips,
    load_texture_scorer,
    score_set,
)
from training.texture_network import Calibration, TextureNetwork, build_texture_network
from training.texture_options import parse_options
from training.texture_plan import TexturePlan
from training.texture_scenes import LIVE
from training.texture_sets import join_sets
from training.texture_teacher import FIRST_FILE
from training.texture_workshop import ALL_KINDS, TRAINED_KINDS, Workshop, describe_data
from verification.vision.crop import PixelBox
from verification.vision.onnx_session import ModelUnreadable

WORK = Path(__file__).resolve().parent.parent / "var" / "training"

Figures = dict[str, Any]


def obtain_network(workshop: Workshop) -> tuple[TextureNetwork, Figures]:
    """A network trained now and kept under var/training, or that of an earlier run; and how it was trained."""
    options, identities = workshop.options, digest_identities(workshop.split[Part.TRAIN])
    start = options.fasnet / FIRST_FILE
    if options.weights:
        return load_trained(options.weights, start, identities)
    plan = plan_training(options)
    network, report = fit_texture(start, workshop.make_training_sets(plan), plan)
    training = {"plan": asdict(plan), "report": asdict(report), "identities_sha256": identities}
    WORK.mkdir(parents=True, exist_ok=True)
    network.join().save_weights(WORK / "texture.weights.h5")
    (WORK / "texture.json").write_text(json.dumps(training, indent=1), encoding="utf-8")
    return network, training


def plan_training(options: argparse.Namespace) -> TexturePlan:
    """The plan, cut down as the command line asks."""
    plan = TexturePlan()
    scenes = max(plan.batch, round(plan.scenes * options.share))
    return replace(plan, scenes=scenes, minutes=options.minutes, seed=options.seed)


def load_trained(weights: Path, start: Path, identities_sha256: str) -> tuple[TextureNetwork, Figures]:
    """The network of an earlier run. Raises ValueError when it was trained on other people than this split's."""
    training = json.loads(weights.with_suffix("").with_suffix(".json").read_text(encoding="utf-8"))
    if training["identities_sha256"] != identities_sha256:
        raise ValueError(f"{weights} was trained on other people: give the same data, people and seed")
    network = build_texture_network(start)
    network.join().load_weights(weights)
    return network, training


def digest_identities(samples: Sequence[FaceSample]) -> str:
    """SHA-256 over the sorted names of the people in `samples`."""
    names = sorted({sample.identity for sample in samples})
    return hashlib.sha256("\n".join(names).encode()).hexdigest()


def calibrate(logits: npt.NDArray[np.float64], is_live: npt.NDArray[np.bool_]) -> Calibration:
    """Platt's scale and offset over logits (N,), both classes weighing alike."""
    repeats = round((~is_live).sum() / is_live.sum())
    balanced = np.concatenate([logits[~is_live], *[logits[is_live]] * repeats])
    labels = np.repeat([0.0, 1.0], [(~is_live).sum(), repeats * is_live.sum()])
    return Calibration(*fit_calibration(1 / (1 + np.exp(-balanced)), labels))


def measure_cost_ms(score: Callable[[], object], repeats: int = 200) -> float:
    """Median processor time of one face on this machine, one thread, in milliseconds: whatever else runs there."""
    durations = []
    for _ in range(repeats):
        start = time.thread_time()
        score()
        durations.append(time.thread_time() - start)
    return float(np.median(durations)) * 1000


def measure(workshop: Workshop, exported: Path) -> Figures:
    """Every figure of the card, of people kept out; and of all clips, one by one."""
    scorer = load_texture_scorer(exported)
    live = workshop.make_kind(Part.EVALUATE, LIVE)
    attacks = {kind: workshop.make_kind(Part.EVALUATE, kind) for kind in ALL_KINDS if kind != LIVE}
    kept_out = {sample.source for sample in workshop.split[Part.EVALUATE]}
    bona_fide = workshop.clips["bona_fide"]
    blank, box = np.full((480, 640, 3), 120, np.uint8), PixelBox(220, 140, 180, 220)
    groups = {
        "kept_out": [clip for clip in bona_fide if clip.name in kept_out],
        "trained_on": [clip for clip in bona_fide if clip.name not in kept_out],
    } | {name: clips for name, clips in workshop.clips.items() if name != "bona_fide"}
    return {
        "scenes": describe_kinds(score_set(scorer, live), live.identities, attacks, scorer),
        "clips": {name: describe_texture_clips(scorer, clips) for name, clips in groups.items() if clips},
        "cost_ms": round(measure_cost_ms(lambda: scorer(live.context[:1], live.detail[:1, :128, :128])), 2),
        "fasnet_cost_ms": round(measure_cost_ms(lambda: workshop.teacher.classify(blank, box)), 2),
    }


def make_weights(options: argparse.Namespace) -> Path:
    """Trains, calibrates and measures, then writes the network, the figures and the card; returns its path."""
    workshop = Workshop(options)
    workshop.read()
    chosen = join_sets([workshop.make_kind(Part.CALIBRATE, kind) for kind in TRAINED_KINDS])
    network, training = obtain_network(workshop)
    calibration = calibrate(score_scenes(network, chosen).astype(np.float64), chosen.is_live)
    WORK.mkdir(parents=True, exist_ok=True)
    exported = WORK / "texture.onnx"
    served = network.serve(calibration)
    difference = export_texture(served, exported)
    content = exported.read_bytes()
    figures = {
        "model": {
            "file": exported.name,
            "sha256": hashlib.sha256(content).hexdigest(),
            "bytes": len(content),
            "weights": served.count_params(),
            "kept_weights": network.early.count_params(),
            "difference_from_keras": difference,
        },
        "training": training,
        "data": describe_data(workshop.split),
        "about_data": read_note(options.about),
        "same_person": workshop.people,
        "calibration": {name: round(value, 4) for name, value in calibration._asdict().items()},
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
