"""A session is opened, and its ticket takes it once: with its audit event, or not at all."""

import json
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pytest_django import Settings

from audit.models import AuditEvent
from tests.verification.sessions import RACERS, conclude, end, issue, open_session, race, read_kinds, snapshot
from verification import services
from verification.conf import restore_policy
from verification.liveness.actions import Action, PoolExhaustedError
from verification.liveness.vocabulary import Reason
from verification.models import RelyingParty, SessionStatus, VerificationSession
from verification.secrets_at_rest import hash_secret
from verification.services import SessionUnavailableError

pytestmark = pytest.mark.django_db


def test_a_session_is_stored_with_the_hash_of_its_ticket_only() -> None:
    opened = open_session()
    session = VerificationSession.objects.get(pk=opened.session.pk)
    assert session.ticket_hash == hash_secret(opened.ticket)
    assert len(opened.ticket) == 43  # 256 bits in base64url
    assert opened.ticket not in snapshot()
    assert session.status == SessionStatus.CREATED
    assert session.expires_at - session.created_at == timedelta(seconds=120)
    assert read_kinds(session.pk) == ["session_opened"]


def test_the_policy_in_force_is_stored_and_can_be_restored(settings: Settings) -> None:
    settings.POL_PASS_THRESHOLD = 0.66
    opened = open_session(exclude=["blink"])
    policy = restore_policy(VerificationSession.objects.get(pk=opened.session.pk).policy)
    assert policy.pass_threshold == 0.66
    assert Action.BLINK not in policy.pool
    assert AuditEvent.objects.get(session_id=opened.session.pk).detail["excluded"] == ["blink"]


def test_too_many_exclusions_store_nothing() -> None:
    before = snapshot()
    with pytest.raises(PoolExhaustedError):
        open_session(exclude=["turn_left", "turn_right", "look_up", "look_down", "nod"])
    assert snapshot() == before


def test_neither_the_name_of_the_person_nor_any_secret_is_in_the_audit_log() -> None:
    opened = open_session(user_id="alice@example.org", state="secret-state")
    services.connect_socket(opened.session.pk, opened.ticket)
    challenge = issue(opened)
    token = services.conclude_session(opened.session.pk, conclude(), end(challenge))
    assert token is not None
    log = json.dumps(list(AuditEvent.objects.values()), default=str)
    for secret in (
        "alice", opened.ticket, hash_secret(opened.ticket), challenge.nonce.hex(),
        hash_secret(challenge.nonce), token.token, "secret-state",
    ):  # fmt: skip
        assert secret not in log


def refuse(session_id: UUID, ticket: str) -> tuple[int, str]:
    with pytest.raises(SessionUnavailableError) as caught:
        services.connect_socket(session_id, ticket)
    return caught.value.code, caught.value.slug


def test_the_right_ticket_takes_the_session_once() -> None:
    opened = open_session()
    session = services.connect_socket(opened.session.pk, opened.ticket)
    assert session.status == SessionStatus.IN_PROGRESS
    assert session.ticket_used_at is not None
    assert refuse(session.pk, opened.ticket) == (4409, "already_connected")
    assert read_kinds(session.pk) == ["session_opened", "socket_connected"]


def test_only_the_holder_of_the_ticket_learns_of_the_sessions_state() -> None:
    opened = open_session()
    services.connect_socket(opened.session.pk, opened.ticket)
    assert refuse(opened.session.pk, "wrong") == (4401, "bad_ticket")
    services.abandon_session(opened.session.pk, Reason.CANCELLED)
    assert refuse(opened.session.pk, "wrong") == (4401, "bad_ticket")
    assert refuse(opened.session.pk, opened.ticket) == (4410, "session_over")
    assert refuse(uuid4(), opened.ticket) == (4404, "no_such_session")


@given(ticket=st.text(max_size=100))
@hypothesis_settings(max_examples=25)
def test_no_other_text_is_the_ticket(ticket: str) -> None:
    opened = open_session()
    assert ticket != opened.ticket
    assert refuse(opened.session.pk, ticket)[0] == 4401
    assert services.connect_socket(opened.session.pk, opened.ticket).pk == opened.session.pk


def test_a_client_without_consent_has_its_time_from_its_socket_on(settings: Settings) -> None:
    settings.SESSION_TIMEOUT_SECONDS = 60
    opened = open_session()
    session = services.connect_socket(opened.session.pk, opened.ticket)
    assert session.ticket_used_at is not None
    assert session.expires_at - session.ticket_used_at == timedelta(seconds=60)


def test_whoever_starts_just_before_the_deadline_has_the_whole_time() -> None:
    opened = open_session()
    VerificationSession.objects.update(expires_at=timezone.now() + timedelta(seconds=5))
    session = services.connect_socket(opened.session.pk, opened.ticket)
    assert session.expires_at > timezone.now() + timedelta(seconds=100)


@pytest.mark.django_db(transaction=True)
def test_of_sockets_that_race_with_one_ticket_one_gets_in() -> None:
    opened = open_session()
    results = race(lambda: services.connect_socket(opened.session.pk, opened.ticket))
    refused = [result.code for result in results if isinstance(result, SessionUnavailableError)]
    assert refused == [4409] * (RACERS - 1)
    assert read_kinds(opened.session.pk).count("socket_connected") == 1


def test_a_refusal_is_audited_where_the_session_exists() -> None:
    opened = open_session()
    services.record_refusal(opened.session.pk, 4403, "origin_not_allowed")
    before = AuditEvent.objects.count()
    services.record_refusal(uuid4(), 4404, "no_such_session")
    assert AuditEvent.objects.count() == before
    event = AuditEvent.objects.get(kind="socket_refused")
    assert event.detail == {"close_code": 4403, "code": "origin_not_allowed"}


def test_the_party_is_named_in_every_event_of_its_session() -> None:
    party = RelyingParty.objects.create(name="bank")
    opened = open_session(relying_party=party)
    services.connect_socket(opened.session.pk, opened.ticket)
    services.abandon_session(opened.session.pk, Reason.DISCONNECTED, close_code=4500)
    events = AuditEvent.objects.filter(session_id=opened.session.pk)
    assert {event.relying_party for event in events} == {"bank"}
