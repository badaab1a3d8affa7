"""Trains the deepfake detector's two networks; writes weights, figures and a card. Needs TensorFlow."""

import argparse
import hashlib
import json
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from training.calibration import calibrate
from training.corpus import Corpus, read_corpus, read_note, read_people
from training.evaluation import Figures, Scorer, join_scorers, load_scorer, measure
from training.fitting import set_seed
from training.imagenet import InitialWeightsMissing
from training.material import gather_material
from training.model_card import render_card
from training.networks import MESONET, NETWORKS, Obtained, TrainingData, obtain_network
from training.options import parse_options
from training.pairs import RECIPE, Forge, PairSampler, prepare_pair
from training.recording import EncoderMissing, require_ffmpeg
from training.samples import FaceSample, Origin, Part, split_samples
from training.shards import PairStore, fill_store
from training.trained_swap import train_swap
from verification.vision.onnx_session import ModelUnreadable

CHECKPOINTS = Path(__file__).resolve().parent.parent / "var" / "training"
BOTH = "both"
MONITORED_CHUNKS = 4

Images = npt.NDArray[np.uint8]
Split = Mapping[Part, Sequence[FaceSample]]


def make_weights(options: argparse.Namespace) -> Path:
    """Trains, calibrates and measures, then writes networks, figures and card; returns the card's path.

    Nothing is written to `--out` before everything is there.
    """
    require_ffmpeg()
    others = {path.stem: load_compared(path) for path in options.compare}
    people = read_people(options.same_person)
    corpus = read_corpus(options, people)
    split = split_samples(corpus.samples, options.seed)
    set_seed(options.seed, options.threads)
    CHECKPOINTS.mkdir(parents=True, exist_ok=True)
    networks = train_all(options, split)
    print("measuring on people kept out")
    figures = {
        "data": describe_data(split),
        "about_data": read_note(options.about),
        "same_person": people,
        "networks": {network.name: network.describe() for network in networks},
        "measured": measure_all(options, split, corpus, networks, others),
    }
    return _write_results(networks, figures, options.out)


def train_all(options: argparse.Namespace, split: Split) -> list[Obtained]:
    """Both networks, trained on pairs that are made meanwhile, calibrated and exported to ONNX."""
    digest = digest_identities(split[Part.TRAIN])
    store = PairStore(CHECKPOINTS / f"pairs-{RECIPE}-{options.seed}-{digest[:12]}")
    data = TrainingData(store, make_monitored(split[Part.CALIBRATE], options.seed), digest)
    networks = []
    with filling(store, PairSampler.over(split[Part.TRAIN], options.seed), options.chunks):
        for name in NETWORKS:
            print(f"{name}:")
            network = obtain_network(name, options, data, CHECKPOINTS)
            calibrate(network, *data.monitored)
            network.export(CHECKPOINTS)
            networks.append(network)
    return networks


@contextmanager
def filling(store: PairStore, sampler: PairSampler, chunks: int) -> Iterator[None]:
    """Makes the missing pairs in the background; on leaving, waits for what is still being made."""

    def show(done: int, total: int) -> None:
        if done % 50 == 0 or done == total:
            print(f"pairs made: {done} of {total} chunks", flush=True)

    filler = threading.Thread(target=fill_store, args=(store, sampler, chunks, show))
    filler.start()
    try:
        yield
    finally:
        filler.join()


def make_monitored(samples: Sequence[FaceSample], seed: int) -> list[Images]:
    """Genuine and forged images of the calibration identities, forged as those trained on are."""
    sampler, rng = PairSampler.over(samples, seed), np.random.default_rng([seed, 9])
    chunks = (sampler.draw_chunk(index) for index in range(MONITORED_CHUNKS))
    members = [prepare_pair(pair, rng) for chunk in chunks for pair in chunk]
    return [np.stack(images) for images in zip(*members, strict=True)]


def measure_all(
    options: argparse.Namespace,
    split: Split,
    corpus: Corpus,
    networks: Sequence[Obtained],
    others: Mapping[str, Scorer],
) -> dict[str, Figures]:
    """The figures of each network, of both together as they serve, and of those to compare with."""
    material = gather_material(split, corpus.probes, options.seed, _train_both_ways)
    scorers: dict[str, Scorer] = {network.name: load_scorer(network.path) for network in networks}
    scorers[BOTH] = join_scorers(list(scorers.values()))
    measured = {}
    for name, scorer in (scorers | dict(others)).items():
        print(f"  {name}", flush=True)
        measured[name] = measure(scorer, material)
    return measured


def load_compared(path: Path) -> Scorer:
    """The score of an ONNX file, or of all those of a folder together. Raises ModelUnreadable."""
    files = sorted(path.glob("*.onnx")) if path.is_dir() else [path]
    scorers = [load_scorer(file) for file in files]
    return scorers[0] if len(scorers) == 1 else join_scorers(scorers)


def digest_identities(samples: Sequence[FaceSample]) -> str:
    """SHA-256 over the sorted names of the people in `samples`."""
    names = sorted({sample.identity for sample in samples})
    return hashlib.sha256("\n".join(names).encode()).hexdigest()


def describe_data(split: Split) -> Figures:
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


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line: 0 when everything is written, 1 when the data or a model can't be used."""
    options = parse_options(arguments)
    try:
        card = make_weights(options)
    except (ValueError, OSError, ModelUnreadable, EncoderMissing, InitialWeightsMissing) as error:
        print(f"not trained: {error}", file=sys.stderr)
        return 1
    print(f"{card}: written, and the networks beside it")
    return 0


def _train_both_ways(
    people: tuple[Sequence[FaceSample], Sequence[FaceSample]], seed: int
) -> tuple[Forge, Forge]:
    def show(done: int, total: int) -> None:
        print(
            f"\rautoencoder swap of {people[0][0].source} and {people[1][0].source}: {done}/{total}", end=""
        )
        if done == total:
            print(flush=True)

    pair = train_swap(people, seed, progress=show)
    return partial(pair.swap, 1), partial(pair.swap, 0)


def _write_results(networks: Sequence[Obtained], figures: Figures, folder: Path) -> Path:
    """MesoNet's JSON holds every figure; its companion's, what concerns itself."""
    folder.mkdir(parents=True, exist_ok=True)
    for network in networks:
        (folder / network.path.name).write_bytes(network.path.read_bytes())
        every = figures if network.name == MESONET else {}
        _write_json(folder / f"{network.name}.json", network.describe() | every)
    card = folder / f"{MESONET}.md"
    card.write_text(render_card(figures), encoding="utf-8")
    return card


def _write_json(path: Path, figures: Figures) -> None:
    path.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
