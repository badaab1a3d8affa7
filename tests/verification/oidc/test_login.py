"""Sign in with a proof of life, driven from end to end by Authlib over HTTP."""

import base64
import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from authlib.integrations.base_client.errors import OAuthError
from pytest_django.live_server_helper import LiveServer

from audit.models import AuditEvent
from tests.verification.oidc.relying_party import CALLBACK, Browser, Shop, verify
from verification.liveness.vocabulary import Reason
from verification.models import OidcLogin, VerificationSession
from verification.revocation import judge_token, revoke_token
from verification.tokens import RefusalReason

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def shop(live_server: LiveServer) -> Shop:
    return Shop(live_server.url)


@pytest.fixture
def browser(live_server: LiveServer) -> Browser:
    return Browser(live_server.url)


def log_in(shop: Shop, browser: Browser, **params: str) -> dict[str, Any]:
    opened = browser.open_capture(shop.begin(**params))
    verify(opened)
    return shop.finish(browser.come_back(opened).headers["Location"])


def read_query(answer: requests.Response) -> dict[str, str]:
    location = answer.headers["Location"]
    assert location.startswith(f"{CALLBACK}?")
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


def read_header(token: str) -> dict[str, Any]:
    segment = token.partition(".")[0]
    header: dict[str, Any] = json.loads(base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4)))
    return header


def test_a_person_signs_in_by_being_verified(shop: Shop, browser: Browser, live_server: LiveServer) -> None:
    token = log_in(shop, browser, login_hint="alice")
    claims = token["userinfo"]
    session = VerificationSession.objects.get()
    assert session.concluded_at is not None
    assert (claims["iss"], claims["aud"]) == (live_server.url, shop.client_id)
    assert (claims["amr"], claims["acr"]) == (["face"], "urn:proof-of-life:presence")
    assert claims["auth_time"] == int(session.concluded_at.timestamp())
    assert claims["exp"] - claims["iat"] == 300
    assert claims["nonce"]
    assert "alice" not in json.dumps(claims)
    assert set(claims) == {
        "iss", "aud", "sub", "iat", "exp", "nonce", "at_hash", "auth_time", "amr", "acr",
    }  # fmt: skip


def test_the_id_token_is_signed_by_a_published_key(shop: Shop, browser: Browser) -> None:
    header = read_header(log_in(shop, browser)["id_token"])
    keys = requests.get(f"{shop.provider}/.well-known/jwks.json", timeout=30).json()["keys"]
    assert header["alg"] == "RS256"
    assert header["kid"] in [key["kid"] for key in keys]


def test_userinfo_says_the_subject_and_nothing_else(shop: Shop, browser: Browser) -> None:
    token = log_in(shop, browser, login_hint="alice")
    assert shop.client.userinfo(token=token) == {"sub": token["userinfo"]["sub"]}


def test_there_is_no_refresh_token(shop: Shop, browser: Browser) -> None:
    token = log_in(shop, browser)
    assert "refresh_token" not in token
    assert token["expires_in"] == 300


def test_an_app_without_a_secret_signs_in_with_pkce_alone(live_server: LiveServer, browser: Browser) -> None:
    assert log_in(Shop(live_server.url, is_public=True), browser)["userinfo"]["sub"]


def test_the_same_hint_is_the_same_subject_for_one_party_and_another_for_the_next(
    live_server: LiveServer, browser: Browser
) -> None:
    shops = [Shop(live_server.url, name=name) for name in ("shop", "bank")]
    subjects = [
        [log_in(shop, browser, login_hint=hint)["userinfo"]["sub"] for hint in ("alice", "alice", "bob")]
        for shop in shops
    ]
    for first, again, other in subjects:
        assert first == again != other
    assert not set(subjects[0]) & set(subjects[1])


def test_without_a_hint_each_sign_in_is_a_subject_of_its_own(shop: Shop, browser: Browser) -> None:
    subjects = {log_in(shop, browser)["userinfo"]["sub"] for _ in range(2)}
    assert len(subjects) == 2


@pytest.mark.parametrize(
    ("reason", "words"), [(Reason.CHALLENGE_FAILED, "not passed"), (Reason.NO_RESPONSE, "either way")]
)
def test_whoever_is_not_verified_gets_no_code(
    shop: Shop, browser: Browser, reason: Reason, words: str
) -> None:
    address = shop.begin()
    opened = browser.open_capture(address)
    verify(opened, reason)
    query = read_query(browser.come_back(opened))
    assert query["error"] == "access_denied"
    assert words in query["error_description"]
    assert query["state"] == parse_qs(urlsplit(address).query)["state"][0]
    assert str(reason) not in json.dumps(query)
    with pytest.raises(OAuthError):
        shop.finish(f"{CALLBACK}?error=access_denied&state={query['state']}")


