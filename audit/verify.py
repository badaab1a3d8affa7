"""Checking that nothing in the audit log was changed, taken out, put in or reordered.

A hash chain shows tampering to whoever knows a later hash. Someone who may write to the whole database
can rebuild the chain from any point on, so note the head's hash outside of the database now and then.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from django.db import connection
from django.db.models import Max

from audit.canonical import NotCanonicalError
from audit.guards import find_missing
from audit.models import GENESIS_HASH, AuditEvent, ChainCheckpoint, ChainHead, EventKind
from audit.proof import CHECKPOINT_TYPE, ProofError, read_statement
from audit.signing import list_public_keys


class Problem(StrEnum):
    """What is wrong at the first broken link."""

    MISSING = "missing_event"
    ALTERED = "altered_event"
    UNLINKED = "wrong_previous_hash"
    UNREADABLE = "unreadable_event"
    EXTRA = "event_outside_the_chain"
    HEAD = "head_mismatch"
    CHECKPOINT = "checkpoint_not_vouched_for"
    UNSIGNED = "checkpoint_not_signed"


@dataclass(frozen=True, slots=True)
class ChainReport:
    """The outcome of a verification.

    checked: events read. broken_at: the sequence number of the first broken link, None when intact.
    head_sequence, head_hash: the newest event that the chain's head claims. is_guarded: whether the
    triggers that refuse changes are there (audit.guards).
    """

    is_intact: bool
    checked: int
    head_sequence: int
    head_hash: str
    broken_at: int | None = None
    problem: Problem | None = None
    is_guarded: bool = True


@dataclass(frozen=True, slots=True)
class _Link:
    sequence: int
    hash: str


@dataclass(frozen=True, slots=True)
class _Start(_Link):
    """The last event that was purged, and what was signed of it."""

    statement: str = ""


class _BrokenLinkError(Exception):
    def __init__(self, sequence: int, problem: Problem) -> None:
        self.sequence = sequence
        self.problem = problem


def verify_chain(*, batch_size: int = 1000) -> ChainReport:
    """Walk the retained chain from its checkpoint to its head, `batch_size` events in memory at a time.

    Takes no lock: events appended meanwhile are left for the next run, and a purge that takes away
    events ahead of the walk starts it anew.
    """
    is_guarded = not find_missing(connection)
    while True:
        # The checkpoint is read before the head, so that the head includes the event vouching for it.
        start = _read_start()
        report = _verify_from(start, _read_head(), batch_size)
        if report.is_intact or _read_start() == start:
            return replace(report, is_guarded=is_guarded)


def _read_start() -> _Start:
    checkpoint = ChainCheckpoint.objects.filter(pk=1).first()
    if checkpoint is None:
        return _Start(0, GENESIS_HASH)
    last_purged = checkpoint.first_retained_sequence - 1
    return _Start(last_purged, checkpoint.previous_hash, checkpoint.statement)


def _read_head() -> _Link:
    head = ChainHead.objects.filter(pk=1).first()
    return _Link(0, GENESIS_HASH) if head is None else _Link(head.sequence, head.hash)


def _verify_from(start: _Start, head: _Link, batch_size: int) -> ChainReport:
    last, checked, is_vouched = _Link(start.sequence, start.hash), 0, start.sequence == 0
    try:
        for event in _iterate_events(start.sequence, head.sequence, batch_size):
            _check_link(event, last)
            last, checked = _Link(event.sequence, event.hash), checked + 1
            is_vouched = is_vouched or _vouches_for(event, start)
        _check_ends(start, last, head)
        if not is_vouched:
            raise _BrokenLinkError(start.sequence + 1, Problem.CHECKPOINT)
        if not _is_signed(start):
            raise _BrokenLinkError(start.sequence + 1, Problem.UNSIGNED)
    except _BrokenLinkError as broken:
        return ChainReport(False, checked, head.sequence, head.hash, broken.sequence, broken.problem)
    return ChainReport(True, checked, head.sequence, head.hash)


def _iterate_events(after: int, through: int, batch_size: int) -> Iterator[AuditEvent]:
    while after < through:
        batch = _read_batch(after, through, batch_size)
        if not batch:
            raise _BrokenLinkError(after + 1, Problem.MISSING)
        yield from batch
        after = batch[-1].sequence


def _read_batch(after: int, through: int, size: int) -> list[AuditEvent]:
    events = AuditEvent.objects.filter(sequence__gt=after, sequence__lte=through).order_by("sequence")
    try:
        return list(events[:size])
    except (ValueError, TypeError) as error:
        # A column that its type cannot read back (SQLite checks none): find the row by halving.
        if size == 1:
            raise _BrokenLinkError(after + 1, Problem.UNREADABLE) from error
        return _read_batch(after, through, size // 2)


def _check_link(event: AuditEvent, last: _Link) -> None:
    if event.sequence != last.sequence + 1:
        raise _BrokenLinkError(last.sequence + 1, Problem.MISSING)
    try:
        is_unaltered = event.compute_hash() == event.hash
    except (NotCanonicalError, AttributeError) as error:
        raise _BrokenLinkError(event.sequence, Problem.UNREADABLE) from error
    if not is_unaltered:
        raise _BrokenLinkError(event.sequence, Problem.ALTERED)
    if event.previous_hash != last.hash:
        raise _BrokenLinkError(event.sequence, Problem.UNLINKED)


def _vouches_for(event: AuditEvent, start: _Link) -> bool:
    return (
        event.kind == EventKind.AUDIT_PURGED
        and isinstance(event.detail, dict)
        and event.detail.get("first_retained_sequence") == start.sequence + 1
        and event.detail.get("previous_hash") == start.hash
    )


def _is_signed(start: _Start) -> bool:
    """Whether the audit key vouches too. Where none was ever made, there is nothing to ask."""
    keys = list_public_keys()
    if start.sequence == 0 or not keys:
        return True
    try:
        signed = read_statement(CHECKPOINT_TYPE, start.statement, keys)
    except ProofError:
        return False
    return signed == {"first_retained_sequence": start.sequence + 1, "previous_hash": start.hash}


def _check_ends(start: _Link, last: _Link, head: _Link) -> None:
    if last != head:
        raise _BrokenLinkError(head.sequence, Problem.HEAD)
    if AuditEvent.objects.filter(sequence__lte=start.sequence).exists():
        raise _BrokenLinkError(start.sequence, Problem.EXTRA)
    # Highest event first, head second: a writer in between can only raise the head.
    highest = AuditEvent.objects.aggregate(highest=Max("sequence"))["highest"] or 0
    current = _read_head().sequence
    if highest > current:
        raise _BrokenLinkError(current + 1, Problem.EXTRA)
