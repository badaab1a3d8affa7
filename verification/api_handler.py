"""The calls that services make, answered with less around them than a person's pages need.

Django's own handler for ASGI takes some fifteen changes of thread for a request, and every middleware that a
page needs (its session, language, staff login, content policy). A service asks for one thing, many times a
second: its request goes to a thread once, through the middlewares of API_MIDDLEWARE, and comes back.

What tells whether the process is well, and the keys, do not stand behind such calls: they go the pages' way.
"""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Any, cast

from asgiref.sync import sync_to_async
from django.conf import settings
from django.core import signals
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.core.handlers.exception import convert_exception_to_response
from django.db import connection
from django.http.response import HttpResponseBase
from django.urls import set_script_prefix
from django.utils.module_loading import import_string

from verification.kept_threads import KeptThreads
from verification.serving import Application, Receive, Scope, Send, say_try_again

API_PATHS = frozenset({"/auth/verify", "/token/validate", "/token/revoke"})
SESSION_PATH = re.compile(r"/auth/sessions/[^/]+")
# Enough for a database or a cache that is slow for some; they cost next to nothing while they wait.
THREADS = 32
# Beyond these it is sooner told to come again than served.
MOST_CALLS = 64


class ApiFirst:
    """The ASGI application that sends calls of the API one way, and all other HTTP the other."""

    def __init__(self, api: Application, pages: Application) -> None:
        self._api, self._pages = api, pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        is_api = path in API_PATHS or SESSION_PATH.fullmatch(path) is not None
        await (self._api if is_api else self._pages)(scope, receive, send)


class ApiHandler(ASGIHandler):
    """Django's request, views and errors, in a thread that is kept, as is its connection to the database."""

    def __init__(self) -> None:
        super().__init__()
        self.calls_in_progress = 0
        # asgiref asks no more of an executor than the event loop does.
        threads = cast(ThreadPoolExecutor, KeptThreads(THREADS, "api"))
        self._respond_in_thread = sync_to_async(self._respond, thread_sensitive=False, executor=threads)

    def load_middleware(self, is_async: bool = False) -> None:
        """As Django does with MIDDLEWARE, for synchronous ones, whatever `is_async` says."""
        self._view_middleware: list[Callable[..., Any]] = []
        self._exception_middleware: list[Callable[..., Any]] = []
        self._template_response_middleware: list[Callable[..., Any]] = []
        chain = convert_exception_to_response(self._get_response)  # type: ignore[attr-defined]  # not in the stubs
        for name in reversed(settings.API_MIDDLEWARE):
            middleware = import_string(name)(chain)
            if hasattr(middleware, "process_view"):
                self._view_middleware.insert(0, middleware.process_view)
            if hasattr(middleware, "process_exception"):
                self._exception_middleware.append(middleware.process_exception)
            chain = convert_exception_to_response(middleware)
        self._middleware_chain = chain

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await _read_body(receive)
        if body is None:
            return
        if self.calls_in_progress >= MOST_CALLS:
            await say_try_again(send, "The server is at its limit just now. Try again.")
            return
        self.calls_in_progress += 1
        try:
            response = await self._respond_in_thread(scope, body)
        finally:
            self.calls_in_progress -= 1
        headers = [
            (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in response.items()
        ]
        await send({"type": "http.response.start", "status": response.status_code, "headers": headers})
        await send({"type": "http.response.body", "body": b"".join(response)})

    def _respond(self, scope: Scope, body: bytes) -> HttpResponseBase:
        set_script_prefix(get_script_prefix(scope))
        signals.request_started.send(sender=type(self), scope=scope)
        request, refusal = self.create_request(scope, BytesIO(body))
        if request:
            request.META.setdefault("CONTENT_LENGTH", str(len(body)))  # a body in chunks comes without
        response = self.get_response(request) if request else cast(HttpResponseBase, refusal)
        _keep_connection()
        response.close()  # sends request_finished: a connection that is past its age is closed
        return response


def _keep_connection() -> None:
    """Opening SQLite costs as much as asking it, so its connection stays with the thread; others have a pool."""
    if connection.vendor == "sqlite":
        connection.close_at = None


async def _read_body(receive: Receive) -> bytes | None:
    """The body, of no more than a byte beyond what a view takes; None where the client left before its end."""
    most_bytes: int = settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1
    body = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        piece: bytes = message.get("body", b"")
        body += piece[: most_bytes - len(body)]
        if not message.get("more_body"):
            return body
