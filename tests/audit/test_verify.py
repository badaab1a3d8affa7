from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from audit import verify
from audit.models import GENESIS_HASH, AuditEvent, ChainCheckpoint, ChainHead, EventKind
from audit.retention import purge
from audit.verify import ChainReport, Problem, verify_chain
from tests.audit.events import START, record_series, stored_rows

pytestmark = pytest.mark.django_db

LENGTH = 6
hashes = st.text("0123456789abcdef", min_size=64, max_size=64)
tampered_values: dict[str, st.SearchStrategy[Any]] = {
    "sequence": st.integers(-(2**40), 2**40),
    "recorded_at": st.timedeltas(timedelta(days=-900), timedelta(days=900)).map(lambda shift: START + shift),
    "kind": st.sampled_from(EventKind.values),
    "session_id": st.none() | st.uuids(),
    "relying_party": st.text("abcdefghij", max_size=20),
    "detail": st.dictionaries(st.text("index"), st.integers(0, 9) | st.booleans()),
    "previous_hash": hashes,
    "hash": hashes,
}


def verify_after(change: Callable[[], object]) -> tuple[ChainReport, object]:
    """Write `LENGTH` events, let `change` at them, verify, and undo it all."""
    with transaction.atomic():
        record_series(LENGTH)
        is_changed = change()
        report = verify_chain(batch_size=4)
        transaction.set_rollback(True)
    return report, is_changed


def test_an_empty_log_is_intact() -> None:
    report = verify_chain()
    assert report.is_intact
    assert (report.checked, report.head_hash) == (0, GENESIS_HASH)


@pytest.mark.parametrize("batch_size", [1, 2, LENGTH, 1000])
def test_an_untouched_log_is_intact_whatever_the_batch_size(batch_size: int) -> None:
    newest = record_series(LENGTH)[-1]
    report = verify_chain(batch_size=batch_size)
    assert report.is_intact
    assert (report.checked, report.head_sequence, report.head_hash) == (LENGTH, newest.sequence, newest.hash)


@settings(deadline=None)
@given(data=st.data(), sequence=st.integers(1, LENGTH), field=st.sampled_from(sorted(tampered_values)))
def test_a_change_to_any_field_of_any_event_is_detected(
    data: st.DataObject, sequence: int, field: str
) -> None:
    value = data.draw(tampered_values[field])

    def change() -> bool:
        row = stored_rows().filter(sequence=sequence)
        if row.values_list(field, flat=True).get() == value:
            return False
        if field == "sequence" and stored_rows().filter(sequence=value).exists():
            return False
        row.update(**{field: value})
        return True

    report, is_changed = verify_after(change)
    assert report.is_intact != is_changed
    if is_changed:
        assert report.broken_at is not None
        assert 0 <= report.broken_at <= sequence + 1


@settings(deadline=None)
@given(sequence=st.integers(1, LENGTH))
def test_a_deleted_event_is_named_as_missing(sequence: int) -> None:
    report, _ = verify_after(lambda: stored_rows().filter(sequence=sequence).delete())
    assert (report.problem, report.broken_at) == (Problem.MISSING, sequence)


@settings(deadline=None)
@given(st.permutations(range(1, LENGTH + 1)))
def test_events_in_another_order_are_detected(order: list[int]) -> None:
    def change() -> bool:
        rows = list(stored_rows().order_by("sequence"))
        stored_rows().all().delete()
        for row, sequence in zip(rows, order, strict=True):
            AuditEvent(
                sequence=sequence,
                **{name: getattr(row, name) for name in tampered_values if name != "sequence"},
            ).save()
        return order != sorted(order)

    report, is_changed = verify_after(change)
    assert report.is_intact != is_changed


def test_an_event_rewritten_with_a_fitting_hash_breaks_the_next_link() -> None:
    record_series(LENGTH)
    event = AuditEvent.objects.get(sequence=3)
    event.relying_party = "other"
    stored_rows().filter(sequence=3).update(relying_party="other", hash=event.compute_hash())
    report = verify_chain()
    assert (report.problem, report.broken_at, report.checked) == (Problem.UNLINKED, 4, 3)


