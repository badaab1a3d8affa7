"""Sessions name people, so they go after the retention time; what the camera said goes with them."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from audit.models import AuditEvent
from verification.models import VerificationSession
from verification.services import note_camera, open_session, purge_sessions

pytestmark = pytest.mark.django_db


def open_days_ago(days: float) -> VerificationSession:
    session = open_session(user_id="alice").session
    session.created_at = timezone.now() - timedelta(days=days)
    session.save()
    return session


def test_only_sessions_past_the_time_are_deleted_and_the_audit_log_says_how_many() -> None:
    open_days_ago(91)
    kept = open_days_ago(89)
    assert purge_sessions(before=timezone.now() - timedelta(days=90)) == 1
    assert list(VerificationSession.objects.all()) == [kept]
    assert AuditEvent.objects.get(kind="sessions_purged").detail["count"] == 1


def test_a_purge_that_finds_nothing_leaves_no_event() -> None:
    open_days_ago(1)
    assert purge_sessions(before=timezone.now() - timedelta(days=90)) == 0
    assert not AuditEvent.objects.filter(kind="sessions_purged").exists()


def test_the_command_keeps_the_configured_days_and_a_dry_run_deletes_nothing() -> None:
    open_days_ago(100)
    out = StringIO()
    call_command("purge_sessions", "--dry-run", stdout=out)
    assert out.getvalue().startswith("1 sessions")
    assert VerificationSession.objects.count() == 1
    call_command("purge_sessions", stdout=out)
    assert VerificationSession.objects.count() == 0


def test_less_than_a_day_is_refused() -> None:
    with pytest.raises(CommandError, match="1 or more"):
        call_command("purge_sessions", "--days", "0")


def test_what_the_client_says_of_its_camera_is_kept_for_staff() -> None:
    session = open_session(user_id="alice").session
    note_camera(session.pk, {"width": 640, "label": "Front camera"})
    session.refresh_from_db()
    assert session.camera == {"width": 640, "label": "Front camera"}
