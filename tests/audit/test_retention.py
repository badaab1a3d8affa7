from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.models import AuditEvent, ChainCheckpoint, ChainHead, EventKind
from audit.retention import count_purgeable, purge
from audit.services import ChainStateError
from audit.verify import verify_chain
from tests.audit.events import START, record_at, record_series

pytestmark = pytest.mark.django_db

RETENTION = timedelta(days=90)
NOW = datetime(2026, 6, 1, 3, 0, tzinfo=UTC)


def test_an_event_exactly_as_old_as_the_retention_period_stays_and_one_microsecond_older_goes() -> None:
    record_at(NOW - RETENTION - timedelta(microseconds=1))
    record_at(NOW - RETENTION)
    assert purge(before=NOW - RETENTION, now=NOW) == 1
    assert AuditEvent.objects.order_by("sequence")[0].recorded_at == NOW - RETENTION


def test_what_remains_after_a_purge_verifies() -> None:
    events = record_series(10)
    assert purge(before=events[4].recorded_at, now=NOW) == 4
    report = verify_chain()
    assert report.is_intact
    assert report.checked == 7


def test_the_checkpoint_says_where_the_rest_begins() -> None:
    events = record_series(10)
    purge(before=events[4].recorded_at, now=NOW)
    checkpoint = ChainCheckpoint.objects.get()
    assert checkpoint.first_retained_sequence == 5
    assert checkpoint.previous_hash == events[3].hash
    assert checkpoint.purged_count == 4
    assert checkpoint.purged_at == NOW
    assert str(checkpoint) == "retained from 5"
    assert str(ChainHead.objects.get()) == "head at 11"


def test_a_purge_is_itself_an_event() -> None:
    events = record_series(10)
    purge(before=events[4].recorded_at, now=NOW)
    event = AuditEvent.objects.get(sequence=11)
    assert event.kind == EventKind.AUDIT_PURGED
    assert event.recorded_at == NOW
    assert event.detail == {
        "purged": 4,
        "before": events[4].recorded_at.isoformat(),
        "first_retained_sequence": 5,
        "previous_hash": events[3].hash,
    }


def test_a_purge_of_everything_leaves_the_event_of_the_purge() -> None:
    record_series(3)
    assert purge(before=NOW, now=NOW) == 3
    assert [event.sequence for event in AuditEvent.objects.all()] == [4]
    assert verify_chain().is_intact


def test_a_purge_of_nothing_records_nothing() -> None:
    events = record_series(3)
    assert purge(before=events[0].recorded_at, now=NOW) == 0
    assert AuditEvent.objects.count() == 3
    assert not ChainCheckpoint.objects.exists()


def test_an_early_time_behind_a_later_one_stays_so_that_the_chain_has_no_hole() -> None:
    for days in (10, 1, 10):
        record_at(NOW - timedelta(days=days))
    before = NOW - timedelta(days=5)
    assert count_purgeable(before=before) == 1
    assert purge(before=before, now=NOW) == 1
    assert verify_chain().is_intact


@settings(deadline=None)
@given(
    ages=st.lists(st.integers(0, 9), max_size=12),
    cut_offs=st.lists(st.integers(0, 9), max_size=3),
    limit=st.integers(1, 5),
)
def test_the_chain_verifies_after_any_purges_in_any_batches(
    ages: list[int], cut_offs: list[int], limit: int
) -> None:
    with transaction.atomic():
        for age in ages:
            record_at(NOW - timedelta(days=age))
        for cut_off in cut_offs:
            before = NOW - timedelta(days=cut_off)
            expected = count_purgeable(before=before)
            purged = 0
            while batch := purge(before=before, now=NOW, limit=limit):
                assert batch <= limit
                purged += batch
                assert verify_chain().is_intact
            assert purged >= expected
        assert verify_chain().is_intact
        record_at(NOW)
        assert verify_chain().is_intact
        transaction.set_rollback(True)


def test_a_purge_into_the_future_is_refused() -> None:
    with pytest.raises(ValueError, match="future"):
        purge(before=NOW + timedelta(seconds=1), now=NOW)


def test_a_lost_head_row_stops_a_purge() -> None:
    record_series(2)
    ChainHead.objects.all().delete()
    with pytest.raises(ChainStateError):
        purge(before=START + timedelta(days=1), now=NOW)
    assert AuditEvent.objects.count() == 2
