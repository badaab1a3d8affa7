"""What the HTTP calls of docs/protocol.md refuse and how, and that nothing a client sends yields a 500."""

import json
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from tests.verification.api.conftest import JSON, assert_problem, open_session, post
from verification.models import VerificationSession

pytestmark = pytest.mark.django_db

NOBODYS_SESSION = "4f0c4d0e-7a53-4a86-9f50-0d1f2c6f9f35"  # the same in every worker: test names hold it
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
    monkeypatch.setitem(settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"], "open_session", "2/min")
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
    monkeypatch.setitem(settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"], scope, "1/min")
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
