"""Erasing a capture subject: everything that identifies them goes, everything else verifies."""

import json
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import Permission, User
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from oauth2_provider.models import AccessToken, Application

from audit.models import AuditEvent, EventKind
from audit.verify import verify_chain
from tests.verification.admin.conftest import SignIn
from tests.verification.sessions import conclude, end, issue, open_session
from verification.erasure import Subject, erase_subject, find_sessions
from verification.models import OidcLogin, RelyingParty, SessionStatus, VerificationSession
from verification.services import OpenedSession, conclude_session, connect_socket

pytestmark = pytest.mark.django_db
PAGE = "/admin/erase/"
NAME = "subject-042@example.org"


def open_as(name: str = NAME, **fields: Any) -> OpenedSession:
    return open_session(
        user_id=name, locale="de", redirect_uri="https://shop.example.org/x", state="order-17", **fields
    )


def dump_database() -> str:
    """Every row of every table, sessions of logged-in staff apart (they hold no subject)."""
    tables = [model for model in apps.get_models() if model._meta.managed]
    return json.dumps([list(model._default_manager.values()) for model in tables], default=str)


@pytest.fixture
def officer(sign_in: SignIn) -> Client:
    """An account that may erase and do nothing else."""
    browser = sign_in()
    User.objects.get().user_permissions.add(Permission.objects.get(codename="erase_capture_subject"))
    return browser


def test_no_trace_of_the_name_is_left_in_any_table_and_the_chain_verifies(party: RelyingParty) -> None:
    for _ in range(2):
        opened = open_as(relying_party=party)
        connect_socket(opened.session.pk, opened.ticket)
        conclude_session(opened.session.pk, conclude(), end(issue(opened)))
    erasure = erase_subject(Subject(NAME, party), staff_id=7)
    assert erasure is not None
    assert (erasure.sessions, erasure.ended) == (2, 0)
    dump = dump_database()
    for trace in (NAME, "order-17", "shop.example.org"):
        assert trace not in dump
    assert set(VerificationSession.objects.values_list("user_id", flat=True)) == {erasure.pseudonym}
    assert verify_chain().is_intact
    call_command("verify_audit")


def test_what_a_login_by_openid_connect_said_goes_too(party: RelyingParty) -> None:
    opened = open_as(relying_party=party)
    client = Application.objects.create(
        name="shop",
        client_type=Application.CLIENT_CONFIDENTIAL,
        authorization_grant_type=Application.GRANT_AUTHORIZATION_CODE,
    )
    token = AccessToken.objects.create(
        application=client, token="t" * 32, expires=timezone.now(), scope="openid"
    )
    OidcLogin.objects.create(
        session=opened.session, application=client, redirect_uri="https://shop.example.org/x", scope="openid",
        state="order-17", code_challenge="c" * 43, subject="s" * 43, browser_hash="b" * 64, access_token=token,
    )  # fmt: skip
    erase_subject(Subject(NAME, party), staff_id=7)
    assert not OidcLogin.objects.exists()
    assert not AccessToken.objects.exists()
    assert "order-17" not in dump_database()


def test_every_table_that_speaks_of_a_session_is_known_to_hold_nothing_that_erasure_leaves() -> None:
    """A new table that refers to sessions fails here until erasure has been thought of."""
    related = {field.related_model.__name__ for field in VerificationSession._meta.related_objects}
    assert related == {"Challenge", "OidcLogin", "VerificationSession", "WebhookDelivery"}


def test_decisions_scores_and_audit_events_stay(passed: OpenedSession, party: RelyingParty) -> None:
    before = VerificationSession.objects.values("decision", "scores", "signals", "token_id", "policy").get()
    events = list(AuditEvent.objects.values_list("hash", flat=True))
    erase_subject(Subject("subject-001", party), staff_id=7)
    after = VerificationSession.objects.values("decision", "scores", "signals", "token_id", "policy").get()
    assert after == before
    assert list(AuditEvent.objects.values_list("hash", flat=True))[1:] == events


