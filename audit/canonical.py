"""One byte sequence for one JSON value, whatever database it has been through.

The text is that of RFC 8785 (JSON Canonicalization Scheme), so any implementation of that RFC can
recompute the hashes of an exported log. PostgreSQL's jsonb reorders keys, drops the sign of zero and
writes numbers as decimals; SQLite keeps the text. Values that one of them cannot hold, or that two
JSON readers may understand differently (RFC 7493, I-JSON), are refused before they are stored.
"""

import json
from collections.abc import Mapping
from decimal import Decimal

MAX_DEPTH = 16
MAX_NUMBER = 2**53 - 1


class NotCanonicalError(ValueError):
    """The value has no canonical form that survives every supported database."""


def canonicalise(value: object) -> bytes:
    """Return the RFC 8785 text of a JSON value as UTF-8.

    value: None, bool, str, int, float, or lists, tuples and string-keyed mappings of these, nested
        at most `MAX_DEPTH` deep.
    Raises NotCanonicalError for any other type, for a number that is not finite or lies beyond
    ±(2^53 - 1), and for text with NUL or an unpaired surrogate, which PostgreSQL cannot store.
    """
    return _write_value(value, depth=0).encode()


def _write_value(value: object, *, depth: int) -> str:
    if depth > MAX_DEPTH:
        raise NotCanonicalError(f"nested more than {MAX_DEPTH} deep")
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, str):
        return _write_text(value)
    if isinstance(value, int | float):
        return _write_number(value)
    if isinstance(value, list | tuple):
        return "[" + ",".join(_write_value(item, depth=depth + 1) for item in value) + "]"
    if isinstance(value, Mapping):
        return _write_object(value, depth=depth)
    raise NotCanonicalError(f"{type(value).__name__} is not a JSON type")


def _write_object(value: Mapping[object, object], *, depth: int) -> str:
    members = []
    for key, item in value.items():
        if not isinstance(key, str):
            raise NotCanonicalError("object keys must be text")
        # Written first: it refuses the surrogates that the sort key below could not encode.
        text = _write_text(key)
        members.append((key.encode("utf-16-be"), f"{text}:{_write_value(item, depth=depth + 1)}"))
    return "{" + ",".join(text for _, text in sorted(members)) + "}"


def _write_text(value: str) -> str:
    if "\0" in value:
        raise NotCanonicalError("text holds NUL")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise NotCanonicalError("text holds an unpaired surrogate") from error
    return json.dumps(value, ensure_ascii=False)


def _write_number(value: float) -> str:
    # Written so that NaN, which compares with nothing, is refused too.
    if not abs(value) <= MAX_NUMBER:
        raise NotCanonicalError("a number is not finite or lies beyond ±(2^53 - 1)")
    if value == int(value):
        return str(int(value))
    # ECMAScript's Number::toString, RFC 8785 section 3.2.2.3, for numbers with a fraction.
    sign, digits, exponent = Decimal(float.__repr__(float(value))).as_tuple()
    text = "".join(map(str, digits))
    point = len(text) + int(exponent)
    if point > 0:
        body = f"{text[:point]}.{text[point:]}"
    elif point > -6:
        body = f"0.{'0' * -point}{text}"
    else:
        mantissa = f"{text[0]}.{text[1:]}" if len(text) > 1 else text
        body = f"{mantissa}e{point - 1}"
    return f"-{body}" if sign else body
