"""When the chain was last verified and what came of it: for the people who look, not as a proof.

The outcome is kept beside the chain and not in it, so that verifying neither writes to a log that may
have been tampered with nor makes it grow.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db import transaction
from django.utils import timezone

from audit.models import AuditEvent, ChainHead, ChainVerification
from audit.verify import ChainReport, verify_chain

KEPT_VERIFICATIONS = 100


class Integrity(StrEnum):
    """What may be said of the chain without walking it now."""

    NEVER_VERIFIED = "never_verified"
    INTACT = "intact"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class IntegrityState:
    """The last verification, and how many events were appended since. last: None when there was none."""

    last: ChainVerification | None
    appended_since: int

    @property
    def verdict(self) -> Integrity:
        if self.last is None:
            return Integrity.NEVER_VERIFIED
        return Integrity.INTACT if self.last.is_intact else Integrity.BROKEN


def verify_and_remember(*, now: datetime | None = None) -> ChainReport:
    """Walk the whole chain and keep the outcome; the newest `KEPT_VERIFICATIONS` outcomes stay."""
    report = verify_chain()
    with transaction.atomic():
        ChainVerification.objects.create(
            verified_at=now or timezone.now(),
            is_intact=report.is_intact,
            checked=report.checked,
            head_sequence=report.head_sequence,
            head_hash=report.head_hash,
            broken_at=report.broken_at,
            problem=report.problem or "",
        )
        kept = ChainVerification.objects.values_list("pk", flat=True)[:KEPT_VERIFICATIONS]
        ChainVerification.objects.exclude(pk__in=list(kept)).delete()
    return report


def read_integrity() -> IntegrityState:
    """The last outcome. Two look-ups by primary key or index, whatever the log's length."""
    last = ChainVerification.objects.first()
    head = ChainHead.objects.filter(pk=1).values_list("sequence", flat=True).first() or 0
    return IntegrityState(last, max(0, head - last.head_sequence) if last else head)


def read_oldest_event() -> AuditEvent | None:
    """The first event that is retained."""
    return AuditEvent.objects.order_by("sequence").first()
