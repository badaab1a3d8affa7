"""What is remembered of verifications, and what the admin says of it."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from audit.integrity import (
    KEPT_VERIFICATIONS,
    Integrity,
    read_integrity,
    read_oldest_event,
    verify_and_remember,
)
from audit.models import AuditEvent, ChainVerification
from tests.audit.events import START, record_at, record_series, stored_rows

pytestmark = pytest.mark.django_db
BASE = "/admin/audit/auditevent/"


def tamper(sequence: int) -> None:
    stored_rows().filter(sequence=sequence).update(relying_party="other")


def test_a_log_that_nobody_verified_says_so() -> None:
    record_series(2)
    state = read_integrity()
    assert (state.verdict, state.last, state.appended_since) == (Integrity.NEVER_VERIFIED, None, 2)


def test_the_command_is_remembered_and_later_events_are_counted() -> None:
    record_series(3)
    call_command("verify_audit")
    record_at(START)
    state = read_integrity()
    assert state.verdict is Integrity.INTACT
    assert state.last is not None
    assert (state.last.checked, state.last.head_sequence, state.appended_since) == (3, 3, 1)
    assert state.last.head_hash == AuditEvent.objects.get(pk=3).hash


def test_a_broken_chain_is_remembered_with_its_first_broken_link() -> None:
    record_series(3)
    tamper(2)
    with pytest.raises(CommandError):
        call_command("verify_audit")
    state = read_integrity()
    assert state.verdict is Integrity.BROKEN
    assert state.last is not None
    assert (state.last.broken_at, state.last.problem) == (2, "altered_event")


def test_verifying_writes_nothing_into_the_log() -> None:
    record_series(2)
    verify_and_remember()
    assert AuditEvent.objects.count() == 2


def test_only_the_newest_outcomes_are_kept() -> None:
    for number in range(KEPT_VERIFICATIONS + 3):
        verify_and_remember(now=START + timedelta(minutes=number))
    assert ChainVerification.objects.count() == KEPT_VERIFICATIONS
    newest = ChainVerification.objects.first()
    assert newest is not None
    assert newest.verified_at == START + timedelta(minutes=KEPT_VERIFICATIONS + 2)


def test_the_oldest_event_is_the_first_that_is_left() -> None:
    assert read_oldest_event() is None
    record_series(2)
    oldest = read_oldest_event()
    assert oldest is not None
    assert oldest.sequence == 1


# --- in the admin ----------------------------------------------------------------------------------


def test_the_badge_says_never_and_what_to_do(admin_client: Client) -> None:
    page = admin_client.get(BASE).content.decode()
    assert "Never verified" in page
    assert "manage.py verify_audit" in page


def test_a_button_verifies_and_the_badge_changes(admin_client: Client) -> None:
    record_series(3)
    page = admin_client.post(f"{BASE}verify/", follow=True).content.decode()
    assert "The chain is intact." in page
    assert '<span class="badge pass">Intact</span>' in page
    assert "unbroken. Events checked: 3." in page


def test_a_broken_chain_is_said_loudly_with_the_event(admin_client: Client) -> None:
    record_series(3)
    tamper(2)
    page = admin_client.post(f"{BASE}verify/", follow=True).content.decode()
    assert "The chain is broken at event 2." in page
    assert '<span class="badge fail">Broken</span>' in page
    assert '<span class="badge fail">Broken</span>' in admin_client.get("/admin/").content.decode()


def test_a_log_too_long_for_a_request_is_left_to_the_command(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("audit.admin.MAX_VERIFIED_HERE", 2)
    record_series(3)
    page = admin_client.post(f"{BASE}verify/", follow=True).content.decode()
    assert "too long to verify here" in page
    assert not ChainVerification.objects.exists()


def test_verifying_is_asked_for_by_a_form_only(admin_client: Client) -> None:
    assert admin_client.get(f"{BASE}verify/").status_code == 405
