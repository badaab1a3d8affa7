"""Every row of the HTTP table in docs/protocol.md, and that nothing a client sends yields a 500."""

import json
import re
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client, override_settings
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt as jose_jwt
from joserfc.jwk import KeySet
from pytest_django import Settings
from rest_framework.throttling import ScopedRateThrottle

from audit.models import AuditEvent
from tests.verification.sessions import conclude, end, issue
from verification import services
from verification.api_keys import create_api_key
from verification.health import check_health
from verification.liveness.vocabulary import Reason
from verification.models import RelyingParty, VerificationSession
from verification.secrets_at_rest import hash_secret

pytestmark = pytest.mark.django_db
JSON = "application/json"
PROBLEM = "application/problem+json"
NOBODYS_SESSION = "4f0c4d0e-7a53-4a86-9f50-0d1f2c6f9f35"  # the same in every worker: test names hold it
Answer = Any  # a response with the `json()` that Django's test client adds


@pytest.fixture
def party() -> RelyingParty:
    return RelyingParty.objects.create(name="bank")


@pytest.fixture
def key(party: RelyingParty) -> dict[str, str]:
    return {"Authorization": f"Api-Key {create_api_key(party)}"}


@pytest.fixture
def open_to_all(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """No key is needed, and nobody asks too often."""
    settings.POL_REQUIRE_API_KEY = False
    for scope in ScopedRateThrottle.THROTTLE_RATES:
        monkeypatch.setitem(ScopedRateThrottle.THROTTLE_RATES, scope, "1000000/min")


def post(client: Client, path: str, body: Any, **extra: Any) -> Answer:
    content = body if isinstance(body, str | bytes) else json.dumps(body)
    return client.generic("POST", path, content, content_type=extra.pop("content_type", JSON), **extra)


def open_session(client: Client, body: Any = None, **extra: Any) -> Answer:
    return post(client, "/auth/verify", {"user_id": "alice"} if body is None else body, **extra)


def assert_problem(response: Answer, status: int, code: str) -> dict[str, Any]:
    assert response.status_code == status, response.content
    assert response["Content-Type"] == PROBLEM
    problem: dict[str, Any] = json.loads(response.content)
    assert set(problem) == {"type", "title", "status", "detail", "code"}
    assert (problem["status"], problem["code"]) == (status, code)
    assert problem["type"].endswith(code)
    assert problem["title"]
    assert problem["detail"]
    return problem


# --- POST /auth/verify -------------------------------------------------------------------------------


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


INVALID: list[Any] = [
    {},
    [],
    None,
    "alice",
    7,
    {"user_id": ""},
    {"user_id": None},
    {"user_id": 7},
    {"user_id": True},
    {"user_id": ["alice"]},
    {"user_id": {"name": "alice"}},
    {"user_id": "a" * 129},
    {"user_id": "a\x00b"},
    {"user_id": "a\nb"},
    {"user_id": "a\x7fb"},
    {"user_id": "a\u0085b"},
    {"user_id": "a\u2028b"},
    {"user_id": "\ud800"},
    {"user_id": "alice", "exclude": "blink"},
    {"user_id": "alice", "exclude": ["look_straight"]},
    {"user_id": "alice", "exclude": ["jump"]},
    {"user_id": "alice", "exclude": [1]},
    {"user_id": "alice", "exclude": [["blink"]]},
    {"user_id": "alice", "exclude": {"blink": 1}},
    {"user_id": "alice", "exclude": ["blink"] * 21},
    {"user_id": "alice", "exclude": None},
    {"user_id": "alice", "locale": "../../etc"},
    {"user_id": "alice", "locale": 5},
    {"user_id": "alice", "redirect_uri": "javascript:alert(1)"},
    {"user_id": "alice", "redirect_uri": "http://shop.example/"},
    {"user_id": "alice", "redirect_uri": "http://localhost.evil.example/"},
    {"user_id": "alice", "redirect_uri": "http://127.0.0.1.evil.example/"},
    {"user_id": "alice", "redirect_uri": "https://" + "a" * 2_000 + ".example"},
    {"user_id": "alice", "state": 5},
    {"user_id": "alice", "state": "s" * 501},
]


@pytest.mark.parametrize("body", INVALID, ids=lambda body: json.dumps(body)[:60])
def test_missing_fields_and_wrong_types_are_invalid(client: Client, key: dict[str, str], body: Any) -> None:
    # json.dumps: `null` is a body too, unlike an argument that is left out
    assert_problem(open_session(client, json.dumps(body), headers=key), 400, "invalid_request")
    assert not VerificationSession.objects.exists()


@pytest.mark.parametrize("length", [1, 128])
def test_a_name_has_1_to_128_characters(client: Client, key: dict[str, str], length: int) -> None:
    assert open_session(client, {"user_id": "ß" * length}, headers=key).status_code == 201


@pytest.mark.parametrize("address", ["http://localhost:3000/x", "http://127.0.0.1/", "http://[::1]:8/"])
def test_a_developer_may_return_to_the_own_machine(client: Client, key: dict[str, str], address: str) -> None:
    body = {"user_id": "alice", "redirect_uri": address}
    assert open_session(client, body, headers=key).status_code == 201


MALFORMED = {
    "text": b"hello",
    "half": b'{"user_id": ',
    "not UTF-8": b'{"user_id": "\xff\xfe"}',
    "NaN": b'{"user_id": NaN}',
    "deep": b"[" * 30_000,
    "deep object": b'{"a":' * 10_000,
    "long number": b'{"user_id": ' + b"9" * 10_000 + b"}",
    "two documents": b"{}{}",
    "UTF-16": '{"user_id": "alice"}'.encode("utf-16"),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_what_is_not_json_is_malformed(client: Client, key: dict[str, str], name: str) -> None:
    assert_problem(open_session(client, MALFORMED[name], headers=key), 400, "malformed_json")


@pytest.mark.parametrize("charset", ["zlib", "hex", "base64", "idna", "undefined", "utf-16", "nonsense"])
def test_a_body_is_utf_8_whatever_charset_it_claims(
    client: Client, key: dict[str, str], charset: str
) -> None:
    response = open_session(client, content_type=f"{JSON}; charset={charset}", headers=key)
    assert response.status_code == 201


def test_a_body_over_64_kilobytes_is_too_large(client: Client, key: dict[str, str]) -> None:
    body = {"user_id": "alice", "padding": "x" * 70_000}
    assert_problem(open_session(client, body, headers=key), 413, "too_large")


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]
)
def test_only_json_is_read(client: Client, key: dict[str, str], content_type: str) -> None:
    response = open_session(client, b"user_id=alice", content_type=content_type, headers=key)
    assert_problem(response, 415, "unsupported_media_type")


