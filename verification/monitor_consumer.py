"""The live monitor's socket: staff by permission, one way, at most one message a second.

Changes arrive as a nudge over the channel layer and are then read from the database, so a nudge that is lost
costs a few seconds and never the truth. Who may look is asked again each time.
"""

import asyncio
import contextlib
import json
import logging
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

from channels.auth import get_user
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import AbstractUser
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation
from django.utils.translation import get_supported_language_variant
from django_otp.middleware import OTPMiddleware

from verification import monitor
from verification.admin.monitor_page import render_rows
from verification.admin.sessions import END_PERMISSION
from verification.admin_site import VIEW_PERMISSION
from verification.messages import CloseCode
from verification.monitor_snapshot import read_snapshot
from verification.outage import log_failure

logger = logging.getLogger(__name__)

MIN_INTERVAL_S = 1.0
HEARTBEAT_S = 5.0
NOT_PERMITTED = 4403


class MonitorConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]  # channels ships no types
    """Sends `{"type": "sessions", "total", "rows": [{"id", "html"}]}` whenever something changed."""

    async def connect(self) -> None:
        """Accept first: a browser is told no close code of a socket that was never open."""
        self._has_news = asyncio.Event()
        self._teller: asyncio.Task[None] | None = None
        await self.accept()
        try:
            may_look = self._is_own_origin() and await self._read_user() is not None
        except Exception as error:
            await self._give_up(error)
            return
        if not may_look:
            await self.close(NOT_PERMITTED)
            return
        await self.channel_layer.group_add(monitor.MONITORS, self.channel_name)
        self._teller = asyncio.create_task(self._tell())

    async def disconnect(self, code: int) -> None:
        if self._teller is not None:
            self._teller.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._teller
            await self.channel_layer.group_discard(monitor.MONITORS, self.channel_name)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Nothing is expected; what comes is not read."""
        await self.close(int(CloseCode.MALFORMED))

    async def sessions_changed(self, message: dict[str, Any]) -> None:
        """Something changed, somewhere: read soon."""
        self._has_news.set()

    async def _tell(self) -> None:
        """Until the account may not look any more."""
        try:
            while (user := await self._read_user()) is not None:
                self._has_news.clear()
                await self.send(text_data=json.dumps(await self._describe(user)))
                await asyncio.sleep(MIN_INTERVAL_S)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._has_news.wait(), HEARTBEAT_S)
            await self.close(NOT_PERMITTED)
        except Exception as error:
            await self._give_up(error)

    async def _give_up(self, error: Exception) -> None:
        log_failure(logger, "A live monitor ended by an error of the server", error=error)
        await self.close(int(CloseCode.SERVER_ERROR))

    async def _describe(self, user: AbstractUser) -> dict[str, Any]:
        return await database_sync_to_async(self._read_rows)(user)  # type: ignore[no-any-return]

    def _read_rows(self, user: AbstractUser) -> dict[str, Any]:
        snapshot = read_snapshot(now=timezone.now())
        with translation.override(self._choose_language()):
            rows = render_rows(snapshot, can_end=user.has_perm(END_PERMISSION))
        return {
            "type": "sessions",
            "total": snapshot.total,
            "rows": [{"id": session_id, "html": html} for session_id, html in rows.items()],
        }

    async def _read_user(self) -> AbstractUser | None:
        """The account that is signed in by now and may look; None after a logout, too.

        The session is read anew: the one of the handshake would still know who has logged out since.
        """
        engine = import_module(settings.SESSION_ENGINE)
        session = engine.SessionStore(self.scope["session"].session_key)
        request = HttpRequest()
        request.session = session
        request.user = await get_user({**self.scope, "session": session})
        return await database_sync_to_async(_find_permitted)(request)  # type: ignore[no-any-return]

    def _is_own_origin(self) -> bool:
        """Cookies come along from any page of this host name, so only our own pages may open this socket."""
        headers = dict(self.scope["headers"])
        origin = headers.get(b"origin", b"").decode("latin-1")
        host = headers.get(b"host", b"").decode("latin-1")
        if settings.POL_PUBLIC_URL and origin == settings.POL_PUBLIC_URL:
            return True
        try:
            return bool(host) and urlsplit(origin).netloc.lower() == host.lower()
        except ValueError:  # such as an unclosed bracket
            return False

    def _choose_language(self) -> str:
        try:
            return get_supported_language_variant(self.scope["url_route"]["kwargs"]["language"])
        except LookupError:
            return settings.LANGUAGE_CODE


def _find_permitted(request: HttpRequest) -> AbstractUser | None:
    """The request's account, if the admin would let it in and show it sessions."""
    OTPMiddleware(lambda _request: HttpResponse())(request)
    if not admin.site.has_permission(request) or not request.user.has_perm(VIEW_PERMISSION):
        return None
    return request.user  # type: ignore[return-value]  # not anonymous: it has a permission
