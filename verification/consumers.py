"""The capture socket: handshake, parsing, sending. What happens in a session is session_driver.py's."""

import asyncio
import contextlib
import json
import logging
import time
import uuid
from typing import Any
from urllib.parse import parse_qs

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings

from verification import handshake, metrics, monitor, replies, services
from verification.admission import admission
from verification.liveness.vocabulary import Reason
from verification.messages import ClientMessage, CloseCode, MessageError, parse_binary, parse_text
from verification.models import VerificationSession
from verification.origin import is_allowed_origin
from verification.outage import log_failure
from verification.pulse import pulse
from verification.rate import TokenBucket
from verification.relying_parties import is_party_origin
from verification.session_driver import SessionDriver

logger = logging.getLogger(__name__)

SUBPROTOCOL = "pol.v1"
BURST_SECONDS = 4


class VerificationConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]  # channels ships no types
    """One capture session's socket, from its ticket to its verdict."""

    session_id: uuid.UUID | None
    row: VerificationSession

    async def connect(self) -> None:
        """Check Origin, then the ticket, then accept; the close code says which of them refused."""
        self._is_gone = self._is_listening = False
        self._driver: SessionDriver | None = None
        self._driving: asyncio.Task[None] | None = None
        self._ending: Reason | None = None
        self.session_id = self.scope["url_route"]["kwargs"]["session_id"]
        try:
            await self._take_session()
        except services.SessionUnavailableError as refusal:
            await self._record_refusal(refusal)
            await self._refuse(refusal.code, refusal.slug)
            return
        except Exception as error:
            log_failure(logger, "Session %s could not be taken up", self.session_id, error=error)
            await self._refuse(CloseCode.SERVER_ERROR, "server_error")
            return
        await self._begin()

    async def dispatch(self, message: dict[str, Any]) -> None:
        """Receiving touches no database, so it skips the thread hop in which Channels closes old connections.

        With it a flood of frames was read more slowly than it came, and lay in memory meanwhile.
        """
        if message["type"] == "websocket.receive":
            await self.websocket_receive(message)
        else:
            await super().dispatch(message)

    async def disconnect(self, code: int) -> None:
        """The socket is gone. A session that was not over ends here, whoever closed it."""
        self._is_gone = True
        try:
            if self._driver and self._driving and self._driving is not asyncio.current_task():
                self._driver.lose()
                with contextlib.suppress(asyncio.CancelledError):
                    await self._driving
        finally:
            await self._release()

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Parse and admit one message; the driving task does the rest."""
        if self._driver is None or self._driver.is_closing:
            return
        try:
            self._spend_rate()
            if bytes_data is not None:
                message: ClientMessage = parse_binary(
                    bytes_data, max_frame_bytes=settings.POL_MAX_FRAME_BYTES
                )
            else:
                message = parse_text(text_data or "", max_frame_bytes=settings.POL_MAX_FRAME_BYTES)
        except MessageError as error:
            self._driver.refuse(error)
        else:
            self._driver.accept(message)

    async def session_ended(self, message: dict[str, Any]) -> None:
        """Staff ended the session, in whatever process: the person is told, with the stored reason."""
        self.end(Reason.CANCELLED)

    @property
    def has_waiting_frame(self) -> bool:
        return self._driver is not None and self._driver.has_waiting_frame

    def end(self, reason: Reason) -> None:
        """The server ends the session, also one whose socket is still being accepted."""
        self._ending = reason
        if self._driver is not None:
            self._driver.end(reason)

    # --- connecting ------------------------------------------------------------------------------

    async def _take_session(self) -> None:
        headers = dict(self.scope["headers"])
        origin = headers.get(b"origin", b"").decode("latin-1")
        host = headers.get(b"host", b"").decode("latin-1")
        await database_sync_to_async(handshake.require_room)(self.scope["headers"], self.scope.get("client"))
        if not is_allowed_origin(origin, host) and not await database_sync_to_async(is_party_origin)(
            origin, self.session_id
        ):
            raise services.SessionUnavailableError(CloseCode.ORIGIN, "origin_not_allowed")
        if self.session_id is None:
            raise services.SessionUnavailableError(CloseCode.NO_SUCH_SESSION, "no_such_session")
        await database_sync_to_async(handshake.require_browser)(self.session_id, headers)
        if not admission.take(self):
            raise services.SessionUnavailableError(CloseCode.OVERLOADED, "overloaded")
        ticket = parse_qs(self.scope["query_string"].decode("latin-1")).get("ticket", [""])[0]
        self.row = await database_sync_to_async(services.connect_socket)(
            self.session_id, ticket, held_by=pulse.holder
        )
        await self.channel_layer.group_add(monitor.name_group(self.row.pk), self.channel_name)
        self._is_listening = True

    async def _begin(self) -> None:
        self._bucket = TokenBucket(
            rate_per_s=2 * settings.POL_MAX_FPS, burst=2 * BURST_SECONDS * settings.POL_MAX_FPS
        )
        self._driver = SessionDriver(self.row, send=self._send, close=self.close)
        if self._ending is not None:
            self._driver.end(self._ending)
        await self.accept(self._choose_subprotocol())
        await self._send(replies.build_session(self.row, self._driver.challenges_total))
        self._driving = asyncio.create_task(self._driver.run())

    async def _record_refusal(self, refusal: services.SessionUnavailableError) -> None:
        """Whoever is refused is told so, also where the audit log cannot be."""
        if self.session_id is None:
            return
        try:
            await database_sync_to_async(services.record_refusal)(self.session_id, refusal.code, refusal.slug)
        except Exception as error:
            message = "A refusal (%s) of session %s was not recorded"
            log_failure(logger, message, refusal.slug, self.session_id, error=error)

    async def _refuse(self, code: int, slug: str) -> None:
        """Accept first: a browser is told no close code of a socket that was never open."""
        metrics.REFUSED_SOCKETS.labels(str(int(code))).inc()
        await self._release()
        await self.accept(self._choose_subprotocol())
        await self._send(replies.build_error(slug))
        await self.close(int(code))

    def _choose_subprotocol(self) -> str | None:
        return SUBPROTOCOL if SUBPROTOCOL in self.scope.get("subprotocols", []) else None

    # --- receiving, sending and letting go -------------------------------------------------------

    def _spend_rate(self) -> None:
        if not self._bucket.spend(time.monotonic()):
            raise MessageError("Too many messages.", code="rate_limited", close_code=CloseCode.RATE)

    async def _send(self, message: dict[str, Any]) -> None:
        if not self._is_gone:
            with contextlib.suppress(RuntimeError):  # closed by the client between two lines of ours
                await self.send(text_data=json.dumps(message))

    async def _release(self) -> None:
        admission.let_go(self)
        if self._driver is not None:
            await self._driver.release()
        if self._is_listening:
            self._is_listening = False
            await self.channel_layer.group_discard(monitor.name_group(self.row.pk), self.channel_name)
