"""The way of an API call through the server: which way, what is kept around it, how much is read."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import pytest
from django.conf import settings

from verification import api
from verification.api_handler import API_PATHS, SESSION_PATH, ApiFirst, ApiHandler
from verification.headers import API_POLICY
from verification.serving import Receive, Scope, Send
from verification.urls import urlpatterns

pytestmark = pytest.mark.django_db(transaction=True)


def build_scope(
    path: str, method: str = "POST", host: bytes = b"testserver", query: bytes = b"", size_bytes: int = 0
) -> dict[str, Any]:
    return {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query,
        "headers": [
            (b"host", host),
            (b"content-type", b"application/json"),
            (b"content-length", str(size_bytes).encode()),
        ],
        "client": ("127.0.0.1", 50_000),
    }


def call(
    path: str, chunks: Sequence[bytes] = (), *, is_cut: bool = False, **scope: Any
) -> tuple[int, dict[str, str], bytes]:
    """What the handler answers to a body that comes in chunks; is_cut: the client leaves before its end."""

    inputs = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]
    inputs.append({"type": "http.disconnect" if is_cut else "http.request"})
    messages: list[Any] = []

    async def receive() -> Any:
        return inputs.pop(0)

    async def send(message: Any) -> None:
        messages.append(message)

    asked = build_scope(path, size_bytes=sum(map(len, chunks)), **scope)
    asyncio.run(ApiHandler()(asked, receive, send))
    if not messages:
        return 0, {}, b""
    start, body = messages
    headers = {name.decode(): value.decode() for name, value in start["headers"]}
    return start["status"], headers, body["body"]


def test_every_view_of_the_api_goes_the_short_way_and_no_page_does() -> None:
    for pattern in urlpatterns:
        path = "/" + str(pattern.pattern).replace("<str:session_id>", "x")
        is_api = getattr(pattern.callback, "view_class", None) is not None and (
            pattern.callback.view_class.__module__ == api.__name__
        )
        assert (path in API_PATHS or path.startswith(SESSION_PATH)) is is_api, path


@pytest.mark.parametrize(
    ("path", "expected"), [("/token/validate", "api"), ("/token/validate/", "pages"), ("/", "pages")]
)
def test_the_path_decides_the_way_with_and_without_a_prefix(path: str, expected: str) -> None:
    went: list[str] = []

    def note(way: str) -> Any:
        async def application(scope: Scope, receive: Receive, send: Send) -> None:
            went.append(way)

        return application

    for root in ("", "/prove"):
        scope = build_scope(root + path) | {"root_path": root}
        asyncio.run(ApiFirst(note("api"), note("pages"))(scope, None, None))  # type: ignore[arg-type]
    assert went == [expected, expected]


def test_a_body_in_pieces_is_one_body() -> None:
    status, headers, body = call("/token/validate", [b'{"token"', b': "no.token', b'.atall"}'])
    assert (status, json.loads(body)["valid"]) == (200, False)
    assert headers["cache-control"] == "no-store"


def test_a_body_beyond_the_limit_is_refused_and_not_kept() -> None:
    mebibyte = b" " * 2**20
    status, headers, body = call("/token/validate", [mebibyte] * 8)
    assert (status, json.loads(body)["code"]) == (413, "too_large")
    assert headers["content-type"] == "application/problem+json"


def test_nobody_is_answered_who_left_before_the_end() -> None:
    assert call("/token/validate", [b'{"token"'], is_cut=True)[0] == 0


def test_a_foreign_host_is_refused() -> None:
    assert call("/health", method="GET", host=b"evil.example")[0] == 400


def test_an_address_that_is_no_text_is_refused() -> None:
    assert call("/health", method="GET", query=b"a=\xff")[0] == 400


def test_an_answer_led_to_as_a_page_can_do_nothing() -> None:
    headers = call("/health", method="GET")[1]
    assert headers["content-security-policy"] == API_POLICY
    assert headers["x-content-type-options"] == "nosniff"
    assert "set-cookie" not in headers


def test_what_is_around_a_call_is_around_a_page_too() -> None:
    """In the same order, so that the two ways cannot come to differ in what both need."""
    own = "verification.headers.ApiPolicyMiddleware"
    shared = [name for name in settings.API_MIDDLEWARE if name != own]
    assert shared == [name for name in settings.MIDDLEWARE if name in shared]