def test_a_check_that_goes_on_gives_no_code_yet(shop: Shop, browser: Browser) -> None:
    opened = browser.open_capture(shop.begin())
    assert browser.come_back(opened).status_code == 409
    verify(opened)
    assert "code" in read_query(browser.come_back(opened))


def test_another_browser_cannot_finish_what_this_one_began(
    shop: Shop, browser: Browser, live_server: LiveServer
) -> None:
    opened = browser.open_capture(shop.begin())
    verify(opened)
    answer = Browser(live_server.url).come_back(opened)
    assert answer.status_code == 400
    assert "Location" not in answer.headers
    assert "code" in read_query(browser.come_back(opened))


def test_a_code_comes_once(shop: Shop, browser: Browser) -> None:
    opened = browser.open_capture(shop.begin())
    verify(opened)
    cookies = dict(browser.http.cookies)
    assert "code" in read_query(browser.come_back(opened))
    browser.http.cookies.update(cookies)
    assert read_query(browser.come_back(opened))["error"] == "access_denied"


def test_a_code_shown_twice_takes_back_what_the_first_one_gave(shop: Shop, browser: Browser) -> None:
    opened = browser.open_capture(shop.begin())
    verify(opened)
    location = browser.come_back(opened).headers["Location"]
    kept = dict(shop.session)
    token = shop.finish(location)
    shop.session.update(kept)
    with pytest.raises(OAuthError, match="invalid_grant"):
        shop.finish(location)
    answer = requests.get(
        f"{shop.provider}/oidc/userinfo",
        headers={"Authorization": f"Bearer {token['access_token']}"},
        timeout=30,
    )
    assert (answer.status_code, answer.json()) == (401, {"error": "invalid_token"})


def test_a_stolen_code_is_worth_nothing_without_its_verifier(shop: Shop, browser: Browser) -> None:
    opened = browser.open_capture(shop.begin())
    verify(opened)
    form = {
        "grant_type": "authorization_code",
        "code": read_query(browser.come_back(opened))["code"],
        "redirect_uri": CALLBACK,
        "code_verifier": "v" * 43,
    }
    answer = requests.post(
        f"{shop.provider}/oidc/token", form, auth=(shop.client_id, shop.client_secret), timeout=30
    )
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


def test_a_code_is_for_the_client_it_was_made_for(
    shop: Shop, browser: Browser, live_server: LiveServer
) -> None:
    thief = Shop(live_server.url, name="thief")
    opened = browser.open_capture(shop.begin())
    verify(opened)
    location = browser.come_back(opened).headers["Location"]
    thief.session.update(
        {key.replace(shop.client_id, thief.client_id): value for key, value in shop.session.items()}
    )
    with pytest.raises(OAuthError, match="invalid_grant"):
        thief.finish(location)


def test_a_withdrawn_verification_ends_the_access_token(shop: Shop, browser: Browser) -> None:
    token = log_in(shop, browser)
    revoke_token(VerificationSession.objects.get().pk)
    answer = requests.get(
        f"{shop.provider}/oidc/userinfo",
        headers={"Authorization": f"Bearer {token['access_token']}"},
        timeout=30,
    )
    assert answer.status_code == 401


def test_an_id_token_is_no_proof_of_life_token(shop: Shop, browser: Browser) -> None:
    verdict = judge_token(log_in(shop, browser)["id_token"])
    assert verdict.reason is RefusalReason.MISSING_CLAIM


def test_neither_code_nor_token_nor_cookie_is_stored_readably(shop: Shop, browser: Browser) -> None:
    opened = browser.open_capture(shop.begin())
    verify(opened)
    secrets = list(dict(browser.http.cookies).values())
    location = browser.come_back(opened).headers["Location"]
    token = shop.finish(location)
    secrets += [parse_qs(urlsplit(location).query)["code"][0], token["access_token"]]
    stored = json.dumps(list(OidcLogin.objects.values()), default=str)
    login = OidcLogin.objects.get()
    assert login.access_token is not None
    assert login.access_token.token == ""
    assert not [secret for secret in secrets if secret in stored]
    assert AuditEvent.objects.filter(kind="login_code_issued").count() == 1
