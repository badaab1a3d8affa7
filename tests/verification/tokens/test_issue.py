"""What a token says when it is issued, and that others read the same."""

import base64
import json
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt as jose_jwt
from joserfc.jwk import KeySet
from pytest_django import Settings

from tests.verification.tokens.conftest import ISSUED_AT, NOW, good_claims, issue
from verification.key_ring import SigningKey, get_key_ring
from verification.tokens import REQUIRED_CLAIMS, issue_token, validate_token

names = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=128)
moments = st.datetimes(datetime(2001, 1, 1), datetime(2200, 1, 1), timezones=st.timezones())
scores = st.floats(0, 1)


def decode_segment(segment: str) -> object:
    return json.loads(base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4)))


def test_the_claims_are_exactly_those_of_the_protocol() -> None:
    verdict = validate_token(issue().token, now=NOW)
    assert verdict.payload == good_claims()
    assert set(good_claims()) == set(REQUIRED_CLAIMS)


def test_the_header_names_the_algorithm_and_the_key(signing_key: SigningKey) -> None:
    header = decode_segment(issue().token.split(".")[0])
    assert header == {"alg": "RS256", "kid": signing_key.kid, "typ": "JWT"}


def test_the_same_arguments_give_the_same_token() -> None:
    assert issue() == issue()


def test_the_answer_names_the_id_and_the_moment_of_expiry() -> None:
    issued = issue()
    assert issued.jti == "b1946ac9"
    assert issued.expires_at == ISSUED_AT + timedelta(minutes=15)


def test_the_lifetime_follows_the_setting(settings: Settings) -> None:
    settings.JWT_EXPIRY = timedelta(minutes=1)
    assert issue().expires_at == ISSUED_AT + timedelta(minutes=1)


@given(user_id=names, audience=names, jti=names, session_id=st.uuids(), score=scores, now=moments)
def test_any_claims_survive_issue_and_validate(
    user_id: str, audience: str, jti: str, session_id: UUID, score: float, now: datetime
) -> None:
    issued = issue_token(
        session_id=session_id, user_id=user_id, verification_score=score, audience=audience, now=now, jti=jti
    )
    verdict = validate_token(issued.token, audience=audience, now=now)
    assert verdict.valid
    assert verdict.payload is not None
    second = int(now.timestamp())
    assert verdict.payload == good_claims(
        aud=audience,
        sub=user_id,
        user_id=user_id,
        jti=jti,
        session_id=str(session_id),
        verification_score=score,
        iat=second,
        nbf=second,
        exp=second + 900,
    )


@given(user_id=names, audience=names, jti=names, session_id=st.uuids(), score=scores, now=moments)
def test_an_independent_jose_library_reads_the_same_claims_with_the_published_keys(
    user_id: str, audience: str, jti: str, session_id: UUID, score: float, now: datetime
) -> None:
    issued = issue_token(
        session_id=session_id, user_id=user_id, verification_score=score, audience=audience, now=now, jti=jti
    )
    key_set = KeySet.import_key_set(json.loads(json.dumps(get_key_ring().public_jwks())))
    decoded = jose_jwt.decode(issued.token, key_set, algorithms=["RS256"])
    assert decoded.claims == validate_token(issued.token, audience=audience, now=now).payload
    assert (decoded.claims["user_id"], decoded.claims["verification_score"]) == (user_id, score)


@pytest.mark.parametrize(
    "changes",
    [
        {"verification_score": float("nan")},
        {"verification_score": float("inf")},
        {"verification_score": -0.001},
        {"verification_score": 1.001},
        {"now": datetime(2026, 1, 1)},
        {"user_id": ""},
        {"audience": ""},
        {"jti": ""},
    ],
)
def test_a_token_that_would_make_no_sense_is_not_issued(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"must|may not"):
        issue(**changes)
