import pytest
from django.core.management import CommandError, call_command

from verification.api_keys import find_relying_party
from verification.models import ApiKey, RelyingParty

pytestmark = pytest.mark.django_db


def create(capsys: pytest.CaptureFixture[str], name: str) -> str:
    call_command("relying_party", "create", name)
    return capsys.readouterr().out.splitlines()[-1]


def test_a_new_party_gets_a_key_that_works_shown_once(capsys: pytest.CaptureFixture[str]) -> None:
    key = create(capsys, "My shop")
    party = find_relying_party(key)
    assert party is not None
    assert party.name == "My shop"
    call_command("relying_party", "list")
    assert key.partition(".")[2] not in capsys.readouterr().out


def test_creating_a_party_again_gives_it_one_more_key(capsys: pytest.CaptureFixture[str]) -> None:
    keys = [create(capsys, "bank"), create(capsys, "bank")]
    assert RelyingParty.objects.count() == 1
    assert [find_relying_party(key) for key in keys] == [RelyingParty.objects.get()] * 2


@pytest.mark.parametrize("name", ["", "a" * 101, "two\nlines"])
def test_a_name_that_cannot_be_is_refused_and_nothing_is_stored(name: str) -> None:
    with pytest.raises(CommandError):
        call_command("relying_party", "create", name)
    assert not RelyingParty.objects.exists()
    assert not ApiKey.objects.exists()


def test_parties_are_listed_with_their_keys_prefixes(capsys: pytest.CaptureFixture[str]) -> None:
    key = create(capsys, "bank")
    RelyingParty.objects.create(name="old shop", is_active=False)
    call_command("relying_party", "list")
    lines = capsys.readouterr().out.splitlines()
    assert lines == [f"bank: {key.partition('.')[0]}", "old shop (inactive): no key"]
