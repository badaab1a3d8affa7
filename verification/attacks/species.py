"""The attack species that can be simulated from clips of living people."""

from enum import StrEnum


class AttackSpecies(StrEnum):
    """Names as reports show them (ISO/IEC 30107-3: presentation attack instrument species, and injections)."""

    PRINT_FLAT = "print_flat"
    PRINT_BENT = "print_bent"
    SCREEN_REPLAY = "screen_replay"
    INJECTED_FROZEN = "injected_frozen"
    INJECTED_LOOP = "injected_loop"
    INJECTED_STITCH = "injected_stitch"
    INJECTED_BURST = "injected_burst"
    SECOND_FACE = "second_face"
    PERSON_SWAP = "person_swap"
    FACE_SWAP = "face_swap"
    REENACTMENT = "reenactment"


_SENTENCES = {
    AttackSpecies.PRINT_FLAT: "A still of the person printed on paper and waved before a camera by hand.",
    AttackSpecies.PRINT_BENT: "The same print bent to a cylinder, with a bend that changes, and turned.",
    AttackSpecies.SCREEN_REPLAY: "The whole clip played on a screen before a camera.",
    AttackSpecies.INJECTED_FROZEN: "One frame sent again and again, with fresh noise and compression each time.",
    AttackSpecies.INJECTED_LOOP: "Two to six seconds of the clip repeated, with fresh noise and compression.",
    AttackSpecies.INJECTED_STITCH: "Pieces of the clip put together in another order, with hard cuts.",
    AttackSpecies.INJECTED_BURST: "The clip's own frames, held back and then sent in clumps.",
    AttackSpecies.SECOND_FACE: "Another person's face comes in at the side after a while and stays.",
    AttackSpecies.PERSON_SWAP: "From a moment on another person is before the camera.",
    AttackSpecies.FACE_SWAP: "Another person's face warped onto every frame, colour-matched and blended in.",
    AttackSpecies.REENACTMENT: "One still bent frame by frame so that its landmarks follow a moving face.",
}


def describe_species(species: AttackSpecies) -> str:
    """One sentence for a report: what the simulated attacker does."""
    return _SENTENCES[species]