def test_another_method_is_not_allowed(client: Client, key: dict[str, str]) -> None:
    assert_problem(client.get("/auth/verify", headers=key), 405, "method_not_allowed")
    assert_problem(client.delete("/auth/verify", headers=key), 405, "method_not_allowed")


@pytest.mark.parametrize(
    "exclude",
    [
        ["turn_left", "turn_right", "look_up", "look_down", "nod"],
        ["turn_left", "turn_right", "look_up", "look_down", "blink", "open_mouth", "raise_eyebrows", "smile"],
    ],
)
def test_exclusions_that_leave_too_little_are_told_apart(
    client: Client, key: dict[str, str], exclude: list[str]
) -> None:
    response = open_session(client, {"user_id": "alice", "exclude": exclude}, headers=key)
    assert_problem(response, 422, "pool_exhausted")
    assert not VerificationSession.objects.exists()


def test_without_a_key_no_session_is_opened(client: Client) -> None:
    response = open_session(client)
    assert_problem(response, 401, "not_authenticated")
    assert response["WWW-Authenticate"] == "Api-Key"


@pytest.mark.usefixtures("open_to_all")
def test_where_no_key_is_required_none_is_needed_but_a_wrong_one_is_refused(client: Client) -> None:
    assert open_session(client).status_code == 201
    response = open_session(client, headers={"Authorization": "Api-Key nobody.secret"})
    assert_problem(response, 401, "invalid_api_key")


def test_too_many_requests_are_told_when_to_come_back(
    client: Client, key: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ScopedRateThrottle.THROTTLE_RATES, "open_session", "2/min")
    assert [open_session(client, headers=key).status_code for _ in range(2)] == [201, 201]
    response = open_session(client, headers=key)
    assert_problem(response, 429, "throttled")
    assert 1 <= int(response["Retry-After"]) <= 60


