"""The two networks that are shipped: how each is started, trained, kept and exported. Needs TensorFlow."""

import argparse
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypeGuard

import keras
import numpy as np
import numpy.typing as npt

from training import mobilenet
from training.convert_h5 import load_mesonet
from training.earlier import load_earlier
from training.fitting import fit
from training.imagenet import PACKAGE, PACKAGE_LICENCE, fetch_package, read_initial_weights
from training.mesonet import build_mesonet, export_onnx
from training.pairs import FORGERY_ODDS
from training.plan import FitPlan, FitReport
from training.shards import PairStore

MESONET, MOBILENET = "mesonet4", mobilenet.NAME
ADAPTED_CHUNKS = 8
Images = npt.NDArray[np.uint8]
Figures = dict[str, Any]


@dataclass
class Obtained:
    """A trained network. start: what its weights were before. calibration, export: filled in later.

    earlier: of a network that was taken up as it was, the record that lies beside its file.
    """

    name: str
    model: keras.Model
    start: str
    training: Figures
    calibration: Figures = field(default_factory=dict)
    exported: Figures = field(default_factory=dict)
    earlier: Figures = field(default_factory=dict)
    path: Path = Path()

    def export(self, folder: Path) -> None:
        """Writes the network to `folder` as ONNX. Raises ValueError when the file answers otherwise."""
        self.path = folder / f"{self.name}.onnx"
        difference = export_onnx(self.model, self.path)
        content = self.path.read_bytes()
        self.exported = {
            "file": self.path.name,
            "sha256": hashlib.sha256(content).hexdigest(),
            "bytes": len(content),
            "weights": self.model.count_params(),
            "difference_from_keras": difference,
        }

    def describe(self) -> Figures:
        """What the network's own JSON holds; `model.sha256` is what the server checks the file against."""
        return {
            "model": self.exported,
            "start": self.start,
            "training": self.training,
            "calibration": self.calibration,
            "earlier": self.earlier,
            "kinds": self.earlier.get("kinds", [kind.value for kind in FORGERY_ODDS]),
        }


@dataclass(frozen=True, slots=True)
class TrainingData:
    """store: the pairs. monitored: genuine and forged images of other people. identities_sha256: who is seen."""

    store: PairStore
    monitored: Sequence[Images]
    identities_sha256: str


# Trains with a plan; gives back the whole network and what its start was.
Training = Callable[[argparse.Namespace, TrainingData, FitPlan], tuple[keras.Model, str, FitReport]]


def obtain_network(name: str, options: argparse.Namespace, data: TrainingData, folder: Path) -> Obtained:
    """The network trained now and kept in `folder`; with `--reuse`, that of an earlier run where there is one.

    Raises ValueError when the earlier run was trained on other people: some could be counted as kept out.
    """
    weights, record = folder / f"{name}.weights.h5", folder / f"{name}.fit.json"
    if options.reuse and weights.is_file() and record.is_file():
        training = json.loads(record.read_text(encoding="utf-8"))
        if training["identities_sha256"] != data.identities_sha256:
            raise ValueError(f"{weights} was trained on other people: give the same data, people and seed")
        model = build_mesonet() if name == MESONET else mobilenet.build_mobilenet().whole
        model.load_weights(weights)
        return Obtained(name, model, training.pop("start"), training, earlier=_read_record(name, options))
    plan = plan_for(name, options)
    model, start, report = NETWORKS[name](options, data, plan)
    training = {"plan": asdict(plan), "report": asdict(report), "identities_sha256": data.identities_sha256}
    model.save_weights(weights)
    record.write_text(json.dumps(training | {"start": start}, indent=1), encoding="utf-8")
    return Obtained(name, model, start, training, earlier=_read_record(name, options))


def plan_for(name: str, options: argparse.Namespace) -> FitPlan:
    """How the network is trained."""
    learning_rate, dropout = {MESONET: (6e-4, 0.15), MOBILENET: (5e-4, 0.3)}[name]
    return FitPlan(options.minutes, options.passes, learning_rate, dropout, seed=options.seed)


def _train_mesonet(
    options: argparse.Namespace, data: TrainingData, plan: FitPlan
) -> tuple[keras.Model, str, FitReport]:
    initial = options.initial_mesonet
    if _is_earlier(initial):
        model = build_mesonet(plan.dropout)
        return model, *_take_up(model, initial)
    model, start = build_mesonet(plan.dropout), "random weights"
    if initial:
        model = load_mesonet(initial, plan.dropout)
        start = f"the weights of MesoNet's authors, `{initial.name}` (Apache-2.0)"
    report = fit(model, data.store, range(options.chunks), data.monitored, plan)
    return model, start, report


def _train_mobilenet(
    options: argparse.Namespace, data: TrainingData, plan: FitPlan
) -> tuple[keras.Model, str, FitReport]:
    store, initial = data.store, options.initial_companion
    if _is_earlier(initial):
        whole = mobilenet.build_mobilenet(plan.dropout).whole
        return whole, *_take_up(whole, initial)
    network, start = _start_from_imagenet(store, plan)
    maps = mobilenet.FrozenMaps(network.lower, store.folder.parent / "lower.onnx")
    report = fit(network.upper, store, range(options.chunks), data.monitored, plan, prepare=maps)
    return network.whole, start, report


def _take_up(whole: keras.Model, initial: Path) -> tuple[str, FitReport]:
    """Loads an earlier network into `whole`. It is not trained on: calibration is all that follows."""
    load_earlier(whole, initial)
    return "an earlier network of this project", FitReport()


def _read_record(name: str, options: argparse.Namespace) -> Figures:
    initial = options.initial_mesonet if name == MESONET else options.initial_companion
    if not _is_earlier(initial):
        return {}
    record = json.loads(initial.with_suffix(".json").read_text(encoding="utf-8"))
    return record | {"sha256": hashlib.sha256(initial.read_bytes()).hexdigest()}


def _is_earlier(initial: Path | None) -> TypeGuard[Path]:
    return initial is not None and initial.suffix == ".onnx"


def _start_from_imagenet(store: PairStore, plan: FitPlan) -> tuple[mobilenet.MobileNet, str]:
    package = fetch_package(store.folder.parent)
    network = mobilenet.build_mobilenet(plan.dropout, read_initial_weights(package))
    rng = np.random.default_rng([plan.seed, 8])
    first = store.stream_batches(range(ADAPTED_CHUNKS), plan.pairs_per_batch, rng)
    mobilenet.adapt_normalisation(network, (images for images, _ in first))
    start = (
        f"MobileNetV2's ImageNet weights up to block 10, out of the package `{PACKAGE}` ({PACKAGE_LICENCE})"
    )
    return network, start


NETWORKS: Mapping[str, Training] = {MESONET: _train_mesonet, MOBILENET: _train_mobilenet}
