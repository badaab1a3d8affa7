"""The faces that a command line names: to train on and keep out, and to score only."""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from training.portraits import StillLandmarker, list_clips, list_pictures, read_samples
from training.samples import FaceSample, Origin, name_identities


@dataclass(frozen=True, slots=True)
class Corpus:
    """samples: bona fide faces, to be split. probes: by folder name, faces that are only ever scored."""

    samples: Sequence[FaceSample]
    probes: Mapping[str, Sequence[FaceSample]]


def read_people(path: Path | None) -> list[list[str]]:
    """Groups of file names of one person, one group a line; lines that start with # are comments."""
    if path is None:
        return []
    lines = path.read_text(encoding="utf-8").splitlines()
    return [line.split() for line in lines if line.strip() and not line.startswith("#")]


def read_note(path: Path | None) -> str:
    """What the data are and under which licence, for the card: the text file's content."""
    return path.read_text(encoding="utf-8").strip() if path else "The data were not described."


def read_corpus(options: argparse.Namespace, people: Sequence[Sequence[str]]) -> Corpus:
    """Every face of `--portraits`, `--clips` and `--probe`. Raises FileNotFoundError when one is empty."""
    groups = [(Origin.PORTRAIT, list_pictures(options.portraits))]
    if options.clips:
        groups.append((Origin.CLIP, list_clips(options.clips)))
    probes = {folder.name: list_clips(folder) for folder in options.probe}
    identities = name_identities([path.name for _, paths in groups for path in paths], people)
    with StillLandmarker(options.landmarker.expanduser()) as landmarker:

        def read(paths: Sequence[Path], origin: Origin, names: Mapping[str, str]) -> list[FaceSample]:
            return _read_aloud(paths, origin, landmarker, options.frames_per_clip, names)

        samples = [sample for origin, paths in groups for sample in read(paths, origin, identities)]
        scored = {
            name: read(paths, Origin.CLIP, name_identities(path.name for path in paths))
            for name, paths in probes.items()
        }
    return Corpus(samples, scored)


def _read_aloud(
    paths: Sequence[Path],
    origin: Origin,
    landmarker: StillLandmarker,
    frames_per_clip: int,
    identities: Mapping[str, str],
) -> list[FaceSample]:
    name = paths[0].parent.name

    def show(done: int, total: int) -> None:
        print(f"\r{name}: {done}/{total} files", end="", flush=True)

    samples = read_samples(
        paths, origin, landmarker, frames_per_clip=frames_per_clip, identities=identities, progress=show
    )
    print(f", {len(samples)} faces")
    return samples
