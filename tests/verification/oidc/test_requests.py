"""Requests that must not begin a sign-in, and where people are sent, or not sent, for them."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from asgiref.sync import sync_to_async
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from tests.verification.oidc.relying_party import CALLBACK, verify
from tests.verification.sockets import CaptureSocket
from verification import services
from verification.liveness.vocabulary import Reason
from verification.models import OidcLogin, RelyingParty, VerificationSession
from verification.oidc.logins import AuthorizationRequest, begin_login, compute_subject, name_cookie
from verification.relying_parties import change_relying_party, create_relying_party, enable_oidc
from verification.retries import open_retry

pytestmark = pytest.mark.django_db
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


@pytest.fixture
def party() -> RelyingParty:
    party = create_relying_party("shop", redirect_uris=[CALLBACK, f"{CALLBACK}?from=app"])
    enable_oidc(party)
    return party


def ask(client: Client, party: RelyingParty, method: str = "get", /, **changes: str | None) -> Any:
    assert party.oidc_client is not None
    params = {
        "response_type": "code",
        "client_id": party.oidc_client.client_id,
        "redirect_uri": CALLBACK,
        "scope": "openid",
        "state": "s t",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        **changes,
    }
    given_params = {name: value for name, value in params.items() if value is not None}
    return getattr(client, method)("/oidc/authorize", given_params)


def read_error(answer: Any, address: str = CALLBACK) -> dict[str, str]:
    assert answer.status_code == 302, answer.content
    assert answer["Location"].startswith(address)
    return {name: values[0] for name, values in parse_qs(urlsplit(answer["Location"]).query).items()}


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_request_leads_to_the_capture_page(client: Client, party: RelyingParty, method: str) -> None:
    answer = ask(client, party, method, login_hint="alice", ui_locales="de en")
    session = VerificationSession.objects.get()
    assert answer.status_code == 303
    assert answer["Location"].startswith(f"http://testserver/verify/{session.pk}#ticket=")
    assert (session.user_id, session.relying_party, session.locale) == ("alice", party, "de")
    assert session.redirect_uri == "http://testserver/oidc/continue"
    cookie = answer.cookies[name_cookie(OidcLogin.objects.get())]
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "nobody"},
        {"client_id": None},
        {"client_id": "a\0b"},
        {"redirect_uri": "https://evil.example/callback"},
        {"redirect_uri": f"{CALLBACK}/"},
        {"redirect_uri": f"{CALLBACK}?x=1"},
        {"redirect_uri": f"{CALLBACK}#f"},
        {"redirect_uri": "HTTPS://shop.example/callback"},
        {"redirect_uri": "https://shop.example@evil.example/callback"},
        {"redirect_uri": "javascript:alert(1)"},
        {"redirect_uri": None},
        {"claims": "{"},
    ],
)
def test_whoever_is_not_known_is_sent_nowhere(
    client: Client, party: RelyingParty, changes: dict[str, str | None]
) -> None:
    answer = ask(client, party, **changes)
    assert answer.status_code == 400
    assert "Location" not in answer
    assert not VerificationSession.objects.exists()


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": "S512"}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "id_token"}, "unsupported_response_type"),
        ({"response_type": "code id_token"}, "unauthorized_client"),
        ({"response_type": None}, "invalid_request"),
        ({"scope": "openid email"}, "invalid_scope"),
        ({"scope": "root"}, "invalid_scope"),
        ({"prompt": "none"}, "login_required"),
        ({"prompt": "none login"}, "invalid_request"),
        ({"request": "eyJ"}, "request_not_supported"),
        ({"request_uri": "https://evil.example"}, "request_not_supported"),
        ({"state": "s" * 2_001}, "invalid_request"),
        ({"nonce": "n" * 256}, "invalid_request"),
    ],
)
def test_a_request_that_cannot_be_met_is_answered_where_it_came_from(
    client: Client, party: RelyingParty, changes: dict[str, str | None], error: str
) -> None:
    query = read_error(ask(client, party, **changes))
    assert query["error"] == error
    assert query["iss"] == "http://testserver"
    if "state" not in changes:
        assert query["state"] == "s t"
    assert not VerificationSession.objects.exists()


def test_the_query_of_a_registered_address_stays(client: Client, party: RelyingParty) -> None:
    address = f"{CALLBACK}?from=app"
    query = read_error(ask(client, party, redirect_uri=address, prompt="none"), address)
    assert (query["from"], query["error"]) == ("app", "login_required")


def test_a_party_that_was_switched_off_is_no_client(client: Client, party: RelyingParty) -> None:
    change_relying_party(party, is_active=False)
    assert ask(client, party).status_code == 400


def test_an_address_that_was_taken_back_is_refused(client: Client, party: RelyingParty) -> None:
    change_relying_party(party, redirect_uris=["https://shop.example/other"])
    assert ask(client, party).status_code == 400


@pytest.mark.parametrize("hint", ["", "a" * 129, "two\nlines", "\0"])
def test_a_hint_that_is_no_user_id_is_no_hint(client: Client, party: RelyingParty, hint: str) -> None:
    ask(client, party, login_hint=hint)
    assert VerificationSession.objects.get().user_id.startswith("oidc-")


@pytest.mark.parametrize("grant", ["password", "client_credentials", "refresh_token", "implicit", ""])
def test_no_other_grant_gives_a_token(client: Client, party: RelyingParty, grant: str) -> None:
    assert party.oidc_client is not None
    form = {"grant_type": grant, "client_id": party.oidc_client.client_id, "username": "a", "password": "b"}
    answer = client.post("/oidc/token", form)
    assert answer.status_code in {400, 401}
    assert "access_token" not in answer.json()


@pytest.mark.parametrize("header", [None, "Bearer", "Bearer x", "Basic YTpi", "Bearer " + "x" * 5_000])
def test_userinfo_needs_a_token(client: Client, header: str | None) -> None:
    answer = client.get("/oidc/userinfo", headers={"Authorization": header} if header else {})
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Bearer")


def test_discovery_names_this_server(client: Client) -> None:
    document = client.get("/.well-known/openid-configuration").json()
    assert document["issuer"] == "http://testserver"
    assert document["jwks_uri"] == "http://testserver/.well-known/jwks.json"
    assert (document["response_types_supported"], document["code_challenge_methods_supported"]) == (
        ["code"],
        ["S256"],
    )


@given(hint=st.text(min_size=1, max_size=128), other=st.text(min_size=1, max_size=128))
def test_a_subject_belongs_to_one_hint_of_one_party(hint: str, other: str) -> None:
    shop, bank = RelyingParty(name="shop"), RelyingParty(name="bank")
    assert compute_subject(shop, hint) == compute_subject(shop, hint) != compute_subject(bank, hint)
    assert (compute_subject(shop, hint) == compute_subject(shop, other)) == (hint == other)
    assert len(compute_subject(shop, hint)) == 43


def begin(party: RelyingParty) -> tuple[Any, str]:
    assert party.oidc_client is not None
    asked = AuthorizationRequest("https://pol.example", CALLBACK, "openid", "", "", CHALLENGE, "", "")
    begun = begin_login(party.oidc_client, asked, "https://pol.example/oidc/continue")
    return begun.opened, f"{name_cookie(begun.login)}={begun.browser_secret}"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("cookie", ["", "pol_login_1=x", "=;,"])
async def test_a_sign_in_begun_elsewhere_gets_no_socket(party: RelyingParty, cookie: str) -> None:
    opened, _ = await sync_to_async(begin)(party)
    async with CaptureSocket(opened, cookie=cookie) as socket:
        messages, code = await socket.read_to_close()
    assert (messages[0]["code"], code) == ("bad_ticket", 4401)


@pytest.mark.django_db(transaction=True)
async def test_the_browser_that_began_gets_its_socket(party: RelyingParty) -> None:
    opened, cookie = await sync_to_async(begin)(party)
    async with CaptureSocket(opened, cookie=f"a=b; {cookie}") as socket:
        await socket.expect("session")


def test_a_further_try_belongs_to_the_same_sign_in(client: Client, party: RelyingParty) -> None:
    answer = ask(client, party)
    session = VerificationSession.objects.get()
    first = services.OpenedSession(session, answer["Location"].partition("#ticket=")[2])
    verify(first, Reason.NO_RESPONSE)
    again = open_retry(session.pk, first.ticket)
    verify(again)
    query = read_error(client.get("/oidc/continue", {"session_id": str(again.session.pk)}))
    assert query["code"]
    assert OidcLogin.objects.get().session == again.session
