"""One door to all species: the frames that an attacker's camera or injection shows."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from verification.attacks.face_swap import swap_faces
from verification.attacks.injection import freeze, loop, resend, stitch
from verification.attacks.intruders import add_second_face, swap_person
from verification.attacks.prints import BentPrint, FlatPrint, PrintAttack
from verification.attacks.reenactment import reenact
from verification.attacks.replay import replay
from verification.attacks.species import AttackSpecies
from verification.attacks.stills import FaceNotFound, Image, LandmarkSource, choose_still

# Species that cannot be made from one person's clip alone.
NEEDS_ACCOMPLICE = frozenset({AttackSpecies.SECOND_FACE, AttackSpecies.PERSON_SWAP, AttackSpecies.FACE_SWAP})
# Species that can go on for longer than the clip they are made from.
ENDLESS = frozenset(
    {
        AttackSpecies.PRINT_FLAT,
        AttackSpecies.PRINT_BENT,
        AttackSpecies.INJECTED_FROZEN,
        AttackSpecies.INJECTED_LOOP,
        AttackSpecies.INJECTED_STITCH,
    }
)


def render_attack(
    species: AttackSpecies,
    victim: Sequence[Image],
    fps: float,
    accomplice: Sequence[Image] | None,
    rng: np.random.Generator,
    *,
    landmarks: LandmarkSource,
    count: int | None = None,
) -> Iterator[Image]:
    """The frames of a simulated attack, uint8 BGR of the victim's frames' shape, at the same `fps`.

    victim: the clip that the attack is made from, frames of one shape; it may be read lazily and more than once.
    accomplice: another person's clip: the intruder, or whose face is put on the victim's clip (face_swap), or
        whose still is made to move as the victim does (reenactment; without one it is the victim's own). For
        prints and replays it only lends a background. Needed by the species of NEEDS_ACCOMPLICE.
    count: how many frames; one for each of the victim's by default. Only ENDLESS species give more than that.
    The same arguments and generator state give the same frames.

    Raises ValueError for an accomplice that is missing, FaceNotFound (a ValueError) for a clip without a face.
    """
    if not victim:
        raise FaceNotFound("the clip has no frames")
    if species in NEEDS_ACCOMPLICE and not accomplice:
        raise ValueError(f"{species} needs another person's clip")
    wanted = len(victim) if count is None else count
    material = _Material(victim, fps, accomplice or (), rng, landmarks, wanted / fps)
    return islice(_RENDER[species](material), wanted)


@dataclass(frozen=True, slots=True)
class _Material:
    """What an attack is made from; see render_attack. accomplice: empty for none."""

    victim: Sequence[Image]
    fps: float
    accomplice: Sequence[Image]
    rng: np.random.Generator
    landmarks: LandmarkSource
    duration_s: float

    @property
    def other(self) -> Image | None:
        """A frame of somebody else, for the background."""
        return self.accomplice[len(self.accomplice) // 2] if self.accomplice else None


def _hold_print(kind: type[PrintAttack], m: _Material) -> Iterator[Image]:
    still = choose_still(m.victim, m.landmarks)
    return kind(still, m.victim[0].shape[:2], m.duration_s, m.rng, m.other).film(m.fps)


_RENDER: Mapping[AttackSpecies, Callable[[_Material], Iterator[Image]]] = {
    AttackSpecies.PRINT_FLAT: lambda m: _hold_print(FlatPrint, m),
    AttackSpecies.PRINT_BENT: lambda m: _hold_print(BentPrint, m),
    AttackSpecies.SCREEN_REPLAY: lambda m: replay(m.victim, m.fps, m.rng, m.other),
    AttackSpecies.INJECTED_FROZEN: lambda m: freeze(choose_still(m.victim, m.landmarks).bgr, m.fps, m.rng),
    AttackSpecies.INJECTED_LOOP: lambda m: loop(m.victim, m.fps, m.rng),
    AttackSpecies.INJECTED_STITCH: lambda m: stitch(m.victim, m.fps, m.rng),
    AttackSpecies.INJECTED_BURST: lambda m: resend(m.victim, m.fps, m.rng),
    AttackSpecies.SECOND_FACE: lambda m: add_second_face(m.victim, m.fps, m.accomplice, m.rng, m.landmarks),
    AttackSpecies.PERSON_SWAP: lambda m: swap_person(m.victim, m.fps, m.accomplice, m.rng, m.landmarks),
    AttackSpecies.FACE_SWAP: lambda m: swap_faces(m.victim, m.fps, m.accomplice, m.rng, m.landmarks),
    AttackSpecies.REENACTMENT: lambda m: reenact(m.victim, m.fps, m.accomplice, m.rng, m.landmarks),
}
