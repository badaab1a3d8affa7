from itertools import islice

import numpy as np
import pytest

from tests.verification.attacks.clips import FPS, FRAMES, SHAPE, difference
from verification.attacks.pixels import ENDLESS, NEEDS_ACCOMPLICE, render_attack
from verification.attacks.species import AttackSpecies
from verification.attacks.stills import FaceNotFound, Image, LandmarkSource

EACH_SPECIES = pytest.mark.parametrize("species", AttackSpecies)


@EACH_SPECIES
def test_a_species_renders_the_same_frames_from_the_same_seed_and_leaves_the_clips_alone(
    species: AttackSpecies, victim: list[Image], accomplice: list[Image], landmarks: LandmarkSource
) -> None:
    before = [frame.copy() for frame in victim + accomplice]

    def render(seed: int) -> list[Image]:
        rng = np.random.default_rng(seed)
        return list(render_attack(species, victim, FPS, accomplice, rng, landmarks=landmarks))

    first, again, other = render(1), render(1), render(2)
    assert len(first) == FRAMES
    assert {frame.shape for frame in first} == {(*SHAPE, 3)}
    assert {frame.dtype for frame in first} == {np.dtype(np.uint8)}
    for one, same in zip(first, again, strict=True):
        np.testing.assert_array_equal(one, same)
    assert difference(first[-1], other[-1]) > 0.1
    for frame, kept in zip(victim + accomplice, before, strict=True):
        np.testing.assert_array_equal(frame, kept)


@EACH_SPECIES
def test_only_endless_species_outlast_the_clip(
    species: AttackSpecies, victim: list[Image], accomplice: list[Image], landmarks: LandmarkSource
) -> None:
    short, wanted = victim[:3], 5
    frames = render_attack(
        species, short, FPS, accomplice, np.random.default_rng(0), landmarks=landmarks, count=wanted
    )
    assert len(list(frames)) == (wanted if species in ENDLESS else len(short))


@EACH_SPECIES
def test_the_other_person_is_asked_for_where_one_is_needed(
    species: AttackSpecies, victim: list[Image], landmarks: LandmarkSource
) -> None:
    def render() -> list[Image]:
        attack = render_attack(species, victim, FPS, None, np.random.default_rng(0), landmarks=landmarks)
        return list(islice(attack, 2))

    if species in NEEDS_ACCOMPLICE:
        with pytest.raises(ValueError, match="another person"):
            render()
    else:
        assert len(render()) == 2


def test_a_clip_without_frames_is_refused(landmarks: LandmarkSource) -> None:
    with pytest.raises(FaceNotFound):
        render_attack(AttackSpecies.PRINT_FLAT, [], FPS, None, np.random.default_rng(0), landmarks=landmarks)
