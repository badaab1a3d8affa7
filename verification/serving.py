"""What every connection of a serving process passes first."""

import json
import logging
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

from verification.load import load
from verification.occupants import Occupants
from verification.problems import CONTENT_TYPE, build_problem
from verification.pulse import pulse

Scope = MutableMapping[str, Any]
Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

logger = logging.getLogger(__name__)

NO_THREAD = "can't start new thread"  # CPython's words; it has no exception of its own for this

# HTTP requests that are not answered yet, so that a stop can wait for them.
requests_in_progress: Occupants[object] = Occupants()


class ServingProcess:
    """The ASGI application around all others: the first connection starts the process's heartbeat and meter.

    Daphne has no lifespan events to do that with. A socket waits for the first beat, so that its session is
    known to be held by a process that lives.
    """

    def __init__(self, application: Application) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        load.begin_soon()
        if scope["type"] == "websocket":
            await pulse.begin()
            await self._application(scope, receive, send)
        else:
            pulse.begin_soon()
            await self._answer(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = object()
        requests_in_progress.add(request)
        try:
            await self._application(scope, receive, send)
        except RuntimeError as error:
            if NO_THREAD not in str(error):
                raise
            # Django answers in threads, errors too, so nothing of the answer was sent.
            logger.error("A request failed; the system gives this process no further thread")
            await say_try_again(send, "The server is out of threads just now. Try again.")
        finally:
            requests_in_progress.discard(request)


async def say_try_again(send: Send, why: str) -> None:
    """Answer 503 from the event loop; nothing was begun."""
    problem = build_problem(503, "unavailable", why)
    headers = [
        (b"content-type", CONTENT_TYPE.encode()),
        (b"retry-after", b"5"),
        (b"cache-control", b"no-store"),
    ]
    await send({"type": "http.response.start", "status": 503, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(problem).encode()})
