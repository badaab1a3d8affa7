"""Appending to the audit log."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from audit.canonical import NotCanonicalError, canonicalise
from audit.models import AuditEvent, ChainHead, EventKind

MAX_DETAIL_BYTES = 8192
# A net under careless callers, not a proof: what identifies a person or opens a door stays out.
FORBIDDEN_DETAIL_KEYS = frozenset(
    {
        "address", "api_key", "client_ip", "email", "image", "ip", "ip_address", "nonce", "password",
        "remote_addr", "sub", "ticket", "token", "user", "user_agent", "user_id", "username",
    }
)  # fmt: skip


class ChainStateError(RuntimeError):
    """The chain's head does not fit the stored events; `verify_audit` names what is wrong."""


def record(
    kind: EventKind,
    *,
    session_id: UUID | None = None,
    relying_party: str = "",
    detail: Mapping[str, object] | None = None,
    now: datetime | None = None,
) -> AuditEvent:
    """Append one event, inside the transaction of the state change that it reports.

    The chain's head stays locked until that transaction ends, so writers in all replicas take
    turns: call this last in the transaction, and keep the transaction short.

    relying_party: the name of the party that opened the session; at most 200 characters.
    detail: a JSON object of at most 8 KiB without personal data or secrets. Numbers are compared
        by value: 1 and 1.0 are the same.
    now: an aware time; the current one by default.

    Raises TransactionManagementError outside `transaction.atomic()`, ValueError for a detail that is
    too large, has no canonical form or names a forbidden key, and ChainStateError where the head
    row is gone though events are there.
    """
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError(
            "audit.services.record() must run inside transaction.atomic(), together with what it reports."
        )
    detail = dict(detail or {})
    _check_detail(detail)
    head = _lock_head()
    event = AuditEvent(
        sequence=head.sequence + 1,
        recorded_at=now or timezone.now(),
        kind=EventKind(kind),
        session_id=session_id,
        relying_party=relying_party,
        detail=detail,
        previous_hash=head.hash,
    )
    event.hash = event.compute_hash()
    event.save()
    head.sequence, head.hash = event.sequence, event.hash
    head.save(update_fields=["sequence", "hash"])
    return event


def _lock_head() -> ChainHead:
    # SQLite has no row locks; its immediate transactions (settings) let one writer in at a time.
    head, is_new = ChainHead.objects.select_for_update().get_or_create(pk=1)
    if is_new and AuditEvent.objects.exists():
        raise ChainStateError("The audit chain's head row is missing though events exist; run verify_audit.")
    return head


def _check_detail(detail: Mapping[str, object]) -> None:
    size = len(canonicalise(detail))
    if size > MAX_DETAIL_BYTES:
        raise NotCanonicalError(f"an audit detail of {size} bytes is over the limit of {MAX_DETAIL_BYTES}")
    forbidden = FORBIDDEN_DETAIL_KEYS.intersection(_walk_keys(detail))
    if forbidden:
        raise ValueError(f"an audit detail may not hold {', '.join(sorted(forbidden))}")


def _walk_keys(value: object) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield key
            yield from _walk_keys(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _walk_keys(item)
