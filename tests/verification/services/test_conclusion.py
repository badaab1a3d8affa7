"""The end of a session, its verdict, token and audit events: together, once, or not at all."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pytest_django import Settings

from audit.models import AuditEvent, ChainHead
from audit.services import ChainStateError
from audit.verify import verify_chain
from tests.verification.sessions import SCORES, conclude, end, issue, open_session, race, read_kinds, snapshot
from verification import services
from verification.key_ring import KeyRingError
from verification.liveness.vocabulary import ChallengeOutcome, Decision, Reason
from verification.models import Challenge, Nonce, VerificationSession
from verification.tokens import validate_token

pytestmark = pytest.mark.django_db


def test_a_pass_stores_the_verdict_and_issues_a_token_that_says_so() -> None:
    opened = open_session()
    token = services.conclude_session(opened.session.pk, conclude(), end(issue(opened)))
    session = VerificationSession.objects.get()
    assert token is not None
    assert (session.decision, session.reason) == (Decision.PASS, Reason.VERIFIED)
    assert session.scores == {"liveness": 0.91, "emotion": 0.8, "deepfake": 0.77, "final": 0.8478}
    assert session.signals == {"parallax": 0.9877, "texture": None}
    assert session.token_id == token.jti
    verdict = validate_token(token.token)
    assert verdict.payload is not None
    assert verdict.payload["sub"] == "alice"
    assert verdict.payload["session_id"] == str(session.pk)
    assert verdict.payload["verification_score"] == 0.8478
    kinds = read_kinds(session.pk)
    assert kinds[-3:] == ["challenge_passed", "session_concluded", "token_issued"]


def test_a_pass_whose_nonce_ran_out_is_no_pass_and_accuses_nobody() -> None:
    """As after a step of the wall clock in the middle of a session."""
    opened = open_session()
    assert services.conclude_session(opened.session.pk, conclude(), end(issue(opened, lifetime_ms=0))) is None
    session = VerificationSession.objects.get()
    assert (session.decision, session.reason) == (Decision.INCONCLUSIVE, Reason.SESSION_TIMEOUT)
    assert Nonce.objects.get().consumed_at == session.concluded_at
    assert Challenge.objects.get().outcome == ChallengeOutcome.ABANDONED


@pytest.mark.parametrize("reason", [reason for reason in Reason if reason is not Reason.VERIFIED])
def test_no_other_reason_issues_a_token(reason: Reason) -> None:
    opened = open_session()
    assert services.conclude_session(opened.session.pk, conclude(reason), end(issue(opened))) is None
    session = VerificationSession.objects.get()
    assert (session.decision, session.reason, session.token_id) == (reason.decision, reason, None)
    assert "token_issued" not in read_kinds(session.pk)


def test_concluding_twice_gives_one_token_and_one_event() -> None:
    opened = open_session()
    ended = end(issue(opened))
    assert services.conclude_session(opened.session.pk, conclude(), ended) is not None
    before = snapshot()
    assert services.conclude_session(opened.session.pk, conclude(), ended) is None
    assert services.conclude_session(opened.session.pk, conclude(Reason.CANCELLED)) is None
    assert services.abandon_session(opened.session.pk, Reason.DISCONNECTED) is False
    assert snapshot() == before


@pytest.mark.django_db(transaction=True)
def test_of_writers_that_race_to_conclude_one_gets_the_token() -> None:
    opened = open_session()
    ended = end(issue(opened))
    tokens = race(lambda: services.conclude_session(opened.session.pk, conclude(), ended))
    assert sum(token is not None for token in tokens) == 1
    kinds = read_kinds(opened.session.pk)
    assert (kinds.count("session_concluded"), kinds.count("token_issued")) == (1, 1)
    assert verify_chain().is_intact


def test_a_pass_whose_last_nonce_was_consumed_by_another_is_a_replay() -> None:
    opened = open_session()
    ended = end(issue(opened))
    assert services.end_challenge(opened.session.pk, ended)
    assert services.conclude_session(opened.session.pk, conclude(), ended) is None
    session = VerificationSession.objects.get()
    assert (session.decision, session.reason) == (Decision.FAIL, Reason.REPLAY_DETECTED)
    assert "replay_detected" in read_kinds(session.pk)


def test_without_a_signing_key_nothing_of_a_pass_is_stored(settings: Settings, tmp_path: Path) -> None:
    settings.POL_SIGNING_KEYS_DIR = tmp_path
    opened = open_session()
    ended = end(issue(opened))
    before = snapshot()
    with pytest.raises(KeyRingError):
        services.conclude_session(opened.session.pk, conclude(), ended)
    assert snapshot() == before


@pytest.mark.parametrize("reason", [Reason.VERIFIED, Reason.REPLAY_DETECTED, Reason.CANCELLED])
def test_where_the_audit_log_cannot_be_written_nothing_is_stored(reason: Reason) -> None:
    opened = open_session()
    ended = end(issue(opened))
    ChainHead.objects.all().delete()
    before = snapshot()
    writes: list[Callable[[], object]] = [
        lambda: services.conclude_session(opened.session.pk, conclude(reason), ended),
        lambda: services.end_challenge(opened.session.pk, ended),
        lambda: services.connect_socket(opened.session.pk, opened.ticket),
        lambda: services.abandon_session(opened.session.pk, reason),
        lambda: issue(opened),
        open_session,
    ]
    for write in writes:
        with pytest.raises(ChainStateError):
            write()
        assert snapshot() == before


def test_the_close_code_of_a_broken_protocol_is_audited() -> None:
    opened = open_session()
    services.conclude_session(opened.session.pk, conclude(Reason.DISCONNECTED), None, close_code=4429)
    event = AuditEvent.objects.get(kind="session_concluded")
    assert event.detail["close_code"] == 4429
    assert "rate_limited" in read_kinds(opened.session.pk)


def test_the_database_itself_refuses_a_token_for_anything_but_a_pass() -> None:
    session = open_session().session
    session.status, session.decision, session.concluded_at = "concluded", "fail", timezone.now()
    session.token_id = "forged"
    with pytest.raises(IntegrityError), transaction.atomic():
        session.save()


def test_the_database_itself_refuses_a_conclusion_without_a_decision() -> None:
    session = open_session().session
    session.status, session.concluded_at = "concluded", timezone.now()
    with pytest.raises(IntegrityError), transaction.atomic():
        session.save()


@given(
    reasons=st.lists(st.sampled_from(Reason), min_size=1, max_size=4),
    outcomes=st.lists(st.sampled_from(ChallengeOutcome), max_size=4),
)
@hypothesis_settings(max_examples=25)
def test_whatever_happens_a_session_ends_once_and_a_token_means_a_pass(
    reasons: list[Reason], outcomes: list[ChallengeOutcome]
) -> None:
    opened = open_session()
    for outcome in outcomes:
        assert services.end_challenge(opened.session.pk, end(issue(opened), outcome))
    tokens = [services.conclude_session(opened.session.pk, conclude(reason)) for reason in reasons]
    session = VerificationSession.objects.get(pk=opened.session.pk)
    assert session.reason == reasons[0]
    assert [token is not None for token in tokens] == [
        number == 0 and reason is Reason.VERIFIED for number, reason in enumerate(reasons)
    ]
    assert read_kinds(session.pk).count("session_concluded") == 1
    assert verify_chain().is_intact


def test_a_score_outside_its_range_is_never_signed() -> None:
    opened = open_session()
    ended = end(issue(opened))
    before = snapshot()
    with pytest.raises((ValueError, DatabaseError)):
        services.conclude_session(
            opened.session.pk, replace(conclude(), scores=replace(SCORES, final=float("nan"))), ended
        )
    assert snapshot() == before
