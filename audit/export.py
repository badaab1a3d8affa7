"""A part of the audit log as a file that proves itself: events, and a signed statement about all of them."""

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from joserfc.jwk import OKPKey

from audit.models import AuditEvent
from audit.proof import EXPORT_TYPE, PROOF_MEMBER, sign_statement

BATCH_SIZE = 500


class NothingToExportError(Exception):
    """No event lies in the range."""


def describe_event(event: AuditEvent) -> dict[str, Any]:
    """What the event's hash is made of, and the hash itself, as JSON."""
    return {**event.hashed_content(), "hash": event.hash}


def export_with_proof(*, after: int, through: int | None, key: OKPKey, now: datetime) -> Iterator[str]:
    """Lines of JSON, each with its line end: the events numbered above `after` up to `through`, then the proof.

    through: None for all that are there when the reading begins. Raises NothingToExportError. The reading
    takes no lock; a purge meanwhile leaves a file that `audit.proof` refuses.
    """
    digest = hashlib.sha256()
    first: AuditEvent | None = None
    last: AuditEvent | None = None
    for event in _iterate(after, through):
        line = json.dumps(describe_event(event), ensure_ascii=False) + "\n"
        digest.update(line.encode())
        first, last = first or event, event
        yield line
    if first is None or last is None:
        raise NothingToExportError("No event lies in that range.")
    content = {
        "first_sequence": first.sequence,
        "last_sequence": last.sequence,
        "previous_hash": first.previous_hash,
        "head_hash": last.hash,
        "sha256": digest.hexdigest(),
        "exported_at": now.astimezone(UTC).isoformat(timespec="seconds"),
    }
    yield json.dumps({PROOF_MEMBER: sign_statement(EXPORT_TYPE, content, key)}) + "\n"


def _iterate(after: int, through: int | None) -> Iterator[AuditEvent]:
    if through is None:
        through = AuditEvent.objects.order_by("-sequence").values_list("sequence", flat=True).first() or 0
    events = AuditEvent.objects.filter(sequence__lte=through).order_by("sequence")
    while batch := list(events.filter(sequence__gt=after)[:BATCH_SIZE]):
        yield from batch
        after = batch[-1].sequence
