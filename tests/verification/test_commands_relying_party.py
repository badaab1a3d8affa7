import json

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


def call(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    call_command("relying_party", *arguments)
    return capsys.readouterr().out


def test_terms_are_set_at_creation_and_changed_later(capsys: pytest.CaptureFixture[str]) -> None:
    terms = ["--audience", "bank", "--origin", "https://bank.example", "--threshold", "0.8", "--retries", "2"]
    pool = ["--pool", "turn_left,turn_right,nod,smile", "--redirect-uri", "https://bank.example/done"]
    key = call(capsys, "create", "bank", *terms, *pool, "--expires-days", "30").splitlines()[-1]
    party = RelyingParty.objects.get()
    assert (party.audience, party.pass_threshold, party.max_consecutive_failures) == ("bank", 0.8, 2)
    assert party.challenge_pool == ["turn_left", "turn_right", "nod", "smile"]
    assert ApiKey.objects.get().expires_at is not None
    call(capsys, "change", "bank", "--active", "no", "--threshold", "0.9")
    party.refresh_from_db()
    assert (party.is_active, party.pass_threshold, party.audience) == (False, 0.9, "bank")
    assert find_relying_party(key) is None


@pytest.mark.parametrize(
    "arguments",
    [
        ["create", "shop", "--threshold", "2"],
        ["create", "shop", "--pool", "fly"],
        ["create", "shop", "--redirect-uri", "http://shop.example"],
        ["create", "shop", "--expires-days", "0"],
        ["change", "nobody"],
        ["rotate", "nobody"],
        ["revoke", "nothing"],
        ["oidc", "nobody"],
        ["webhook", "nobody"],
    ],
    ids=" ".join,
)
def test_what_cannot_be_is_refused_and_nothing_is_stored(arguments: list[str]) -> None:
    with pytest.raises(CommandError):
        call_command("relying_party", *arguments)
    assert not RelyingParty.objects.exists()


def test_keys_are_rotated_and_revoked(capsys: pytest.CaptureFixture[str]) -> None:
    old = create(capsys, "bank")
    new = call(capsys, "rotate", "bank", "--overlap-hours", "1").splitlines()[-1]
    assert find_relying_party(old) == find_relying_party(new) == RelyingParty.objects.get()
    assert "is revoked" in call(capsys, "revoke", old.partition(".")[0])
    assert find_relying_party(old) is None
    assert call(capsys, "list") == f"bank: {new.partition('.')[0]}\n"


def test_a_webhook_has_an_address_and_a_secret(capsys: pytest.CaptureFixture[str]) -> None:
    create(capsys, "bank")
    first = call(capsys, "webhook", "bank", "--url", "https://bank.example/hooks").splitlines()
    assert "https://bank.example/hooks" in first[0]
    assert call(capsys, "webhook", "bank").splitlines()[1] == first[1]
    assert call(capsys, "webhook", "bank", "--rotate-secret").splitlines()[1] != first[1]


def test_sign_in_is_set_up(capsys: pytest.CaptureFixture[str]) -> None:
    create(capsys, "bank")
    call(capsys, "change", "bank", "--redirect-uri", "https://bank.example/callback")
    out = call(capsys, "oidc", "bank")
    assert "client_id: " in out
    assert "client_secret, shown this once: " in out
    assert "client_secret" not in call(capsys, "oidc", "bank", "--public")


def test_the_list_for_machines_holds_terms_and_no_secret(capsys: pytest.CaptureFixture[str]) -> None:
    key = create(capsys, "bank")
    (listed,) = json.loads(call(capsys, "list", "--json"))
    assert (listed["name"], listed["keys"][0]["prefix"]) == ("bank", key.partition(".")[0])
    assert key.partition(".")[2] not in json.dumps(listed)
    assert "hash" not in json.dumps(listed)
