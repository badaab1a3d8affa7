"""The way of an API call through the server: which way, what is kept around it, how much is read."""

import asyncio
import json
import threading
from collections.abc import Sequence
from typing import Any

import pytest
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from tests.server.processes import PATIENCE_S
from verification import api
from verification.api_handler import API_PATHS, MOST_CALLS, SESSION_PATH, ApiFirst, ApiHandler
from verification.headers import API_POLICY
from verification.serving import Receive, Scope, Send
from verification.urls import urlpatterns

pytestmark = pytest.mark.django_db(transaction=True)


BESIDE = (api.HealthView, api.JwksView)


@pytest.fixture(scope="module")
def handler() -> ApiHandler:
    """One for all, as in a server: its threads stay until the process ends."""
    return ApiHandler()


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
    handler: ApiHandler, path: str, chunks: Sequence[bytes] = (), *, is_cut: bool = False, **scope: Any
) -> tuple[int, dict[str, str], bytes]:
    """What the handler answers to a body that comes in chunks; is_cut: the client leaves before its end."""
    asked = build_scope(path, size_bytes=sum(map(len, chunks)), **scope)
    return ask(handler, asked, chunks, is_cut=is_cut)


def ask(
    handler: ApiHandler, asked: dict[str, Any], chunks: Sequence[bytes], *, is_cut: bool = False
) -> tuple[int, dict[str, str], bytes]:

    inputs = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]
    inputs.append({"type": "http.disconnect" if is_cut else "http.request"})
    messages: list[Any] = []

    async def receive() -> Any:
        return inputs.pop(0)

    async def send(message: Any) -> None:
        messages.append(message)

    asyncio.run(handler(asked, receive, send))
    if not messages:
        return 0, {}, b""
    start, body = messages
    headers = {name.decode(): value.decode() for name, value in start["headers"]}
    return start["status"], headers, body["body"]


def test_every_call_of_the_api_goes_the_short_way_and_nothing_else_does() -> None:
    """Keys and health do not, so that they answer while calls wait for a database."""
    for pattern in urlpatterns:
        path = "/" + str(pattern.pattern).replace("<str:session_id>", "x")
        view = getattr(pattern.callback, "view_class", None)
        is_call = view is not None and view.__module__ == api.__name__ and view not in BESIDE
        assert (path in API_PATHS or SESSION_PATH.fullmatch(path) is not None) is is_call, path


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/token/validate", "api"),
        ("/token/validate/", "pages"),
        ("/auth/sessions/x", "api"),
        ("/auth/sessions/x/y", "pages"),
        ("/health", "pages"),
    ],
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


def test_a_body_in_pieces_is_one_body(handler: ApiHandler) -> None:
    status, headers, body = call(handler, "/token/validate", [b'{"token"', b': "no.token', b'.atall"}'])
    assert (status, json.loads(body)["valid"]) == (200, False)
    assert headers["cache-control"] == "no-store"


def test_a_body_beyond_the_limit_is_refused_and_not_kept(handler: ApiHandler) -> None:
    mebibyte = b" " * 2**20
    status, headers, body = call(handler, "/token/validate", [mebibyte] * 8)
    assert (status, json.loads(body)["code"]) == (413, "too_large")
    assert headers["content-type"] == "application/problem+json"


def test_nobody_is_answered_who_left_before_the_end(handler: ApiHandler) -> None:
    assert call(handler, "/token/validate", [b'{"token"'], is_cut=True)[0] == 0


def test_a_foreign_host_is_refused(handler: ApiHandler) -> None:
    assert call(handler, "/auth/sessions/x", method="GET", host=b"evil.example")[0] == 400


def test_an_address_that_is_no_text_is_refused(handler: ApiHandler) -> None:
    assert call(handler, "/auth/sessions/x", method="GET", query=b"a=\xff")[0] == 400


def test_an_answer_led_to_as_a_page_can_do_nothing(handler: ApiHandler) -> None:
    headers = call(handler, "/auth/sessions/x", method="GET")[1]
    assert headers["content-security-policy"] == API_POLICY
    assert headers["x-content-type-options"] == "nosniff"
    assert "set-cookie" not in headers


def test_what_is_around_a_call_is_around_a_page_too() -> None:
    """In the same order, so that the two ways cannot come to differ in what both need."""
    own = "verification.headers.ApiPolicyMiddleware"
    shared = [name for name in settings.API_MIDDLEWARE if name != own]
    assert shared == [name for name in settings.MIDDLEWARE if name in shared]


def test_a_body_in_chunks_needs_no_length(handler: ApiHandler) -> None:
    scope = build_scope("/token/validate")
    scope["headers"] = [(name, value) for name, value in scope["headers"] if name != b"content-length"]
    assert json.loads(ask(handler, scope, [b'{"token": ', b'"no.token.atall"}'])[2])["valid"] is False


async def test_calls_beyond_the_threads_are_told_to_try_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many as may wait do so, for a view that a slow database holds; the next is answered at once."""
    handler, release = ApiHandler(), threading.Event()

    def wait_for_the_database(request: HttpRequest) -> HttpResponse:
        release.wait(PATIENCE_S)
        return HttpResponse(status=204)

    monkeypatch.setattr(handler, "_middleware_chain", wait_for_the_database)
    answers: list[list[Any]] = [[] for _ in range(MOST_CALLS + 1)]
    waiting = [asyncio.create_task(answer_one(handler, answers[number])) for number in range(MOST_CALLS)]
    await asyncio.sleep(0)
    while len(waiting) > handler.calls_in_progress:
        await asyncio.sleep(0.01)
    await answer_one(handler, answers[-1])
    release.set()
    await asyncio.gather(*waiting)
    assert [messages[0]["status"] for messages in answers] == [204] * MOST_CALLS + [503]
    assert dict(answers[-1][0]["headers"])[b"retry-after"] == b"5"


async def answer_one(handler: ApiHandler, messages: list[Any]) -> None:
    async def receive() -> Any:
        return {"type": "http.request"}

    async def send(message: Any) -> None:
        messages.append(message)

    await handler(build_scope("/token/validate"), receive, send)
