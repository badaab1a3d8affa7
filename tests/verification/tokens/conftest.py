"""A signing key of its own, tokens that are issued with it, and tokens made without the code under test."""

import base64
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import jwt
import pytest
from pytest_django import Settings

from verification.key_ring import SigningKey, create_key
from verification.tokens import IssuedToken, RefusalReason, issue_token, validate_token

NOW = datetime(2026, 3, 1, 9, 30, 15, 250_000, tzinfo=UTC)
ISSUED_AT = NOW.replace(microsecond=0)
SESSION_ID = UUID("8c1f6a52-90c2-4f4a-b8a1-4c3f6f0f9b60")


@pytest.fixture(scope="module")
def signing_key(tmp_path_factory: pytest.TempPathFactory) -> SigningKey:
    return create_key(tmp_path_factory.mktemp("ring") / "keys")


@pytest.fixture(autouse=True)
def token_settings(settings: Settings, signing_key: SigningKey) -> None:
    settings.POL_SIGNING_KEYS_DIR = Path(signing_key.source).parent
    settings.POL_SIGNING_KEY = ""
    settings.POL_TOKEN_ISSUER = "https://pol.example"
    settings.POL_TOKEN_AUDIENCE = "bank"
    settings.JWT_EXPIRY = timedelta(minutes=15)


def issue(**changes: object) -> IssuedToken:
    arguments: dict[str, Any] = {
        "session_id": SESSION_ID,
        "user_id": "alice",
        "verification_score": 0.87,
        "audience": "bank",
        "now": NOW,
        "jti": "b1946ac9",
    }
    return issue_token(**{**arguments, **changes})


def refusal_of(token: str, *, audience: str | None = None, now: datetime = NOW) -> RefusalReason | None:
    verdict = validate_token(token, audience=audience, now=now)
    assert verdict.valid == (verdict.reason is None) == (verdict.payload is not None)
    return verdict.reason


def sign(
    claims: object, key: SigningKey, *, header: dict[str, Any] | None = None, algorithm: str = "RS256"
) -> str:
    """A token made without the code under test."""
    payload = json.dumps(claims).encode()
    return jwt.api_jws.encode(payload, key.private_key, algorithm, {"kid": key.kid, **(header or {})})


def good_claims(**changes: object) -> dict[str, object]:
    claims: dict[str, object] = {
        "iss": "https://pol.example",
        "aud": "bank",
        "sub": "alice",
        "iat": int(NOW.timestamp()),
        "nbf": int(NOW.timestamp()),
        "exp": int(NOW.timestamp()) + 900,
        "jti": "b1946ac9",
        "session_id": str(SESSION_ID),
        "user_id": "alice",
        "verification_score": 0.87,
        "amr": ["face"],
        "token_type": "proof_of_life",
    }
    return {**claims, **changes}


def encode_segment(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()
