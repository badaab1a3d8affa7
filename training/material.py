"""What every network is measured on: forgeries of people kept out, of kinds trained on and of kinds kept out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from training.graphics_swap import swap_by_graphics
from training.pairs import (
    DONORS_COMPARED,
    Forge,
    Forgery,
    choose_donor,
    choose_forge,
    make_captures,
    make_pairs,
    prepare_pair,
)
from training.samples import FaceSample, Origin, Part

CAPTURES_PER_PORTRAIT = 6
FRAMES_PER_CLIP = 10
PAIRS_A_BATCH = 16
SEAMLESS_SWAP = "seamless_swap"
SEAMLESS_SWAP_CLIPS = "seamless_swap_clips"
TRAINED_SWAP = "trained_swap"

Images = npt.NDArray[np.uint8]
# Trains a swap of two people, and gives back the two directions: first's face drawn as the second's, and so on.
SwapTrainer = Callable[[tuple[Sequence[FaceSample], Sequence[FaceSample]], int], tuple[Forge, Forge]]


@dataclass(frozen=True, slots=True)
class PairSet:
    """Paired network inputs, uint8 RGB of shape (N, 256, 256, 3) each, and who is on them."""

    genuine: Images
    forged: Images
    identities: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Material:
    """What every network is measured on.

    pairs: by kind of forgery, those of `Forgery` and the kinds kept out.
    captures: simulated captures of the kept-out portraits, `CAPTURES_PER_PORTRAIT` of each.
    """

    pairs: Mapping[str, PairSet]
    captures: Images
    kept_out_frames: Sequence[FaceSample]
    trained_on_frames: Sequence[FaceSample]
    probes: Mapping[str, Sequence[FaceSample]]


def gather_material(
    split: Mapping[Part, Sequence[FaceSample]],
    probes: Mapping[str, Sequence[FaceSample]],
    seed: int,
    train_swap: SwapTrainer,
) -> Material:
    """Simulates forgeries and captures of the kept-out people; the same for the same seed."""
    kept_out = split[Part.EVALUATE]
    portraits, frames = (of_origin(kept_out, origin) for origin in Origin)
    pairs = {kind.value: make_pair_set(kept_out, kind, seed) for kind in Forgery}
    pairs[SEAMLESS_SWAP] = _make_seamless_set(portraits, [seed, 98])
    if len({frame.identity for frame in frames}) > 1:
        pairs[SEAMLESS_SWAP_CLIPS] = _make_seamless_set(_thin_out(frames), [seed, 97])
        pairs[TRAINED_SWAP] = _make_trained_set(frames, seed, train_swap)
    repeated = [portrait for portrait in portraits for _ in range(CAPTURES_PER_PORTRAIT)]
    captures = make_captures(repeated, np.random.default_rng([seed, 99]))
    return Material(pairs, np.stack(captures), frames, of_origin(split[Part.TRAIN], Origin.CLIP), probes)


def make_pair_set(samples: Sequence[FaceSample], kind: Forgery, seed: int) -> PairSet:
    """A simulated forgery of every portrait, and of up to 10 frames of each clip."""
    chosen = of_origin(samples, Origin.PORTRAIT) + _thin_out(of_origin(samples, Origin.CLIP))
    rng = np.random.default_rng([seed, list(Forgery).index(kind)])
    donors = [_draw_donor(sample, chosen, rng) for sample in chosen]
    return _forge_all(chosen, [choose_forge(kind, donor, rng) for donor in donors], rng)


def of_origin(samples: Sequence[FaceSample], origin: Origin) -> list[FaceSample]:
    """The samples that come from there."""
    return [sample for sample in samples if sample.origin is origin]


def _make_seamless_set(samples: Sequence[FaceSample], seed: list[int]) -> PairSet:
    """A Poisson-blended swap of every face with that of another of the people."""
    rng = np.random.default_rng(seed)
    forges: list[Forge] = []
    for sample in samples:
        donor = _draw_donor(sample, samples, rng)
        forges.append(partial(swap_by_graphics, donor.image_bgr, donor.landmarks_px, seamless=True))
    return _forge_all(samples, forges, rng)


def _draw_donor(sample: FaceSample, samples: Sequence[FaceSample], rng: np.random.Generator) -> FaceSample:
    others = [other for other in samples if other.identity != sample.identity] or list(samples)
    drawn = [others[index] for index in rng.integers(len(others), size=DONORS_COMPARED)]
    return choose_donor(sample, drawn)


def _make_trained_set(frames: Sequence[FaceSample], seed: int, train_swap: SwapTrainer) -> PairSet:
    """Both directions of a swap trained for every two people, the largest faces first; an odd one is left out."""
    people: dict[str, list[FaceSample]] = {}
    for frame in frames:
        people.setdefault(frame.identity, []).append(frame)
    ordered = sorted(people.values(), key=lambda faces: -float(np.median([face.face_px for face in faces])))
    samples: list[FaceSample] = []
    forges: list[Forge] = []
    for first, second in zip(ordered[::2], ordered[1::2], strict=False):
        for faces, forge in zip((first, second), train_swap((first, second), seed), strict=True):
            chosen = _thin_out(faces)
            samples += chosen
            forges += [forge] * len(chosen)
    return _forge_all(samples, forges, np.random.default_rng([seed, 96]))


def _forge_all(samples: Sequence[FaceSample], forges: Sequence[Forge], rng: np.random.Generator) -> PairSet:
    members = []
    for start in range(0, len(samples), PAIRS_A_BATCH):
        stop = start + PAIRS_A_BATCH
        members += [
            prepare_pair(pair, rng) for pair in make_pairs(samples[start:stop], forges[start:stop], rng)
        ]
    genuine, forged = (np.stack(images) for images in zip(*members, strict=True))
    return PairSet(genuine, forged, tuple(sample.identity for sample in samples))


def _thin_out(frames: Sequence[FaceSample]) -> list[FaceSample]:
    """At most 10 frames of each clip, evenly spread."""
    by_clip: dict[str, list[FaceSample]] = {}
    for frame in frames:
        by_clip.setdefault(frame.source, []).append(frame)
    return [
        clip[index]
        for clip in by_clip.values()
        for index in np.linspace(0, len(clip) - 1, min(len(clip), FRAMES_PER_CLIP)).round().astype(int)
    ]
