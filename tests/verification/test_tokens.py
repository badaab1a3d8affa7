import base64
import hashlib
import hmac
import json
import string
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt as jose_jwt
from joserfc.jwk import KeySet
from pytest_django import Settings
from rest_framework_simplejwt.exceptions import TokenError

from verification.key_ring import SigningKey, create_key, get_key_ring
from verification.tokens import (
    MAX_TOKEN_CHARACTERS,
    REQUIRED_CLAIMS,
    IssuedToken,
    ProofOfLifeToken,
    RefusalReason,
    issue_token,
    validate_token,
)

NOW = datetime(2026, 3, 1, 9, 30, 15, 250_000, tzinfo=UTC)
ISSUED_AT = NOW.replace(microsecond=0)
SESSION_ID = UUID("8c1f6a52-90c2-4f4a-b8a1-4c3f6f0f9b60")
BASE64URL = string.ascii_letters + string.digits + "-_"
ILLEGIBLE = {RefusalReason.MALFORMED, RefusalReason.BAD_SIGNATURE}
names = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=128)
moments = st.datetimes(datetime(2001, 1, 1), datetime(2200, 1, 1), timezones=st.timezones())
scores = st.floats(0, 1)


@pytest.fixture(scope="module")
def signing_key(tmp_path_factory: pytest.TempPathFactory) -> SigningKey:
    return create_key(tmp_path_factory.mktemp("ring") / "keys")


@pytest.fixture(scope="module")
def foreign_key(tmp_path_factory: pytest.TempPathFactory) -> SigningKey:
    return create_key(tmp_path_factory.mktemp("foreign") / "keys")


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


@given(at=st.integers(0), replacement=st.sampled_from(BASE64URL))
def test_one_changed_character_is_refused(at: int, replacement: str) -> None:
    token = issue().token
    at %= len(token)
    changed = token[:at] + replacement + token[at + 1 :]
    if changed == token:
        return
    reason = refusal_of(changed)
    if at > token.index("."):
        assert reason in ILLEGIBLE
    else:
        assert reason in ILLEGIBLE | {RefusalReason.UNSUPPORTED_ALGORITHM, RefusalReason.UNKNOWN_KEY}


@given(at=st.integers(0), bit=st.integers(0, 7))
def test_one_flipped_bit_of_the_decoded_claims_is_a_bad_signature(at: int, bit: int) -> None:
    header, payload, signature = issue().token.split(".")
    content = bytearray(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    content[at % len(content)] ^= 1 << bit
    changed = base64.urlsafe_b64encode(content).rstrip(b"=").decode()
    assert refusal_of(f"{header}.{changed}.{signature}") == RefusalReason.BAD_SIGNATURE


@given(at=st.integers(0), bit=st.integers(0, 7))
def test_one_flipped_bit_of_the_signature_is_a_bad_signature(at: int, bit: int) -> None:
    header, payload, signature = issue().token.split(".")
    content = bytearray(base64.urlsafe_b64decode(signature + "=="))
    content[at % len(content)] ^= 1 << bit
    changed = base64.urlsafe_b64encode(content).rstrip(b"=").decode()
    assert refusal_of(f"{header}.{payload}.{changed}") == RefusalReason.BAD_SIGNATURE


@given(st.integers(0))
def test_a_truncated_token_is_refused(length: int) -> None:
    token = issue().token
    assert refusal_of(token[: length % len(token)]) in ILLEGIBLE


@given(st.text())
def test_any_text_gets_an_answer(text: str) -> None:
    assert refusal_of(text) == RefusalReason.MALFORMED


@given(
    header=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: (
            st.lists(inner) | st.dictionaries(st.sampled_from(["alg", "kid", "crit", "b64"]), inner)
        ),
    ),
    rest=st.lists(st.text(BASE64URL), min_size=2, max_size=3),
)
def test_any_header_gets_an_answer(header: object, rest: list[str]) -> None:
    reason = refusal_of(".".join([encode_segment(header), *rest]))
    assert reason in {
        RefusalReason.MALFORMED,
        RefusalReason.UNSUPPORTED_ALGORITHM,
        RefusalReason.UNKNOWN_KEY,
    }


@given(
    claims=st.dictionaries(
        st.sampled_from(REQUIRED_CLAIMS), st.none() | st.integers() | st.floats() | st.text()
    )
)
def test_any_claims_under_our_own_key_get_an_answer(
    signing_key: SigningKey, claims: dict[str, object]
) -> None:
    reason = refusal_of(sign(claims, signing_key))
    assert reason in {RefusalReason.MISSING_CLAIM, RefusalReason.MALFORMED}
    refusal_of(sign({**good_claims(), **claims}, signing_key))


@pytest.mark.parametrize("payload", ["[]", "1", "null", "{", "\xff", "[" * 3000])
def test_a_signed_payload_that_is_no_json_object_is_malformed(signing_key: SigningKey, payload: str) -> None:
    token = jwt.api_jws.encode(
        payload.encode("latin-1"), signing_key.private_key, "RS256", {"kid": signing_key.kid}
    )
    assert refusal_of(token) == RefusalReason.MALFORMED


