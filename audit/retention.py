"""Deleting the oldest part of the audit log so that the rest still verifies."""

from datetime import datetime

from django.db import models, transaction
from django.db.models import Max
from joserfc.jwk import OKPKey

from audit.models import AuditEvent, ChainCheckpoint, ChainHead, EventKind
from audit.proof import CHECKPOINT_TYPE, sign_statement
from audit.services import ChainStateError, record
from audit.signing import require_signing_key


def purge(*, before: datetime, now: datetime, limit: int = 10_000) -> int:
    """Delete, in one transaction, up to `limit` of the events recorded before `before`; return how many.

    Only the front of the chain goes: everything ahead of the first event recorded at `before` or
    later, so an event with an early time behind a later one (replicas whose clocks differ) stays for
    another run. Moves the checkpoint, signed, and records `audit_purged`, which vouches for it. Call it
    again until it returns 0.

    Raises ValueError for a `before` that lies in the future or a limit below 1, ChainStateError where
    events exist without a head, and AuditKeyError where there is no key to sign with.
    """
    if before > now or limit < 1:
        raise ValueError("`before` may not lie in the future, and `limit` is at least 1")
    key = require_signing_key()
    with transaction.atomic():
        head = ChainHead.objects.select_for_update().filter(pk=1).first()
        oldest = _front(before).order_by("sequence")[:limit]
        last = oldest.aggregate(last=Max("sequence"))["last"]
        if last is None:
            return 0
        if head is None:
            raise ChainStateError(
                "The audit chain's head row is missing though events exist; run verify_audit."
            )
        previous_hash = AuditEvent.objects.values_list("hash", flat=True).get(sequence=last)
        _move_checkpoint(last + 1, previous_hash, now, key)
        # The plain queryset: the model's own refuses to delete. The triggers let go what the checkpoint left.
        purged, _ = models.QuerySet(AuditEvent).filter(sequence__lte=last).delete()
        record(
            EventKind.AUDIT_PURGED,
            detail={
                "purged": purged,
                "before": before.isoformat(),
                "first_retained_sequence": last + 1,
                "previous_hash": previous_hash,
            },
            now=now,
        )
    return purged


@transaction.atomic
def adopt_checkpoint(key: OKPKey) -> bool:
    """Sign a checkpoint that was left before there was a key, where the log still vouches for it."""
    checkpoint = ChainCheckpoint.objects.select_for_update().filter(pk=1, statement="").first()
    if checkpoint is None:
        return False
    first, previous_hash = checkpoint.first_retained_sequence, checkpoint.previous_hash
    voucher = AuditEvent.objects.filter(
        kind=EventKind.AUDIT_PURGED,
        detail__first_retained_sequence=first,
        detail__previous_hash=previous_hash,
    )
    if voucher.exists():
        _move_checkpoint(first, previous_hash, checkpoint.purged_at, key)
    return voucher.exists()


def count_purgeable(*, before: datetime) -> int:
    """Return how many events `purge` would delete in all."""
    return _front(before).count()


def _move_checkpoint(first_retained: int, previous_hash: str, purged_at: datetime, key: OKPKey) -> None:
    content = {"first_retained_sequence": first_retained, "previous_hash": previous_hash}
    ChainCheckpoint.objects.update_or_create(
        pk=1,
        defaults={
            **content,
            "purged_at": purged_at,
            "statement": sign_statement(CHECKPOINT_TYPE, content, key),
        },
    )


def _front(before: datetime) -> models.QuerySet[AuditEvent]:
    first_kept = AuditEvent.objects.filter(recorded_at__gte=before).order_by("sequence")
    kept = first_kept.values_list("sequence", flat=True).first()
    return AuditEvent.objects.all() if kept is None else AuditEvent.objects.filter(sequence__lt=kept)
