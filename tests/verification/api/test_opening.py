"""POST /auth/verify as docs/protocol.md has it: what is opened, and with what."""

import re
from datetime import datetime

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from tests.verification.api.conftest import assert_problem, open_session
from verification.models import RelyingParty, VerificationSession
from verification.secrets_at_rest import hash_secret

pytestmark = pytest.mark.django_db


def test_a_session_is_opened_and_its_addresses_are_absolute(client: Client, key: dict[str, str]) -> None:
    response = open_session(client, headers=key)
    assert response.status_code == 201
    body = response.json()
    assert set(body) == {"session_id", "websocket_url", "verify_url", "expires_at"}
    session = VerificationSession.objects.get(pk=body["session_id"])
    address = re.fullmatch(
        rf"ws://testserver/ws/verify/{session.pk}\?ticket=([A-Za-z0-9_-]{{43}})", body["websocket_url"]
    )
    assert address
    assert hash_secret(address[1]) == session.ticket_hash
    assert datetime.fromisoformat(body["expires_at"]) == session.expires_at
    assert response["Cache-Control"] == "no-store"


def test_the_ticket_is_in_the_fragment_of_the_page_and_not_in_what_a_server_logs(
    client: Client, key: dict[str, str]
) -> None:
    body = open_session(client, headers=key).json()
    page, _, fragment = body["verify_url"].partition("#")
    assert page == f"http://testserver/verify/{body['session_id']}"
    assert fragment == "ticket=" + body["websocket_url"].partition("ticket=")[2]


def test_behind_a_public_address_the_socket_is_secure(
    client: Client, key: dict[str, str], settings: Settings
) -> None:
    settings.POL_PUBLIC_URL = "https://verify.example.org"
    body = open_session(client, headers=key).json()
    assert body["websocket_url"].startswith("wss://verify.example.org/ws/verify/")
    assert body["verify_url"].startswith("https://verify.example.org/verify/")


def test_everything_a_party_may_say_is_stored(
    client: Client, key: dict[str, str], party: RelyingParty
) -> None:
    body = {
        "user_id": " Álice 😀 ",
        "exclude": ["blink", "nod"],
        "locale": "de-AT",
        "redirect_uri": "https://shop.example/done?x=1",
        "state": "a b",
        "something_else": [1],
    }
    session = VerificationSession.objects.get(pk=open_session(client, body, headers=key).json()["session_id"])
    assert session.relying_party == party
    assert (session.user_id, session.locale, session.state) == (" Álice 😀 ", "de-AT", "a b")
    assert session.redirect_uri == "https://shop.example/done?x=1"
    assert not {"blink", "nod"} & set(session.policy["pool"])


@pytest.mark.parametrize("length", [1, 128])
def test_a_name_has_1_to_128_characters(client: Client, key: dict[str, str], length: int) -> None:
    assert open_session(client, {"user_id": "ß" * length}, headers=key).status_code == 201


@pytest.mark.parametrize("address", ["http://localhost:3000/x", "http://127.0.0.1/", "http://[::1]:8/"])
def test_a_developer_may_return_to_the_own_machine(client: Client, key: dict[str, str], address: str) -> None:
    body = {"user_id": "alice", "redirect_uri": address}
    assert open_session(client, body, headers=key).status_code == 201


@pytest.mark.usefixtures("open_to_all")
@given(user_id=st.text(min_size=1, max_size=128))
def test_a_name_comes_back_as_it_was_given_or_is_refused(client: Client, user_id: str) -> None:
    response = open_session(client, {"user_id": user_id})
    if response.status_code == 201:
        session_id = response.json()["session_id"]
        assert client.get(f"/auth/sessions/{session_id}").json()["user_id"] == user_id
    else:
        assert_problem(response, 400, "invalid_request")
