"""A graceful stop: newcomers go elsewhere, those inside may finish, and what is left is concluded.

See docs/decisions/0013.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from django.conf import settings

from verification.admission import admission
from verification.liveness.vocabulary import Reason
from verification.pulse import pulse
from verification.serving import requests_in_progress

logger = logging.getLogger(__name__)

# Enough for one transaction and a closing handshake, and for the slowest request.
LAST_WORDS_S = 10


class Drain:
    """One stop, from the first signal on. Belongs to the event loop.

    stop: ends the server, once everything is said.
    """

    def __init__(self, stop: Callable[[], None]) -> None:
        self._stop = stop
        self._is_urgent = asyncio.Event()
        self._running: asyncio.Task[None] | None = None

    def begin(self, *, is_urgent: bool = False) -> None:
        """Stop soon; asked a second time, or urgently, without waiting for anybody."""
        if is_urgent or self._running is not None:
            self._is_urgent.set()
        if self._running is None:
            self._running = asyncio.create_task(self._run())

    async def _run(self) -> None:
        admission.is_stopping = True
        logger.info("Stopping: %s sessions are still held", len(admission.held))
        try:
            await self._let_finish()
            if len(admission.held):
                logger.warning("%s sessions are ended by the stop", len(admission.held))
            admission.end_all(Reason.SERVER_OVERLOADED)
            await _wait_at_most(LAST_WORDS_S, admission.held.wait_until_none())
            await _wait_at_most(LAST_WORDS_S, requests_in_progress.wait_until_none())
            await pulse.end()
        except Exception:
            logger.exception("The stop was not orderly; other processes conclude what is left")
        finally:
            self._stop()

    async def _let_finish(self) -> None:
        waits = [
            asyncio.ensure_future(wait) for wait in (admission.held.wait_until_none(), self._is_urgent.wait())
        ]
        await asyncio.wait(waits, timeout=settings.POL_DRAIN_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()


async def _wait_at_most(seconds: float, event: Awaitable[None]) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event
    except TimeoutError:
        logger.warning("The stop did not wait any longer")
