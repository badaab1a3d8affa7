import pytest
from django.test import RequestFactory
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from audit.models import AuditEvent
from verification.api_keys import (
    MAX_HEADER_BYTES,
    ApiKeyAuthentication,
    create_api_key,
    find_relying_party,
)
from verification.models import ApiKey, RelyingParty
from verification.secrets_at_rest import hash_secret

pytestmark = pytest.mark.django_db


@pytest.fixture
def party() -> RelyingParty:
    return RelyingParty.objects.create(name="bank")


def authenticate(header: str | None) -> RelyingParty | None:
    headers = {} if header is None else {"Authorization": header}
    found = ApiKeyAuthentication().authenticate(Request(RequestFactory().get("/", headers=headers)))
    return found[1] if found else None


def test_a_key_finds_its_party_and_only_its_hash_is_kept(party: RelyingParty) -> None:
    key = create_api_key(party)
    prefix, _, secret = key.partition(".")
    stored = ApiKey.objects.get()
    assert (stored.prefix, stored.secret_hash) == (prefix, hash_secret(secret))
    assert find_relying_party(key) == party
    assert len(secret) == 43  # 256 bits


def test_making_a_key_is_audited_without_the_key(party: RelyingParty) -> None:
    key = create_api_key(party)
    event = AuditEvent.objects.get()
    assert (event.kind, event.relying_party) == ("api_key_created", "bank")
    assert event.detail == {"prefix": key.partition(".")[0]}


def test_each_of_several_keys_works(party: RelyingParty) -> None:
    first, second = create_api_key(party), create_api_key(party)
    assert first != second
    assert find_relying_party(first) == find_relying_party(second) == party


def test_a_revoked_key_is_no_key(party: RelyingParty) -> None:
    key = create_api_key(party)
    ApiKey.objects.update(revoked_at=timezone.now())
    assert find_relying_party(key) is None


def test_the_key_of_an_inactive_party_is_no_key(party: RelyingParty) -> None:
    key = create_api_key(party)
    RelyingParty.objects.update(is_active=False)
    assert find_relying_party(key) is None


def test_one_partys_secret_does_not_fit_anothers_prefix(party: RelyingParty) -> None:
    mine = create_api_key(party)
    theirs = create_api_key(RelyingParty.objects.create(name="shop"))
    assert find_relying_party(f"{mine.partition('.')[0]}.{theirs.partition('.')[2]}") is None


@given(text=st.text(max_size=200))
def test_no_other_text_is_a_key(text: str) -> None:
    party, _ = RelyingParty.objects.get_or_create(name="bank")
    key = create_api_key(party)
    assert find_relying_party(text) is None
    assert find_relying_party(key + text) in (None, party if not text else None)


@pytest.mark.parametrize("scheme", ["Api-Key", "api-key", "API-KEY"])
def test_the_header_carries_the_key(party: RelyingParty, scheme: str) -> None:
    assert authenticate(f"{scheme} {create_api_key(party)}") == party
    assert authenticate(f"{scheme}   {create_api_key(party)} ") == party


@pytest.mark.parametrize("header", [None, "", "Basic YTpi", "Bearer x", "Api-Keyx y"])
def test_another_scheme_is_not_judged(header: str | None) -> None:
    assert authenticate(header) is None


@pytest.mark.parametrize("key", ["", ".", "nobody.secret", "a.b.c", "é.ü", "x" * MAX_HEADER_BYTES])
def test_a_wrong_key_is_refused(party: RelyingParty, key: str) -> None:
    create_api_key(party)
    with pytest.raises(AuthenticationFailed) as caught:
        authenticate(f"Api-Key {key}")
    assert caught.value.get_codes() == "invalid_api_key"
