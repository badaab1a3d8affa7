"""What every connection of a serving process passes first."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from verification.load import load
from verification.occupants import Occupants
from verification.pulse import pulse

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

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
        finally:
            requests_in_progress.discard(request)
