"""Text that is no token, and tokens that were altered after they were signed."""

import base64
import string

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.verification.tokens.conftest import encode_segment, good_claims, issue, refusal_of, sign
from verification.key_ring import SigningKey
from verification.tokens import MAX_TOKEN_CHARACTERS, REQUIRED_CLAIMS, RefusalReason

BASE64URL = string.ascii_letters + string.digits + "-_"
ILLEGIBLE = {RefusalReason.MALFORMED, RefusalReason.BAD_SIGNATURE}


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
