"""What `GET /health` says: can this process serve a session now?"""

import asyncio
import logging
import secrets
from collections.abc import Callable
from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.core.cache import cache
from django.db.backends.base.base import BaseDatabaseWrapper

from verification.admission import admission
from verification.inference import get_models
from verification.outage import log_failure

logger = logging.getLogger(__name__)

ROUND_TRIP_S = 2


def check_health(connection: BaseDatabaseWrapper) -> dict[str, Any]:
    """`status` is ok, unavailable or stopping; missing extra models are told and do not matter to it."""
    models = get_models()
    checks: dict[str, Any] = {
        "database": _try(lambda: _ask_database(connection)),
        "channel_layer": _try(_ask_channel_layer),
        "models": {
            name: "installed" if entry.is_installed else ("missing" if entry.is_required else "not installed")
            for name, entry in models.status.items()
        },
    }
    is_ok = checks["database"] == checks["channel_layer"] == "ok" and models.is_ready
    status = "stopping" if admission.is_stopping else "ok" if is_ok else "unavailable"
    return {"status": status, "checks": checks}


def _try(ask: Callable[[], None]) -> str:
    try:
        ask()
    except Exception as error:  # an open address tells no reasons; the log does
        log_failure(logger, "A health check failed", error=error)
        return "unavailable"
    return "ok"


def _ask_database(connection: BaseDatabaseWrapper) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _ask_channel_layer() -> None:
    layer = get_channel_layer()
    channel = f"health.{secrets.token_hex(8)}"

    async def round_trip() -> None:
        async with asyncio.timeout(ROUND_TRIP_S):
            await layer.send(channel, {"type": "health"})
            await layer.receive(channel)

    async_to_sync(round_trip)()
    cache.get("health")
