"""POST /token/validate and the published keys, as docs/protocol.md has them."""

import json
from typing import Any

import pytest
from django.test import Client
from joserfc import jwt as jose_jwt
from joserfc.jwk import KeySet

from audit.models import AuditEvent
from tests.verification.api.conftest import assert_problem, post
from tests.verification.sessions import conclude, end, issue
from verification import services
from verification.liveness.vocabulary import Reason
from verification.models import VerificationSession

pytestmark = pytest.mark.django_db


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