@pytest.mark.parametrize(
    "text",
    [
        "",
        "..",
        "a.b",
        "\0",
        "\ud800.a.b",
        "é.é.é",
        " " * 10,
        "a" * (MAX_TOKEN_CHARACTERS + 1),
        "W10.W10.",
        encode_segment({}) + "=.e30.",
    ],
)
def test_text_that_is_no_token_is_malformed(text: str) -> None:
    assert refusal_of(text) == RefusalReason.MALFORMED


@pytest.mark.parametrize("suffix", ["=", "==", "\n", " ", "."])
def test_a_token_has_one_spelling_only(suffix: str) -> None:
    assert refusal_of(issue().token + suffix) == RefusalReason.MALFORMED


def test_a_token_over_the_length_limit_is_refused_though_its_signature_is_good() -> None:
    token = issue(user_id="a" * MAX_TOKEN_CHARACTERS).token
    assert refusal_of(token) == RefusalReason.MALFORMED


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


@given(st.integers(-10_000_000, 10_000_000))
def test_a_token_expires_at_its_last_second_to_the_microsecond(offset_us: int) -> None:
    issued = issue()
    moment = issued.expires_at + timedelta(microseconds=offset_us)
    assert refusal_of(issued.token, now=moment) == (None if offset_us < 0 else RefusalReason.EXPIRED)


@given(st.integers(-10_000_000, 10_000_000))
def test_a_token_is_valid_from_its_second_of_issue_on(offset_us: int) -> None:
    moment = ISSUED_AT + timedelta(microseconds=offset_us)
    assert refusal_of(issue().token, now=moment) == (None if offset_us >= 0 else RefusalReason.NOT_YET_VALID)


def test_a_token_of_the_past_has_expired_on_the_clock_of_the_machine() -> None:
    assert validate_token(issue(now=datetime(2020, 1, 1, tzinfo=UTC)).token).reason == RefusalReason.EXPIRED


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"iss": "https://other.example"}, RefusalReason.WRONG_ISSUER),
        ({"aud": "shop"}, RefusalReason.WRONG_AUDIENCE),
        ({"aud": ["bank", "shop"]}, RefusalReason.MALFORMED),
        ({"token_type": "access"}, RefusalReason.WRONG_TOKEN_TYPE),
        ({"iat": int(NOW.timestamp()) + 1}, RefusalReason.NOT_YET_VALID),
        ({"nbf": int(NOW.timestamp()) + 1}, RefusalReason.NOT_YET_VALID),
        ({"exp": int(NOW.timestamp())}, RefusalReason.EXPIRED),
        ({"exp": str(int(NOW.timestamp()) + 900)}, RefusalReason.MALFORMED),
        ({"exp": True}, RefusalReason.MALFORMED),
        ({"exp": 10**400}, None),
        ({"verification_score": "0.9"}, RefusalReason.MALFORMED),
        ({"verification_score": True}, RefusalReason.MALFORMED),
        ({"amr": ["pwd"]}, RefusalReason.MALFORMED),
        ({"sub": 7}, RefusalReason.MALFORMED),
    ],
)
def test_a_claim_that_is_not_ours_has_its_reason(
    signing_key: SigningKey, changes: dict[str, object], reason: RefusalReason | None
) -> None:
    assert refusal_of(sign(good_claims(**changes), signing_key)) == reason


@pytest.mark.parametrize("claim", REQUIRED_CLAIMS)
def test_a_missing_or_empty_claim_is_named_so(signing_key: SigningKey, claim: str) -> None:
    without = {name: value for name, value in good_claims().items() if name != claim}
    assert refusal_of(sign(without, signing_key)) == RefusalReason.MISSING_CLAIM
    assert refusal_of(sign(good_claims(**{claim: None}), signing_key)) == RefusalReason.MISSING_CLAIM


def test_the_audience_may_be_another_than_the_default() -> None:
    token = issue(audience="shop").token
    assert refusal_of(token) == RefusalReason.WRONG_AUDIENCE
    assert refusal_of(token, audience="shop") is None


def test_a_token_of_the_key_before_the_rotation_stays_valid(tmp_path: Path, settings: Settings) -> None:
    settings.POL_SIGNING_KEYS_DIR = tmp_path / "keys"
    first = create_key(tmp_path / "keys", now=NOW)
    token = issue().token
    create_key(tmp_path / "keys", now=NOW + timedelta(days=1))
    assert issue().token != token
    assert refusal_of(token) is None
    Path(first.source).unlink()
    assert refusal_of(token) == RefusalReason.UNKNOWN_KEY


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


def test_simplejwt_reads_the_token_with_the_same_checks() -> None:
    now = datetime.now(UTC)
    assert ProofOfLifeToken(issue(now=now).token)["user_id"] == "alice"  # type: ignore[arg-type]
    with pytest.raises(TokenError, match="wrong_audience"):
        ProofOfLifeToken(issue(now=now, audience="shop").token)  # type: ignore[arg-type]
    with pytest.raises(TokenError, match="expired"):
        ProofOfLifeToken(issue(now=now - timedelta(hours=1)).token)  # type: ignore[arg-type]
    for text in ("no token", 7):
        with pytest.raises(TokenError):
            ProofOfLifeToken(text)  # type: ignore[arg-type]