def test_the_erasure_is_audited_without_the_name(party: RelyingParty) -> None:
    open_as(relying_party=party)
    erasure = erase_subject(Subject(NAME, party), staff_id=7)
    event = AuditEvent.objects.first()
    assert event is not None
    assert erasure is not None
    assert (event.kind, event.relying_party) == (EventKind.SUBJECT_ERASED, "bank")
    assert event.detail == {"sessions": 1, "ended": 1, "pseudonym": erasure.pseudonym, "staff_id": 7}


def test_a_session_in_progress_is_ended_first_so_that_no_token_names_the_person() -> None:
    opened = open_as()
    connect_socket(opened.session.pk, opened.ticket)
    challenge = issue(opened)
    erase_subject(Subject(NAME, None), staff_id=7)
    session = VerificationSession.objects.get()
    assert (session.status, session.reason) == (SessionStatus.CONCLUDED, "cancelled")
    assert conclude_session(session.pk, conclude(), end(challenge)) is None


def test_the_same_id_at_another_party_is_another_person(party: RelyingParty) -> None:
    open_as(relying_party=party)
    kept = open_as()
    erase_subject(Subject(NAME, party), staff_id=7)
    assert [session.pk for session in find_sessions(Subject(NAME, None))] == [kept.session.pk]


def test_two_erasures_get_pseudonyms_that_have_nothing_in_common(party: RelyingParty) -> None:
    pseudonyms = set()
    for _ in range(2):
        open_as(relying_party=party)
        erasure = erase_subject(Subject(NAME, party), staff_id=7)
        assert erasure is not None
        pseudonyms.add(erasure.pseudonym)
    assert len(pseudonyms) == 2


def test_somebody_who_was_never_here_changes_and_audits_nothing() -> None:
    open_as("subject-001")
    before = dump_database()
    assert erase_subject(Subject("subject-00", None), staff_id=7) is None
    assert dump_database() == before


# --- the page --------------------------------------------------------------------------------------


def test_the_page_asks_shows_and_then_erases(officer: Client, party: RelyingParty) -> None:
    open_as(relying_party=party)
    assert "User id" in officer.get(PAGE).content.decode()
    asked = officer.post(PAGE, {"user_id": NAME, "relying_party": party.pk}).content.decode()
    assert "Erase this subject?" in asked
    assert "Sessions still in progress, which will be ended: 1" in asked
    assert VerificationSession.objects.get().user_id == NAME
    form = {"user_id": NAME, "relying_party": party.pk, "confirm": "1"}
    done = officer.post(PAGE, form, follow=True).content.decode()
    assert "Sessions that now carry the pseudonym erased-" in done
    assert NAME not in done
    assert not find_sessions(Subject(NAME, party)).exists()


@pytest.mark.parametrize("name", ["subject-999", "", "x" * 129])
def test_the_page_says_so_where_there_is_nobody_to_erase(officer: Client, name: str) -> None:
    open_as()
    response = officer.post(PAGE, {"user_id": name, "relying_party": ""})
    assert response.status_code == 200
    assert "Show what would change" in response.content.decode()
    assert not AuditEvent.objects.filter(kind=EventKind.SUBJECT_ERASED).exists()


def test_spaces_and_capitals_count(officer: Client) -> None:
    open_as(" Subject")
    assert "There is no session" in officer.post(PAGE, {"user_id": "Subject"}).content.decode()
    assert "Erase this subject?" in officer.post(PAGE, {"user_id": " Subject"}).content.decode()


@pytest.mark.parametrize("role", ["", "reviewer", "operator"])
def test_it_needs_its_own_permission(sign_in: SignIn, role: str) -> None:
    open_as()
    browser = sign_in(role)
    assert browser.get(PAGE).status_code == 403
    assert browser.post(PAGE, {"user_id": NAME, "confirm": "1"}).status_code == 403
    assert VerificationSession.objects.get().user_id == NAME
