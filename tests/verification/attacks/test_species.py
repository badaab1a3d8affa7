import pytest

from verification.attacks.pixels import ENDLESS, NEEDS_ACCOMPLICE
from verification.attacks.species import AttackSpecies, describe_species


@pytest.mark.parametrize("species", AttackSpecies)
def test_every_species_is_described_in_one_sentence(species: AttackSpecies) -> None:
    sentence = describe_species(species)
    assert sentence[0].isupper()
    assert sentence.endswith(".")
    assert sentence.count(".") == 1


def test_what_needs_another_person_ends_with_the_clip() -> None:
    assert not NEEDS_ACCOMPLICE & ENDLESS
