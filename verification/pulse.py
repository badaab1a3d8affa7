"""The heartbeat of one server process, and its look after those whose heart stopped.

A process that is killed concludes nothing. So each one writes a row every few seconds, and whoever is
alive concludes the sessions of one that has not been heard of for a lease. See docs/decisions/0012.
"""

import asyncio
import contextlib
import logging
import time
import uuid
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

from channels.db import database_sync_to_async
from django.conf import settings
from django.utils import timezone

from verification import replicas, services
from verification.admission import admission
from verification.liveness.vocabulary import Reason
from verification.models import VerificationSession
from verification.outage import log_failure

logger = logging.getLogger(__name__)

BEATS_IN_A_LEASE = 5
Result = TypeVar("Result")


class Pulse:
    """begin() may be called as often as one likes; all times are those of `time.monotonic`."""

    def __init__(self) -> None:
        self._replica_id = uuid.uuid4()
        self._beating: asyncio.Task[None] | None = None
        self._first_beat: asyncio.Task[None] | None = None
        self._beaten_at_s: float | None = None
        self._steady_since_s = 0.0
        self._is_over = False

    @property
    def holder(self) -> uuid.UUID | None:
        """Who holds the sockets of this process; None while nobody else could tell whether it lives."""
        if self._beaten_at_s is None or time.monotonic() - self._beaten_at_s > _lease_s() / 2:
            return None
        return self._replica_id

    def begin_soon(self) -> None:
        """Beat from now on."""
        if self._beating is None and not self._is_over:
            self._first_beat = asyncio.create_task(self._beat())
            self._beating = asyncio.create_task(self._go_on(self._first_beat))

    async def begin(self) -> None:
        """The same; returns after the first beat, whether the database took it or not."""
        self.begin_soon()
        if self._first_beat is not None:
            await asyncio.shield(self._first_beat)

    async def end(self) -> None:
        """Stop for good, and say so in the database."""
        self._is_over = True
        if self._beating is None:
            return
        self._beating.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._beating
        self._beaten_at_s = None
        await _in_own_thread(replicas.leave)(self._replica_id)

    async def _go_on(self, first_beat: asyncio.Task[None]) -> None:
        await first_beat
        while True:
            await asyncio.sleep(_lease_s() / BEATS_IN_A_LEASE)
            await self._beat()

    async def _beat(self) -> None:
        try:
            was_known = await _in_own_thread(replicas.beat)(self._replica_id)
            self._note_beat(was_known=was_known)
            if time.monotonic() - self._steady_since_s >= _lease_s():
                await _in_own_thread(_conclude_what_is_left)()
        except Exception as error:  # the database may be back for the next one
            log_failure(logger, "Replica %s could not say that it is alive", self._replica_id, error=error)

    def _note_beat(self, *, was_known: bool) -> None:
        """Judge others only after a lease without a gap: where all were cut off, all get time to come back."""
        now_s = time.monotonic()
        if self._beaten_at_s is None or now_s - self._beaten_at_s > _lease_s():
            self._steady_since_s = now_s
        if self._beaten_at_s is not None and not was_known:
            logger.warning("Replica %s had been counted out; it gives up its sessions", self._replica_id)
            admission.end_all(Reason.DISCONNECTED)
        self._beaten_at_s = now_s


def _conclude_what_is_left() -> None:
    if orphans := services.conclude_orphans():
        logger.warning("%s sessions of a process that is gone were concluded as disconnected", orphans)
    # A socket concludes its own session in time, and with its evidence; so leave it a lease.
    overdue_since = timezone.now() - timedelta(seconds=settings.POL_REPLICA_LEASE_SECONDS)
    services.conclude_expired(VerificationSession.objects.filter(expires_at__lte=overdue_since))


def _lease_s() -> float:
    return float(settings.POL_REPLICA_LEASE_SECONDS)


def _in_own_thread(work: Callable[..., Result]) -> Callable[..., Awaitable[Result]]:
    """The thread that all sockets share may be busy for long; whether we live must not depend on that."""
    return database_sync_to_async(work, thread_sensitive=False)  # type: ignore[no-any-return]


pulse = Pulse()