def test_a_rewritten_event_to_which_the_next_is_relinked_breaks_the_hash_of_the_next() -> None:
    record_series(LENGTH)
    event = AuditEvent.objects.get(sequence=3)
    event.relying_party = "other"
    stored_rows().filter(sequence=3).update(relying_party="other", hash=event.compute_hash())
    stored_rows().filter(sequence=4).update(previous_hash=event.compute_hash())
    report = verify_chain()
    assert (report.problem, report.broken_at) == (Problem.ALTERED, 4)


def test_a_time_shifted_by_a_microsecond_is_detected() -> None:
    record_series(LENGTH)
    stored_rows().filter(sequence=2).update(recorded_at=START + timedelta(minutes=1, microseconds=1))
    report = verify_chain()
    assert (report.problem, report.broken_at) == (Problem.ALTERED, 2)


def test_the_newest_event_rewritten_with_a_fitting_hash_does_not_match_the_head() -> None:
    record_series(LENGTH)
    event = AuditEvent.objects.get(sequence=LENGTH)
    event.relying_party = "other"
    stored_rows().filter(sequence=LENGTH).update(relying_party="other", hash=event.compute_hash())
    report = verify_chain()
    assert (report.problem, report.broken_at) == (Problem.HEAD, LENGTH)


def test_an_event_behind_the_head_is_outside_the_chain() -> None:
    first = record_series(LENGTH)[0]
    ChainHead.objects.update(sequence=LENGTH - 1, hash=AuditEvent.objects.get(sequence=LENGTH - 1).hash)
    report = verify_chain()
    assert (report.problem, report.broken_at) == (Problem.EXTRA, LENGTH)
    assert first.sequence == 1


def test_a_lost_head_row_is_detected() -> None:
    record_series(2)
    ChainHead.objects.all().delete()
    assert verify_chain().problem == Problem.EXTRA


def test_an_event_put_back_before_the_checkpoint_is_outside_the_chain() -> None:
    events = record_series(LENGTH)
    purge(before=events[2].recorded_at, now=events[-1].recorded_at)
    stored_rows()
    AuditEvent(**{name: getattr(events[1], name) for name in tampered_values}).save()
    assert verify_chain().problem == Problem.EXTRA


def test_a_checkpoint_that_no_purge_accounts_for_is_detected() -> None:
    record_series(LENGTH)
    third = AuditEvent.objects.get(sequence=3)
    stored_rows().filter(sequence__lt=3).delete()
    ChainCheckpoint.objects.create(
        first_retained_sequence=3, previous_hash=third.previous_hash, purged_at=START
    )
    report = verify_chain()
    assert (report.problem, report.broken_at) == (Problem.CHECKPOINT, 3)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("recorded_at", "no time"),
        ("session_id", "no uuid"),
        ("detail", "{no json"),
        ("recorded_at", "2026-13-45"),
    ],
)
def test_a_row_that_cannot_be_read_is_named_rather_than_raised(column: str, value: str) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("this database checks the types of its columns itself")
    record_series(LENGTH)
    stored_rows()
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA ignore_check_constraints = ON")
        cursor.execute(f"UPDATE audit_auditevent SET {column} = %s WHERE sequence = 4", [value])
        cursor.execute("PRAGMA ignore_check_constraints = OFF")
    report = verify_chain()
    assert (report.is_intact, report.broken_at, report.checked) == (False, 4, 3)
    assert report.problem in (Problem.UNREADABLE, Problem.ALTERED)


def test_memory_stays_bounded_by_the_batch(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    record_series(10)
    # Triggers, checkpoint, head, four batches, event before the start, highest event, head again.
    with django_assert_num_queries(10):
        verify_chain(batch_size=3)


def test_a_purge_during_the_walk_does_not_look_like_tampering(monkeypatch: pytest.MonkeyPatch) -> None:
    events = record_series(LENGTH)
    read_batch = verify._read_batch
    purged: list[int] = []

    def read_while_purging(after: int, through: int, size: int) -> list[AuditEvent]:
        if after == 2 and not purged:
            purged.append(purge(before=events[4].recorded_at, now=events[-1].recorded_at))
        return read_batch(after, through, size)

    monkeypatch.setattr(verify, "_read_batch", read_while_purging)
    report = verify_chain(batch_size=2)
    assert purged == [4]
    assert report.is_intact
    assert report.checked == LENGTH - 4 + 1
