"""Request bodies, whatever they are: JSON, or one of two refusals."""

import contextlib
import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.exceptions import ParseError

from verification.parsers import StrictJsonParser, TooLargeError

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def parse(body: bytes) -> Any:
    return StrictJsonParser().parse(io.BytesIO(body))


@given(json_values)
def test_json_comes_back_as_it_was_sent(value: Any) -> None:
    assert parse(json.dumps(value).encode()) == value


@given(st.binary(max_size=200) | st.text(max_size=100).map(str.encode))
def test_any_bytes_are_json_or_refused(body: bytes) -> None:
    with contextlib.suppress(ParseError):
        parse(body)


@pytest.mark.parametrize(
    "body", [b"NaN", b"Infinity", b"-Infinity", b"[" * 60_000, b"\xff\xfe{\0}\0", b"", b"{}x"]
)
def test_what_json_does_not_have_is_refused(body: bytes) -> None:
    with pytest.raises(ParseError):
        parse(body)


@given(st.integers(1, 5_000))
def test_a_body_is_refused_at_the_first_byte_over_the_limit(length: int) -> None:
    limit = 1_000
    body = b'"' + b"x" * (length - 2) + b'"' if length > 1 else b"1"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("django.conf.settings.DATA_UPLOAD_MAX_MEMORY_SIZE", limit)
        if length > limit:
            with pytest.raises(TooLargeError):
                parse(body)
        else:
            assert parse(body) in (1, "x" * (length - 2))
