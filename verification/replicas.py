"""Which server processes are alive, and which sessions lost theirs.

Times are the database's own, so the clocks of the machines need not agree.
"""

import uuid
from datetime import timedelta

from django.conf import settings
from django.db.models import QuerySet
from django.db.models.functions import Now

from verification.models import Replica, SessionStatus, VerificationSession


def beat(replica_id: uuid.UUID) -> bool:
    """Say that this process is alive. False where the database did not know of it (any more)."""
    if Replica.objects.filter(pk=replica_id).update(seen_at=Now()):
        return True
    Replica.objects.create(pk=replica_id, seen_at=Now())
    return False


def find_orphans() -> QuerySet[VerificationSession]:
    """Sessions in progress whose process has not been heard of for POL_REPLICA_LEASE_SECONDS."""
    return VerificationSession.objects.filter(
        status=SessionStatus.IN_PROGRESS, held_by__isnull=False
    ).exclude(held_by__in=_find_alive().values("pk"))


def forget_dead() -> int:
    """Delete the rows of processes that are counted out and hold nothing any more. Returns how many."""
    holding = VerificationSession.objects.filter(status=SessionStatus.IN_PROGRESS, held_by__isnull=False)
    dead = Replica.objects.exclude(pk__in=_find_alive().values("pk"))
    return dead.exclude(pk__in=holding.values("held_by")).delete()[0]


def leave(replica_id: uuid.UUID) -> None:
    """Say goodbye: whatever this process still held is an orphan from now on."""
    Replica.objects.filter(pk=replica_id).delete()


def _find_alive() -> QuerySet[Replica]:
    lease = timedelta(seconds=settings.POL_REPLICA_LEASE_SECONDS)
    return Replica.objects.filter(seen_at__gt=Now() - lease)
