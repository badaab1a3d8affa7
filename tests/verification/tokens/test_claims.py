"""Claims that are missing, of others or of another time."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rest_framework_simplejwt.exceptions import TokenError

from tests.verification.tokens.conftest import ISSUED_AT, NOW, good_claims, issue, refusal_of, sign
from verification.key_ring import SigningKey
from verification.tokens import REQUIRED_CLAIMS, ProofOfLifeToken, RefusalReason, validate_token


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
