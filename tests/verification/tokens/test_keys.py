"""Whose key and which algorithm a token may be signed with."""

import base64
import hashlib
import hmac
import json
from datetime import timedelta
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from pytest_django import Settings

from tests.verification.tokens.conftest import NOW, encode_segment, good_claims, issue, refusal_of, sign
from verification.key_ring import SigningKey, create_key
from verification.tokens import RefusalReason


@pytest.fixture(scope="module")
def foreign_key(tmp_path_factory: pytest.TempPathFactory) -> SigningKey:
    return create_key(tmp_path_factory.mktemp("foreign") / "keys")


def test_a_token_without_algorithm_is_refused(signing_key: SigningKey) -> None:
    for algorithm in ("none", "None", "NONE", ""):
        header = encode_segment({"alg": algorithm, "kid": signing_key.kid})
        token = f"{header}.{encode_segment(good_claims())}."
        assert refusal_of(token) == RefusalReason.UNSUPPORTED_ALGORITHM


def test_a_token_signed_by_hmac_with_the_public_key_is_refused(signing_key: SigningKey) -> None:
    secret = signing_key.private_key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    header = encode_segment({"alg": "HS256", "kid": signing_key.kid})
    signed = f"{header}.{encode_segment(good_claims())}"
    mac = hmac.new(secret, signed.encode(), hashlib.sha256).digest()
    signature = base64.urlsafe_b64encode(mac).rstrip(b"=").decode()
    assert refusal_of(f"{signed}.{signature}") == RefusalReason.UNSUPPORTED_ALGORITHM


@pytest.mark.parametrize("algorithm", ["RS384", "RS512", "PS256"])
def test_another_algorithm_of_our_own_key_is_refused(signing_key: SigningKey, algorithm: str) -> None:
    token = sign(good_claims(), signing_key, algorithm=algorithm)
    assert refusal_of(token) == RefusalReason.UNSUPPORTED_ALGORITHM


def test_a_foreign_key_is_unknown(foreign_key: SigningKey) -> None:
    assert refusal_of(sign(good_claims(), foreign_key)) == RefusalReason.UNKNOWN_KEY


def test_a_foreign_key_under_our_kid_is_a_bad_signature(
    foreign_key: SigningKey, signing_key: SigningKey
) -> None:
    token = sign(good_claims(), foreign_key, header={"kid": signing_key.kid})
    assert refusal_of(token) == RefusalReason.BAD_SIGNATURE


def test_a_key_that_the_token_brings_along_is_not_used(foreign_key: SigningKey) -> None:
    ring_of_the_forger = {
        "jwk": {"kty": "RSA"},
        "jku": "https://forger.example",
        "x5u": "https://forger.example",
    }
    token = sign(good_claims(), foreign_key, header=ring_of_the_forger)
    assert refusal_of(token) == RefusalReason.UNKNOWN_KEY


def test_a_token_without_kid_is_of_an_unknown_key(signing_key: SigningKey) -> None:
    payload = json.dumps(good_claims()).encode()
    token = jwt.api_jws.encode(payload, signing_key.private_key, "RS256")
    assert refusal_of(token) == RefusalReason.UNKNOWN_KEY


@pytest.mark.parametrize("crit", [["exp"], ["b64"], [], "exp", None])
def test_a_critical_header_is_refused(signing_key: SigningKey, crit: object) -> None:
    header = encode_segment({"alg": "RS256", "kid": signing_key.kid, "crit": crit, "b64": True})
    assert refusal_of(f"{header}.{encode_segment(good_claims())}.AAAA") == RefusalReason.MALFORMED


def test_a_token_of_the_key_before_the_rotation_stays_valid(tmp_path: Path, settings: Settings) -> None:
    settings.POL_SIGNING_KEYS_DIR = tmp_path / "keys"
    first = create_key(tmp_path / "keys", now=NOW)
    token = issue().token
    create_key(tmp_path / "keys", now=NOW + timedelta(days=1))
    assert issue().token != token
    assert refusal_of(token) is None
    Path(first.source).unlink()
    assert refusal_of(token) == RefusalReason.UNKNOWN_KEY
