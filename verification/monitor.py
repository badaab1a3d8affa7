"""News for whoever watches sessions in progress, and for the socket of a session that staff ended.

Both travel over the channel layer, so with Redis they reach every process. Nothing depends on their
arrival: a monitor reads the database anyway, and a session that is concluded there can not pass any more.
"""

import asyncio
import logging
import uuid
from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import transaction

from audit.models import EventKind

logger = logging.getLogger(__name__)

MONITORS = "monitors"
SEND_TIMEOUT_S = 2.0
# What a monitor shows; other events change nothing there.
VISIBLE_KINDS = frozenset(
    {
        EventKind.SESSION_OPENED,
        EventKind.SOCKET_CONNECTED,
        EventKind.CHALLENGE_REVEALED,
        EventKind.CHALLENGE_PASSED,
        EventKind.CHALLENGE_FAILED,
        EventKind.CHALLENGE_SKIPPED,
        EventKind.SESSION_CONCLUDED,
        EventKind.SESSIONS_PURGED,
        EventKind.SUBJECT_ERASED,
    }
)


def name_group(session_id: uuid.UUID) -> str:
    """The channel-layer group of the one socket that a session can have."""
    return f"session.{session_id.hex}"


def announce(kind: EventKind) -> None:
    """Tell the monitors, once the current transaction is committed, that there is something to read."""
    if kind in VISIBLE_KINDS:
        transaction.on_commit(lambda: _send(MONITORS, {"type": "sessions.changed"}))


def announce_end(session_id: uuid.UUID) -> None:
    """Tell a session's socket, once the current transaction is committed, that staff ended it."""
    transaction.on_commit(lambda: _send(name_group(session_id), {"type": "session.ended"}))


def _send(group: str, message: dict[str, Any]) -> None:
    async def send() -> None:
        async with asyncio.timeout(SEND_TIMEOUT_S):
            await get_channel_layer().group_send(group, message)

    try:
        async_to_sync(send)()
    except Exception as error:  # each channel layer has errors of its own; none may undo what was committed
        logger.warning("The channel layer did not take %s: %s", message["type"], type(error).__name__)