@pytest.mark.parametrize(
    ("scope", "method", "path"),
    [
        ("read_session", "GET", f"/auth/sessions/{NOBODYS_SESSION}"),
        ("validate_token", "POST", "/token/validate"),
        ("public", "GET", "/.well-known/jwks.json"),
        ("public", "GET", "/health"),
    ],
)
def test_every_other_call_is_throttled_too(
    client: Client, key: dict[str, str], monkeypatch: pytest.MonkeyPatch, scope: str, method: str, path: str
) -> None:
    monkeypatch.setitem(ScopedRateThrottle.THROTTLE_RATES, scope, "1/min")
    assert client.generic(method, path, b"{}", JSON, headers=key).status_code != 429
    response = client.generic(method, path, b"{}", JSON, headers=key)
    assert_problem(response, 429, "throttled")
    assert int(response["Retry-After"]) >= 1


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
FIELDS = st.sampled_from(["user_id", "exclude", "locale", "redirect_uri", "state", "token"])
requests = st.dictionaries(FIELDS, json_values, max_size=5) | json_values


@pytest.mark.usefixtures("open_to_all")
@pytest.mark.parametrize("path", ["/auth/verify", "/token/validate"])
@given(body=requests)
def test_no_json_whatever_breaks_the_server(client: Client, path: str, body: Any) -> None:
    assert post(client, path, json.dumps(body)).status_code in {200, 201, 400, 422}


@pytest.mark.usefixtures("open_to_all")
@pytest.mark.parametrize("path", ["/auth/verify", "/token/validate"])
@given(body=st.binary(max_size=300), content_type=st.sampled_from([JSON, f"{JSON}; charset=hex"]))
def test_no_bytes_whatever_break_the_server(
    client: Client, path: str, body: bytes, content_type: str
) -> None:
    assert post(client, path, body, content_type=content_type).status_code in {200, 201, 400}


@pytest.mark.usefixtures("open_to_all")
@given(user_id=st.text(min_size=1, max_size=128))
def test_a_name_comes_back_as_it_was_given_or_is_refused(client: Client, user_id: str) -> None:
    response = open_session(client, {"user_id": user_id})
    if response.status_code == 201:
        session_id = response.json()["session_id"]
        assert client.get(f"/auth/sessions/{session_id}").json()["user_id"] == user_id
    else:
        assert_problem(response, 400, "invalid_request")


# --- GET /auth/sessions/{session_id} -----------------------------------------------------------------


def read_session(client: Client, session_id: object, **extra: Any) -> Answer:
    return client.get(f"/auth/sessions/{session_id}", **extra)


def test_a_new_session_has_no_verdict(client: Client, key: dict[str, str]) -> None:
    opened = open_session(client, headers=key).json()
    body = read_session(client, opened["session_id"], headers=key).json()
    created_at = datetime.fromisoformat(body.pop("created_at"))
    assert abs(timezone.now() - created_at) < timedelta(minutes=5)
    assert body == {
        "session_id": opened["session_id"],
        "user_id": "alice",
        "status": "created",
        "decision": None,
        "reason": None,
        "scores": None,
        "concluded_at": None,
    }


def test_a_concluded_session_tells_its_verdict_and_scores(
    client: Client, key: dict[str, str], party: RelyingParty
) -> None:
    opened = services.open_session(user_id="alice", relying_party=party)
    services.conclude_session(opened.session.pk, conclude(), end(issue(opened)))
    response = read_session(client, opened.session.pk, headers=key)
    body = response.json()
    assert (body["status"], body["decision"], body["reason"]) == ("concluded", "pass", "verified")
    assert body["scores"] == {"liveness": 0.91, "emotion": 0.8, "deepfake": 0.77, "final": 0.8478}
    assert datetime.fromisoformat(body["concluded_at"])
    assert response["Cache-Control"] == "no-store"
    assert opened.ticket not in response.content.decode()


def test_whoever_reads_an_expired_session_concludes_it(
    client: Client, key: dict[str, str], party: RelyingParty
) -> None:
    opened = services.open_session(user_id="alice", relying_party=party)
    VerificationSession.objects.update(expires_at=timezone.now())
    for _ in range(2):
        body = read_session(client, opened.session.pk, headers=key).json()
        assert (body["decision"], body["reason"]) == ("inconclusive", "session_timeout")
    assert AuditEvent.objects.filter(kind="session_concluded").count() == 1


def test_another_partys_session_is_not_found(client: Client, key: dict[str, str]) -> None:
    shop = RelyingParty.objects.create(name="shop")
    others = services.open_session(user_id="alice", relying_party=shop)
    nobodys = services.open_session(user_id="alice")
    for session_id in (others.session.pk, nobodys.session.pk, uuid4(), "not-an-id", "%00"):
        assert_problem(read_session(client, session_id, headers=key), 404, "not_found")


