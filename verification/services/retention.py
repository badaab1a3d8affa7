"""What is deleted when its time is over."""

from datetime import datetime

from django.db import transaction

from audit.models import EventKind
from audit.services import record
from verification.models import VerificationSession


@transaction.atomic
def purge_sessions(*, before: datetime) -> int:
    """Delete the sessions opened before a time, with their challenges and nonces. Returns how many."""
    _, deleted = VerificationSession.objects.filter(created_at__lt=before).delete()
    count = deleted.get(VerificationSession._meta.label, 0)
    if count:
        record(EventKind.SESSIONS_PURGED, detail={"count": count, "before": before.isoformat()})
    return count
