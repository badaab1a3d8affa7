"""Operators manage relying parties and their keys; a key is shown once, and every change is audited."""

import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from audit.models import AuditEvent, EventKind
from tests.verification.admin.conftest import SignIn
from verification.admin.relying_parties import LinesField
from verification.api_keys import create_api_key, find_relying_party
from verification.models import ApiKey, RelyingParty

pytestmark = pytest.mark.django_db
BASE = "/admin/verification/relyingparty/"


@pytest.fixture
def operator(sign_in: SignIn) -> Client:
    return sign_in("operator")


def fill(**changes: Any) -> dict[str, Any]:
    """The form as a browser would send it."""
    empty = dict.fromkeys(
        (
            "help_url", "alternative_url", "audience", "allowed_origins", "redirect_uris",
            "pass_threshold", "challenge_pool", "max_consecutive_failures", "webhook_url",
        ),
        "",
    )  # fmt: skip
    return {**empty, "name": "shop", "is_active": "on", **changes}


def read_errors(response: Any) -> str:
    form = response.context["adminform"].form if response.context else None
    return "" if form is None else str(form.errors)


def test_an_operator_adds_a_party_and_it_is_audited(operator: Client) -> None:
    response = operator.post(
        f"{BASE}add/", fill(allowed_origins="https://a.example\r\n\r\nhttps://b.example")
    )
    assert response.status_code == 302, read_errors(response)
    party = RelyingParty.objects.get(name="shop")
    assert party.allowed_origins == ["https://a.example", "https://b.example"]
    event = AuditEvent.objects.get(kind=EventKind.RELYING_PARTY_CREATED)
    assert event.relying_party == "shop"
    assert event.detail["staff_id"] == int(operator.session["_auth_user_id"])


def test_an_operator_switches_a_party_off_and_its_keys_open_nothing(operator: Client) -> None:
    party = RelyingParty.objects.create(name="shop")
    key = create_api_key(party)
    form = fill()
    del form["is_active"]
    response = operator.post(f"{BASE}{party.pk}/change/", form)
    assert response.status_code == 302, read_errors(response)
    assert find_relying_party(key) is None
    event = AuditEvent.objects.get(kind=EventKind.RELYING_PARTY_CHANGED)
    assert event.detail["terms"] == ["is_active"]


def test_what_the_model_refuses_is_said_beside_the_field(operator: Client) -> None:
    response = operator.post(f"{BASE}add/", fill(allowed_origins="https://a.example/path"))
    assert response.status_code == 200
    assert "https://a.example/path" in response.content.decode()
    assert "allowed_origins" in response.context["adminform"].form.errors
    assert not RelyingParty.objects.exists()


def test_nobody_deletes_a_party(admin_client: Client, party: RelyingParty) -> None:
    assert admin_client.post(f"{BASE}{party.pk}/delete/", {"post": "yes"}).status_code == 403
    assert RelyingParty.objects.exists()


def test_a_new_key_is_shown_once_works_and_is_not_cached(operator: Client, party: RelyingParty) -> None:
    response = operator.post(f"{BASE}{party.pk}/issue-key/")
    shown = re.search(r"data-key[^>]*>([^<]+)<", response.content.decode())
    assert shown
    assert find_relying_party(shown[1]) == party
    assert "no-store" in response["Cache-Control"]
    later = operator.get(f"{BASE}{party.pk}/change/").content.decode()
    assert shown[1] not in later
    assert shown[1].split(".")[0] in later


def test_looking_at_the_page_makes_no_key(operator: Client, party: RelyingParty) -> None:
    assert operator.get(f"{BASE}{party.pk}/issue-key/").status_code == 200
    assert not ApiKey.objects.exists()


def test_rotation_gives_the_other_keys_an_end(operator: Client, party: RelyingParty) -> None:
    older = create_api_key(party)
    operator.post(f"{BASE}{party.pk}/issue-key/", {"rotate": "1"})
    key = ApiKey.objects.get(prefix=older.split(".")[0])
    assert key.expires_at is not None
    assert key.expires_at > timezone.now()
    assert ApiKey.objects.filter(expires_at=None).count() == 1


def test_revoking_asks_first_and_then_the_key_opens_nothing(operator: Client, party: RelyingParty) -> None:
    key = create_api_key(party)
    address = f"{BASE}{party.pk}/revoke-key/{key.split('.')[0]}/"
    assert "Revoke this API key?" in operator.get(address).content.decode()
    assert find_relying_party(key) == party
    operator.post(address)
    assert find_relying_party(key) is None
    assert AuditEvent.objects.filter(kind=EventKind.API_KEY_REVOKED).count() == 1


def test_a_key_is_revoked_only_under_its_own_party(operator: Client, party: RelyingParty) -> None:
    other = RelyingParty.objects.create(name="other")
    prefix = create_api_key(party).split(".")[0]
    assert operator.post(f"{BASE}{other.pk}/revoke-key/{prefix}/").status_code == 404


@pytest.mark.parametrize("value", [None, "", "  \n\r\n "])
def test_no_lines_are_an_empty_list(value: str | None) -> None:
    field = LinesField(required=False)
    assert field.clean(value) == []
    assert not field.has_changed([], value)


def test_lines_are_shown_as_they_were_written() -> None:
    field = LinesField()
    assert field.clean(field.prepare_value(["https://a.example", "b"])) == ["https://a.example", "b"]
    assert field.prepare_value("half written\nback") == "half written\nback"