@pytest.mark.usefixtures("open_to_all")
def test_without_a_key_only_sessions_of_nobody_are_found(client: Client, party: RelyingParty) -> None:
    theirs = services.open_session(user_id="alice", relying_party=party)
    nobodys = services.open_session(user_id="alice")
    assert_problem(read_session(client, theirs.session.pk), 404, "not_found")
    assert read_session(client, nobodys.session.pk).status_code == 200


def test_reading_needs_a_key(client: Client) -> None:
    opened = services.open_session(user_id="alice")
    assert_problem(read_session(client, opened.session.pk), 401, "not_authenticated")


# --- POST /token/validate and the keys ---------------------------------------------------------------


def issue_token(user_id: str = "alice") -> str:
    opened = services.open_session(user_id=user_id)
    token = services.conclude_session(opened.session.pk, conclude(), end(issue(opened)))
    assert token is not None
    return token.token


def test_a_token_is_valid_for_anyone_who_asks_and_the_first_time_is_audited(client: Client) -> None:
    token = issue_token()
    for _ in range(2):
        response = post(client, "/token/validate", {"token": token})
        assert response.status_code == 200
        body = response.json()
        assert set(body) == {"valid", "payload"}
        assert body["valid"] is True
        assert body["payload"]["user_id"] == "alice"
        assert body["payload"]["token_type"] == "proof_of_life"
    assert AuditEvent.objects.filter(kind="token_validated").count() == 1
    assert VerificationSession.objects.get().token_validated_at is not None


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda token: token[:-4] + "AAAA", "bad_signature"),
        (lambda token: token + "x", None),
        (lambda token: "", "malformed"),
        (lambda token: "a.b.c", "malformed"),
        (lambda token: "ü\x00", "malformed"),
        (lambda token: "x" * 60_000, "malformed"),
    ],
)
def test_what_is_no_token_of_ours_is_invalid_with_a_reason(client: Client, spoil: Any, reason: Any) -> None:
    response = post(client, "/token/validate", {"token": spoil(issue_token())})
    if response.status_code == 400:
        assert_problem(response, 400, "invalid_request")
        return
    body = response.json()
    assert (response.status_code, body["valid"], body["payload"]) == (200, False, None)
    assert body["reason"] == reason or reason is None
    assert not AuditEvent.objects.filter(kind="token_validated").exists()


@pytest.mark.parametrize("body", [{}, {"token": None}, {"token": 1}, {"token": ["a"]}, [], "a.b.c"])
def test_a_question_without_a_token_is_invalid(client: Client, body: Any) -> None:
    assert_problem(post(client, "/token/validate", json.dumps(body)), 400, "invalid_request")


def test_another_jose_library_accepts_the_token_with_the_published_keys(client: Client) -> None:
    response = client.get("/.well-known/jwks.json")
    jwks = response.json()
    assert all({"kid", "alg", "use", "n", "e"} <= set(key) for key in jwks["keys"])
    assert {(key["kty"], key["alg"], key["use"]) for key in jwks["keys"]} == {("RSA", "RS256", "sig")}
    assert not any({"d", "p", "q"} & set(key) for key in jwks["keys"])
    decoded = jose_jwt.decode(issue_token("bob"), KeySet.import_key_set(jwks), algorithms=["RS256"])
    assert decoded.header["kid"] in {key["kid"] for key in jwks["keys"]}
    assert decoded.claims["sub"] == "bob"
    assert decoded.claims["exp"] - decoded.claims["iat"] == 15 * 60
    assert "max-age" in response["Cache-Control"]


def test_a_session_that_did_not_pass_leaves_nothing_to_validate() -> None:
    opened = services.open_session(user_id="alice")
    assert services.conclude_session(opened.session.pk, conclude(Reason.CANCELLED)) is None
    assert VerificationSession.objects.get().token_id is None


# --- GET /health -------------------------------------------------------------------------------------


def test_health_is_open_and_says_what_it_looked_at(client: Client) -> None:
    response = client.get("/health")
    body = response.json()
    assert body == check_health_without_request()
    assert response.status_code == (200 if body["status"] == "ok" else 503)
    assert response["Cache-Control"] == "no-store"


def check_health_without_request() -> dict[str, Any]:
    return check_health(connection)


def test_health_answers_though_the_cache_is_down(client: Client) -> None:
    nobody = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://127.0.0.1:1/0"}
    with override_settings(CACHES=settings.CACHES | {"default": nobody}):
        response = client.get("/health")
    assert response.status_code == 503
    assert response.json()["status"] == "unavailable"
