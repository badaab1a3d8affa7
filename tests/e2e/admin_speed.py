"""`DATABASE_URL=… python -m tests.e2e.admin_speed [COUNT]`: how long the reviewers' pages take over a full database.

An empty, migrated SQLite is filled with copies of simulated sessions (tests.e2e.simulated_sessions), with ten audit
events each, chained as real ones are; COUNT 0 measures what is there. Figures are the processor time of this process,
in which pages are made and SQLite runs: what else the machine does, network and browser do not count.
"""

import asyncio
import copy
import os
import secrets
import sys
import time
import uuid
from collections.abc import AsyncIterable
from datetime import datetime, timedelta
from random import Random
from statistics import median
from typing import cast

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "polsite.settings")
os.environ.setdefault("DJANGO_SUPERUSER_PASSWORD", secrets.token_urlsafe())
if __name__ == "__main__":
    django.setup()

from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection, models, transaction
from django.http import StreamingHttpResponse
from django.test import Client
from django.utils import timezone

from audit.models import AuditEvent, ChainHead, EventKind
from tests.e2e import simulated_sessions
from verification.models import VerificationSession

EVENTS_A_SESSION = 10
BATCH = 1_000
RUNS = 5
SESSIONS = "/admin/verification/verificationsession/"
EVENTS = "/admin/audit/auditevent/"


def fill(count: int) -> None:
    """`count` sessions over the last 30 days, rounded down to whole batches, and ten times as many events."""
    simulated_sessions.fill(40)
    rng, now = Random(7), timezone.now()
    patterns = list(VerificationSession.objects.filter(status="concluded"))
    for _ in range(count // BATCH):
        sessions = [
            repeat(rng.choice(patterns), now - timedelta(days=30 * rng.random())) for _ in range(BATCH)
        ]
        with transaction.atomic():
            VerificationSession.objects.bulk_create(sessions)
            # The log's own manager appends one event at a time, through the service.
            models.QuerySet[AuditEvent](AuditEvent).bulk_create(chain(sessions, now, rng))


def repeat(pattern: VerificationSession, opened_at: datetime) -> VerificationSession:
    session = copy.copy(pattern)
    assert session.concluded_at is not None
    length = session.concluded_at - session.created_at
    session.pk, session.ticket_hash = uuid.uuid4(), secrets.token_hex(32)
    session.token_id = secrets.token_hex(16) if session.token_id else None
    session.created_at = session.ticket_used_at = opened_at
    session.concluded_at, session.expires_at = opened_at + length, opened_at + timedelta(minutes=2)
    return session


def chain(sessions: list[VerificationSession], now: datetime, rng: Random) -> list[AuditEvent]:
    head = ChainHead.objects.get(pk=1)
    events = []
    for session in [session for session in sessions for _ in range(EVENTS_A_SESSION)]:
        event = AuditEvent(
            sequence=head.sequence + 1,
            recorded_at=now,
            kind=rng.choice(list(EventKind)),
            session_id=session.pk,
            relying_party=rng.choice(simulated_sessions.PARTIES),
            detail={"reason": session.reason},
            previous_hash=head.hash,
        )
        event.hash = head.hash = event.compute_hash()
        head.sequence = event.sequence
        events.append(event)
    head.save()
    return events


def list_pages() -> list[tuple[str, str]]:
    """What is looked at, and its address."""
    session = str(VerificationSession.objects.order_by("created_at")[100].pk)
    return [
        ("dashboard", "/admin/"),
        ("live monitor", "/admin/monitor/"),
        ("sessions", SESSIONS),
        ("sessions, last page", f"{SESSIONS}?p={VerificationSession.objects.count() // 50}"),
        ("sessions, by reason", f"{SESSIONS}?reason__exact=challenge_failed"),
        ("sessions, search for a user id", f"{SESSIONS}?q=subject-017"),
        ("one session", f"{SESSIONS}{session}/change/"),
        ("audit log", EVENTS),
        ("audit log, by kind", f"{EVENTS}?kind__exact=token_issued"),
        ("audit log, by reason", f"{EVENTS}?reason=challenge_failed"),
        ("audit log, by user id", f"{EVENTS}?user_id=subject-017"),
        ("audit log, search for a session", f"{EVENTS}?q={session}"),
        ("audit log, search for a word", f"{EVENTS}?q=token"),
        ("audit log, whole download", f"{EVENTS}export.csv"),
    ]


def measure(browser: Client, address: str) -> float:
    """Seconds of processor time until the last byte."""
    begun = time.process_time()
    response = browser.get(address)
    assert response.status_code == 200, (address, response.status_code)
    if isinstance(response, StreamingHttpResponse):
        asyncio.run(drain(cast(AsyncIterable[bytes], response.streaming_content)))
    return time.process_time() - begun


async def drain(parts: AsyncIterable[bytes]) -> None:
    async for _ in parts:
        pass


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    if count and VerificationSession.objects.exists():
        raise SystemExit("This database is in use: name an empty one in DATABASE_URL, or a COUNT of 0.")
    settings.ALLOWED_HOSTS = ["testserver"]
    if count:
        fill(count)
    root, _ = User.objects.get_or_create(username="speed", is_staff=True, is_superuser=True)
    browser = Client(headers={"X-Forwarded-Proto": "https"})
    browser.force_login(root, backend="django.contrib.auth.backends.ModelBackend")
    counted = (VerificationSession.objects.count(), AuditEvent.objects.count())
    sys.stdout.write(f"{connection.vendor}: {counted[0]} sessions, {counted[1]} audit events\n")
    for name, address in list_pages():
        times_s = sorted(measure(browser, address) for _ in range(1 if "download" in name else RUNS))
        line = f"| {name} | {1000 * median(times_s):.0f} | {1000 * times_s[-1]:.0f} |\n"
        sys.stdout.write(line)
        sys.stdout.flush()


if __name__ == "__main__":
    main()
