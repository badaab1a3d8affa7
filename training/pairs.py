"""Pairs: a bona fide face and its simulated forgery, seen by the same camera and stored alike.

Chunk `i` of seed `s` is always the same, whichever process makes it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

import numpy as np
import numpy.typing as npt

from training.autoencoder_swap import swap_by_autoencoder
from training.capture import Shot, draw_view, shoot, store_shots
from training.degradation import decode_jpeg
from training.generators import render_mouth, swap_aligned, warp_still
from training.graphics_swap import dress, swap_by_graphics
from training.recording import draw_codec
from training.samples import FaceSample, Origin
from training.self_blending import Pair, self_blend
from verification.vision.crop import PixelBox, bound_landmarks, prepare_deepfake_input

# To be raised with every change of what the pairs are: those kept of another recipe are not taken up.
RECIPE = 3
PAIRS_PER_CHUNK = 32
CLIP_SHARE = 0.4
# Of swaps that could do without, this share takes another person's face; so do all graphics swaps.
DONOR_SHARE = 0.6
DONORS_COMPARED = 16
MAX_BOX_SHIFT = 0.03

Image = npt.NDArray[np.uint8]
Forge = Callable[[Image, npt.NDArray[np.float32], np.random.Generator], Pair]


class Forgery(StrEnum):
    """How a forged member is simulated."""

    SELF_BLEND = "self_blend"
    AUTOENCODER_SWAP = "autoencoder_swap"
    ALIGNED_SWAP = "aligned_swap"
    RENDERED_MOUTH = "rendered_mouth"
    WARPED_STILL = "warped_still"
    GRAPHICS_SWAP = "graphics_swap"


ALONE: dict[Forgery, Forge] = {
    Forgery.SELF_BLEND: self_blend,
    Forgery.AUTOENCODER_SWAP: swap_by_autoencoder,
    Forgery.ALIGNED_SWAP: swap_aligned,
    Forgery.RENDERED_MOUTH: render_mouth,
    Forgery.WARPED_STILL: warp_still,
}
WITH_DONOR = {Forgery.AUTOENCODER_SWAP: swap_by_autoencoder, Forgery.ALIGNED_SWAP: swap_aligned}
FORGERY_ODDS = {
    Forgery.SELF_BLEND: 0.3,
    Forgery.AUTOENCODER_SWAP: 0.18,
    Forgery.ALIGNED_SWAP: 0.18,
    Forgery.RENDERED_MOUTH: 0.06,
    Forgery.WARPED_STILL: 0.08,
    Forgery.GRAPHICS_SWAP: 0.2,
}


def choose_forge(kind: Forgery, donor: FaceSample, rng: np.random.Generator) -> Forge:
    """The forgery of that kind. `donor` shows someone else, whose face is taken or not."""
    if kind is Forgery.GRAPHICS_SWAP:
        return partial(swap_by_graphics, donor.image_bgr, donor.landmarks_px)
    if kind not in WITH_DONOR or rng.random() >= DONOR_SHARE:
        return ALONE[kind]

    def swap(image_bgr: Image, landmarks_px: npt.NDArray[np.float32], rng: np.random.Generator) -> Pair:
        dressed = dress(donor.image_bgr, donor.landmarks_px, image_bgr, landmarks_px)
        return WITH_DONOR[kind](image_bgr, landmarks_px, rng, dressed)

    return swap


@dataclass(frozen=True, slots=True)
class StoredPair:
    """Two captured frames as JPEG bytes, uint8 of shape (N,), and the landmark box in both, pixels."""

    genuine_jpeg: Image
    forged_jpeg: Image
    box: PixelBox


def make_pairs(
    samples: Sequence[FaceSample], forges: Sequence[Forge], rng: np.random.Generator
) -> list[StoredPair]:
    """A pair of each sample with the forgery beside it. Frames that are filmed share one codec."""
    shots = [_shoot_pair(sample, forge, rng) for sample, forge in zip(samples, forges, strict=True)]
    stored = store_shots(shots, draw_codec(rng))
    return [
        StoredPair(genuine, forged, shot.box) for shot, (genuine, forged) in zip(shots, stored, strict=True)
    ]


def make_captures(samples: Sequence[FaceSample], rng: np.random.Generator) -> list[Image]:
    """Network inputs of simulated captures with no forgery: uint8 RGB of shape (256, 256, 3) each."""
    shots = []
    for sample in samples:
        view = draw_view(sample, rng)
        shots.append(shoot(view, (view.image_bgr,), rng))
    return [
        prepare_deepfake_input(decode_jpeg(data), shift_box(shot.box, rng))
        for shot, (data,) in zip(shots, store_shots(shots, draw_codec(rng)), strict=True)
    ]


def prepare_sample(sample: FaceSample) -> Image:
    """Network input of a face as it stands in its file: uint8 RGB of shape (256, 256, 3)."""
    return prepare_deepfake_input(sample.image_bgr, bound_landmarks(sample.landmarks_px))


def prepare_pair(pair: StoredPair, rng: np.random.Generator) -> tuple[Image, Image]:
    """Network inputs of both members, cut where trembling landmarks would put the crop."""
    box = shift_box(pair.box, rng)
    genuine, forged = (
        prepare_deepfake_input(decode_jpeg(data), box) for data in (pair.genuine_jpeg, pair.forged_jpeg)
    )
    return genuine, forged


def shift_box(box: PixelBox, rng: np.random.Generator) -> PixelBox:
    """Landmarks tremble from frame to frame."""
    x, y, width, height = box
    shift_x, shift_y, grow = rng.uniform(-MAX_BOX_SHIFT, MAX_BOX_SHIFT, 3) * max(width, height)
    return PixelBox(x + shift_x - grow / 2, y + shift_y - grow / 2, width + grow, height + grow)


@dataclass(frozen=True, slots=True)
class PairSampler:
    """Draws chunks of pairs: origins by a fixed share, identities evenly within one, then one of their faces."""

    faces: Mapping[Origin, Sequence[Sequence[FaceSample]]]
    seed: int
    pairs_per_chunk: int = PAIRS_PER_CHUNK

    @classmethod
    def over(
        cls, samples: Sequence[FaceSample], seed: int, pairs_per_chunk: int = PAIRS_PER_CHUNK
    ) -> "PairSampler":
        """A sampler over `samples`. Raises ValueError when there is none."""
        if not samples:
            raise ValueError("there are no faces to draw pairs from")
        grouped: dict[Origin, dict[str, list[FaceSample]]] = {}
        for sample in samples:
            grouped.setdefault(sample.origin, {}).setdefault(sample.identity, []).append(sample)
        return cls({origin: list(faces.values()) for origin, faces in grouped.items()}, seed, pairs_per_chunk)

    def draw_chunk(self, index: int) -> list[StoredPair]:
        """The pairs of chunk `index`."""
        rng = np.random.default_rng([self.seed, index])
        kinds = [str(kind) for kind in FORGERY_ODDS]
        drawn = rng.choice(kinds, self.pairs_per_chunk, p=list(FORGERY_ODDS.values()))
        samples = [self.draw_sample(rng) for _ in drawn]
        forges = [
            choose_forge(Forgery(kind), self.draw_donor(sample, rng), rng)
            for kind, sample in zip(drawn, samples, strict=True)
        ]
        return make_pairs(samples, forges, rng)

    def draw_sample(self, rng: np.random.Generator) -> FaceSample:
        """A face of the origin and the identity that come up."""
        if len(self.faces) == 2:
            people = self.faces[Origin.CLIP if rng.random() < CLIP_SHARE else Origin.PORTRAIT]
        else:
            (people,) = self.faces.values()
        faces = people[rng.integers(len(people))]
        return faces[rng.integers(len(faces))]

    def draw_donor(self, sample: FaceSample, rng: np.random.Generator) -> FaceSample:
        """A face of someone else, the nearest in shape of a few: no forger takes a profile for a frontal face."""
        drawn = [self.draw_sample(rng) for _ in range(DONORS_COMPARED)]
        return choose_donor(sample, [donor for donor in drawn if donor.identity != sample.identity] or drawn)


def choose_donor(sample: FaceSample, donors: Sequence[FaceSample]) -> FaceSample:
    """The one of `donors` whose landmarks, freed of place and size, lie nearest to the sample's."""
    shape = _normalise(sample.landmarks_px)
    return min(donors, key=lambda donor: float(((_normalise(donor.landmarks_px) - shape) ** 2).sum()))


def _normalise(landmarks_px: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    centred = landmarks_px - landmarks_px.mean(axis=0)
    return (centred / np.sqrt((centred**2).sum())).astype(np.float32)


def _shoot_pair(sample: FaceSample, forge: Forge, rng: np.random.Generator) -> Shot:
    view = draw_view(sample, rng)
    pair = forge(view.image_bgr, view.landmarks_px, rng)
    return shoot(view, (pair.genuine_bgr, pair.blended_bgr), rng)
