import json
import logging
import sys

import pytest
from django.test import RequestFactory
from django.urls import resolve
from hypothesis import given
from hypothesis import strategies as st

from polsite.logs import BLOT, JsonFormatter, LineFormatter, RouteFilter, blot_secrets

JWS = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl"
KEY = "0123456789ab." + "A" * 43


def make_record(
    message: str, *arguments: object, error: bool = False, reason: str = f"bad {JWS}"
) -> logging.LogRecord:
    try:
        raise ValueError(reason)
    except ValueError:
        raised = sys.exc_info() if error else None
    return logging.LogRecord("verification", logging.ERROR, "x.py", 1, message, arguments, raised)


@pytest.mark.parametrize("secret", [JWS, KEY, f"ticket={'a' * 43}", "code=abc", "state=xyz"])
def test_what_looks_like_a_secret_is_blotted_out(secret: str) -> None:
    text = blot_secrets(f"GET /ws/verify/1?{secret}&a=1 from there")
    assert BLOT in text
    assert secret.partition("=")[2] or secret not in text
    assert text.endswith("from there")


@pytest.mark.parametrize(
    "text", ["Session 0b5f2d5e-6b0f-4c39-9d2c-2f6d0c1a9e11 ended", "codec=x", "a.b.c", ""]
)
def test_what_is_none_stays(text: str) -> None:
    assert blot_secrets(text) == text


@given(st.text(max_size=200) | st.text("\r\n\x1b\x85\u2028 a", max_size=20))
def test_a_message_is_one_line_whatever_it_holds(message: str) -> None:
    entry = JsonFormatter().format(make_record("%s", message))
    assert len(entry.splitlines()) == 1
    assert json.loads(entry)["message"] == blot_secrets(message)
    line = LineFormatter().format(make_record("%s", message))
    assert len(line.splitlines()) == 1


def test_an_entry_tells_when_who_and_what_went_wrong() -> None:
    entry = json.loads(JsonFormatter().format(make_record("Session %s ended", "1", error=True)))
    assert (entry["level"], entry["logger"], entry["message"]) == ("ERROR", "verification", "Session 1 ended")
    assert entry["time"].endswith("Z")
    assert "ValueError" in entry["exception"]
    assert JWS not in entry["exception"]


def test_a_traceback_of_a_text_line_is_blotted_out_too() -> None:
    line = LineFormatter().format(make_record("Session 1 ended", error=True))
    assert "ValueError" in line
    assert JWS not in line


def test_a_request_that_went_wrong_is_named_by_its_route(rf: RequestFactory) -> None:
    request = rf.get("/auth/sessions/alice")
    for route in ("no address of ours", "/auth/sessions/<str:session_id>"):
        record = make_record("%s: %s", "Not Found", request.path)
        record.request = request
        assert RouteFilter().filter(record)
        assert record.getMessage() == f"Not Found: {route}"
        request.resolver_match = resolve(request.path)


@given(st.text("\r\n\x1b\x85\u2028 a", max_size=20))
def test_no_exception_can_write_a_line_that_looks_like_the_logs_own(reason: str) -> None:
    line = LineFormatter().format(make_record("Session 1 ended", error=True, reason=reason))
    first, *rest = line.splitlines()
    assert first.endswith("Session 1 ended")
    assert [text for text in rest if not text.startswith("    ")] == []
    assert "\x1b" not in line


def test_a_row_that_a_database_refused_is_not_repeated() -> None:
    reason = "null value in column\nDETAIL:  Failing row contains (1, alice, created)."
    for formatter in (LineFormatter(), JsonFormatter()):
        assert "alice" not in formatter.format(make_record("x", error=True, reason=reason))


def test_no_logger_writes_past_ours() -> None:
    """With DEBUG, Django's own handler wrote the path of every request that went wrong, beside our line of it."""
    names = ("django", "django.request", "django.server", "daphne", "channels")
    assert [name for name in names if logging.getLogger(name).handlers] == []
