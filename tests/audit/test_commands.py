import functools
import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from audit.management.commands import purge_audit, verify_audit
from audit.models import AuditEvent
from audit.retention import purge
from audit.verify import Problem, verify_chain
from tests.audit.events import record_at, record_series, stored_rows

pytestmark = pytest.mark.django_db


def run(name: str, *arguments: str) -> str:
    out = StringIO()
    call_command(name, *arguments, stdout=out)
    return out.getvalue()


def record_aged(*days: float) -> None:
    for age in days:
        record_at(timezone.now() - timedelta(days=age))


def test_purge_audit_keeps_ninety_days_by_default() -> None:
    record_aged(91, 90.5, 89.5, 1)
    assert "Deleted 2 audit events" in run("purge_audit")
    assert AuditEvent.objects.count() == 3
    assert verify_chain().is_intact


def test_purge_audit_takes_another_period() -> None:
    record_aged(91, 31, 29)
    assert "(30 days ago)" in run("purge_audit", "--days", "30")
    assert AuditEvent.objects.order_by("sequence")[0].sequence == 3


def test_purge_audit_dry_run_counts_and_deletes_nothing() -> None:
    record_aged(91, 90.5, 1)
    assert "Would delete 2 audit events" in run("purge_audit", "--dry-run")
    assert AuditEvent.objects.count() == 3


def test_purge_audit_shows_progress_between_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    record_aged(95, 94, 93, 92, 91)
    monkeypatch.setattr(purge_audit, "purge", functools.partial(purge, limit=2))
    output = run("purge_audit")
    assert "2 of 5 ..." in output
    assert "4 of 5 ..." in output
    assert "Deleted 5 audit events" in output


@pytest.mark.parametrize("days", ["0", "-1", "36501", "999999999999"])
def test_purge_audit_refuses_a_senseless_period(days: str) -> None:
    record_aged(91)
    with pytest.raises(CommandError, match="retention period"):
        run("purge_audit", "--days", days)
    assert AuditEvent.objects.count() == 1


def test_verify_audit_names_the_head_of_an_intact_log() -> None:
    newest = record_series(3)[-1]
    output = run("verify_audit")
    assert "intact: 3 events" in output
    assert newest.hash in output


def test_verify_audit_names_the_first_broken_link_and_exits_1() -> None:
    record_series(5)
    stored_rows().filter(sequence__in=[3, 5]).update(relying_party="other")
    with pytest.raises(CommandError, match=r"broken at event 3: .*altered_event") as refusal:
        run("verify_audit")
    assert refusal.value.returncode == 1


def test_verify_audit_json_reports_an_intact_log() -> None:
    newest = record_series(2)[-1]
    assert json.loads(run("verify_audit", "--json")) == {
        "is_intact": True,
        "checked": 2,
        "head_sequence": 2,
        "head_hash": newest.hash,
        "broken_at": None,
        "problem": None,
        "is_guarded": True,
    }


def test_verify_audit_says_when_the_database_does_not_refuse_changes_any_more() -> None:
    record_series(2)
    stored_rows()
    err = StringIO()
    call_command("verify_audit", stdout=StringIO(), stderr=err)
    assert "somebody removed its triggers" in err.getvalue()


def test_verify_audit_json_reports_a_broken_log_and_exits_1() -> None:
    record_series(3)
    stored_rows().filter(sequence=2).delete()
    out = StringIO()
    with pytest.raises(SystemExit) as stop:
        call_command("verify_audit", "--json", stdout=out)
    assert stop.value.code == 1
    report = json.loads(out.getvalue())
    assert (report["broken_at"], report["problem"]) == (2, "missing_event")


def test_every_problem_has_an_explanation() -> None:
    assert set(verify_audit.EXPLANATIONS) == set(Problem)


@pytest.mark.parametrize("command", [purge_audit.Command, verify_audit.Command])
def test_the_help_shows_examples(command: type[purge_audit.Command]) -> None:
    text = command().create_parser("manage.py", command.__module__.rpartition(".")[2]).format_help()
    assert "examples:\n  manage.py " in text
