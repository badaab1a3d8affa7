import json
import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.canonical import MAX_DEPTH, MAX_NUMBER, NotCanonicalError, canonicalise
from tests.audit.json_values import json_values


def rewrite_as_jsonb_does(value: object) -> object:
    """PostgreSQL's jsonb: other key order, numbers as plain decimals, no sign on zero."""
    if isinstance(value, dict):
        pairs = sorted(value.items(), key=lambda pair: (len(pair[0].encode()), pair[0].encode()))
        return {key: rewrite_as_jsonb_does(item) for key, item in pairs}
    if isinstance(value, list):
        return [rewrite_as_jsonb_does(item) for item in value]
    if isinstance(value, float):
        plain = format(Decimal(repr(value)), "f")
        return json.loads("0.0" if value == 0 else plain)
    return value


@given(json_values)
def test_the_text_survives_a_round_trip_through_json(value: object) -> None:
    text = canonicalise(value)
    assert canonicalise(json.loads(json.dumps(value))) == text
    assert canonicalise(json.loads(text)) == text


@given(json_values)
def test_the_text_survives_what_jsonb_does_to_keys_and_numbers(value: object) -> None:
    assert canonicalise(rewrite_as_jsonb_does(value)) == canonicalise(value)


@given(json_values)
def test_the_text_is_json_that_means_the_value(value: object) -> None:
    assert json.loads(canonicalise(value)) == value


@given(st.floats(-float(MAX_NUMBER), float(MAX_NUMBER)), st.floats(-float(MAX_NUMBER), float(MAX_NUMBER)))
def test_different_numbers_have_different_texts(first: float, second: float) -> None:
    assert (canonicalise(first) == canonicalise(second)) == (first == second)


def test_the_example_of_rfc_8785_section_3_2_2() -> None:
    value = {
        "numbers": [333333333.33333329, 4.50, 2e-3, 0.000000000000000000000000001],
        "string": "\u20ac$\u000f\u000aA'\u0042\u0022\u005c\\\"/",
        "literals": [None, True, False],
    }
    expected = (
        '{"literals":[null,true,false],"numbers":[333333333.3333333,4.5,0.002,1e-27],'
        '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
    )
    assert canonicalise(value).decode() == expected


def test_keys_sort_by_utf_16_code_units_as_in_rfc_8785_section_3_2_3() -> None:
    keys = ["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\u0080", "\u00f6"]
    written = json.loads(canonicalise(dict.fromkeys(keys)))
    assert list(written) == ["\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600", "\ufb33"]


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (5e-324, "5e-324"),
        (-5e-324, "-5e-324"),
        (9007199254740991.0, "9007199254740991"),
        (1e-6, "0.000001"),
        (1.5e-7, "1.5e-7"),
        (1e-7, "1e-7"),
        (-1e-7, "-1e-7"),
        (0.1, "0.1"),
        (-123.456, "-123.456"),
        (1424953923781206.2, "1424953923781206.2"),
    ],
)
def test_numbers_are_written_as_ecmascript_writes_them(number: float, text: str) -> None:
    assert canonicalise(number).decode() == text


@pytest.mark.parametrize(
    "value",
    [
        math.nan,
        math.inf,
        -math.inf,
        MAX_NUMBER + 1,
        -MAX_NUMBER - 1,
        1e300,
        pytest.param(10**5000, id="5001 digits"),
    ],
)
def test_a_number_that_readers_may_understand_differently_is_refused(value: float) -> None:
    with pytest.raises(NotCanonicalError, match="number"):
        canonicalise([value])


@pytest.mark.parametrize("value", [{1: "a"}, {"a": b"bytes"}, {"a": {1, 2}}, object()])
def test_what_is_not_json_is_refused(value: object) -> None:
    with pytest.raises(NotCanonicalError):
        canonicalise(value)


@pytest.mark.parametrize("text", ["a\0b", "\ud800"])
def test_text_that_postgresql_cannot_store_is_refused_as_value_and_as_key(text: str) -> None:
    with pytest.raises(NotCanonicalError):
        canonicalise(text)
    with pytest.raises(NotCanonicalError):
        canonicalise({text: 1})


def test_nesting_has_a_limit() -> None:
    value: object = "leaf"
    for _ in range(MAX_DEPTH):
        value = [value]
    assert canonicalise(value)
    with pytest.raises(NotCanonicalError, match="nested"):
        canonicalise([value])
