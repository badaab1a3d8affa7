"""The database refuses, whoever asks: these tests go round the models, with SQL."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction

from audit.guards import build_removal, build_statements, find_missing, list_guards
from audit.models import AuditEvent, ChainCheckpoint
from audit.retention import purge
from audit.verify import Problem, verify_chain
from tests.audit.events import START, record_series

pytestmark = pytest.mark.django_db

LATER = START + timedelta(days=1)


def run(sql: str) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
        return int(cursor.rowcount)


def test_every_trigger_is_there_after_all_migrations() -> None:
    assert find_missing(connection) == []
    assert len(list_guards(connection.vendor)) == (8 if connection.vendor == "postgresql" else 6)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE audit_auditevent SET relying_party = 'other' WHERE sequence = 2",
        "UPDATE audit_auditevent SET hash = hash WHERE sequence = 2",
        "UPDATE audit_auditevent SET sequence = 99 WHERE sequence = 2",
    ],
)
def test_no_column_of_an_event_can_be_changed(sql: str) -> None:
    record_series(3)
    with pytest.raises(IntegrityError, match="cannot be changed"):
        run(sql)
    assert verify_chain().is_intact


@pytest.mark.parametrize("where", ["", "WHERE sequence = 1", "WHERE sequence = 3"])
def test_no_event_can_be_deleted(where: str) -> None:
    record_series(3)
    with pytest.raises(IntegrityError, match="purge_audit only"):
        run(f"DELETE FROM audit_auditevent {where}")
    assert AuditEvent.objects.count() == 3


@pytest.mark.skipif(connection.vendor != "postgresql", reason="only PostgreSQL has TRUNCATE")
@pytest.mark.parametrize("table", ["audit_auditevent", "audit_chaincheckpoint"])
def test_no_table_can_be_truncated(table: str) -> None:
    record_series(3)
    with pytest.raises(IntegrityError, match="audit"):
        run(f"TRUNCATE {table}")


@pytest.mark.parametrize("sequence", [1, 3, 5, -1])
def test_an_event_can_be_put_nowhere_but_at_the_end_nor_replaced(sequence: int) -> None:
    """SQLite's INSERT OR REPLACE would take the older one away without asking a trigger for deletions."""
    record_series(3)
    columns = "sequence, recorded_at, kind, relying_party, detail, previous_hash, hash"
    values = f"{sequence}, '2026-01-01', 'session_opened', 'other', '{{}}', '{'0' * 64}', '{'f' * 64}'"
    replacing = "" if connection.vendor == "postgresql" else "OR REPLACE"
    on_conflict = "ON CONFLICT (sequence) DO NOTHING" if connection.vendor == "postgresql" else ""
    with pytest.raises(IntegrityError, match="follows the head"):
        run(f"INSERT {replacing} INTO audit_auditevent ({columns}) VALUES ({values}) {on_conflict}")
    assert verify_chain().is_intact


def test_the_checkpoint_moves_on_only_and_does_not_go() -> None:
    events = record_series(6)
    purge(before=events[3].recorded_at, now=LATER)
    for sql in (
        "UPDATE audit_chaincheckpoint SET first_retained_sequence = 3",
        "DELETE FROM audit_chaincheckpoint",
        "INSERT INTO audit_chaincheckpoint SELECT * FROM audit_chaincheckpoint",
    ):
        with pytest.raises(IntegrityError, match="only moves on"):
            run(sql)
    assert ChainCheckpoint.objects.get().first_retained_sequence == 4


def test_what_a_checkpoint_left_behind_may_go_but_a_forged_checkpoint_is_found() -> None:
    events = record_series(6)
    purge(before=events[1].recorded_at, now=LATER)
    fourth = AuditEvent.objects.get(sequence=4)
    run(
        "UPDATE audit_chaincheckpoint SET first_retained_sequence = 4, "
        f"previous_hash = '{fourth.previous_hash}'"
    )
    assert run("DELETE FROM audit_auditevent WHERE sequence < 4") == 2
    report = verify_chain()
    assert (report.broken_at, report.problem) == (4, Problem.CHECKPOINT)


def test_a_purge_that_fails_leaves_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise RuntimeError("the purge's own event could not be written")

    events = record_series(6)
    monkeypatch.setattr("audit.retention.record", fail)
    with pytest.raises(RuntimeError, match="own event"), transaction.atomic():
        purge(before=events[3].recorded_at, now=LATER)
    assert AuditEvent.objects.count() == 6
    assert not ChainCheckpoint.objects.exists()


def test_the_triggers_can_be_made_twice_and_taken_away() -> None:
    with connection.cursor() as cursor:
        for statement in build_statements(connection.vendor):
            cursor.execute(statement)
        assert find_missing(connection) == []
        for statement in build_removal(connection.vendor):
            cursor.execute(statement)
    assert find_missing(connection) == [name for name, _ in list_guards(connection.vendor)]


@pytest.mark.django_db(transaction=True)
def test_the_migration_goes_back_and_forth_with_events_in_the_table() -> None:
    record_series(3)
    call_command("migrate", "audit", "0003", verbosity=0)
    assert len(find_missing(connection)) == len(list_guards(connection.vendor))
    call_command("migrate", "audit", verbosity=0)
    assert find_missing(connection) == []
    assert verify_chain().is_intact
