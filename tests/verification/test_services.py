"""Every change of a session's state and its audit event: together, once, or not at all."""

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID, uuid4

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pytest_django import Settings

from audit.models import AuditEvent, ChainHead
from audit.services import ChainStateError
from audit.verify import verify_chain
from verification import services
from verification.conf import restore_policy
from verification.key_ring import KeyRingError
from verification.liveness.actions import Action, PoolExhaustedError
from verification.liveness.events import ChallengeEnded, IssuedChallenge, SessionConcluded
from verification.liveness.score import Scores
from verification.liveness.vocabulary import ChallengeFault, ChallengeOutcome, Decision, Reason
from verification.models import Challenge, Nonce, RelyingParty, SessionStatus, VerificationSession
from verification.secrets_at_rest import hash_secret
from verification.services import OpenedSession, SessionUnavailableError
from verification.tokens import validate_token

pytestmark = pytest.mark.django_db

RACERS = 4
FIVE_MINUTES_MS = 300_000
SCORES = Scores(liveness=0.91, emotion=0.8, deepfake=0.77, final=0.84777)
Result = TypeVar("Result")


def open_session(**fields: Any) -> OpenedSession:
    return services.open_session(**{"user_id": "alice", **fields})


def issue(opened: OpenedSession, *, lifetime_ms: int = FIVE_MINUTES_MS) -> IssuedChallenge:
    """Reveal a challenge, as the socket does."""
    challenge = IssuedChallenge(
        challenge_id=str(uuid4()),
        index=1,
        total=3,
        action=Action.TURN_LEFT,
        nonce=uuid4().bytes,
        revealed_at_ms=0,
        timeout_ms=15_000,
    )
    assert services.reveal_challenge(opened.session.pk, challenge, lifetime_ms)
    return challenge


def end(challenge: IssuedChallenge, outcome: ChallengeOutcome = ChallengeOutcome.PASSED) -> ChallengeEnded:
    fault = ChallengeFault.NOT_PERFORMED if outcome is ChallengeOutcome.FAILED else None
    return ChallengeEnded(challenge, outcome, fault, 2, 1_234, {"peak": 0.98765})


def conclude(reason: Reason = Reason.VERIFIED) -> SessionConcluded:
    return SessionConcluded(
        reason, SCORES, {"parallax": 0.98765, "texture": None}, {"timing": {"a": 0.12345}}
    )


def read_kinds(session_id: UUID) -> list[str]:
    events = AuditEvent.objects.filter(session_id=session_id).order_by("sequence")
    return list(events.values_list("kind", flat=True))


def snapshot() -> str:
    """Everything that is stored, so that "nothing changed" can be said of all of it."""
    tables = (VerificationSession, Challenge, Nonce, AuditEvent, ChainHead)
    return json.dumps([list(table.objects.order_by("pk").values()) for table in tables], default=str)


def race(work: Callable[[], Result], racers: int = RACERS) -> list[Result | Exception]:
    """Run in several threads at once, each with a connection of its own, as replicas have."""
    start = threading.Barrier(racers, timeout=60)

    def run() -> Result | Exception:
        try:
            start.wait()
            return work()
        except SessionUnavailableError as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(racers) as pool:
        return [job.result() for job in [pool.submit(run) for _ in range(racers)]]


# --- opening -----------------------------------------------------------------------------------------


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


# --- the ticket --------------------------------------------------------------------------------------


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


# --- challenges and nonces ---------------------------------------------------------------------------


def test_of_a_nonce_only_the_hash_is_stored() -> None:
    opened = open_session()
    challenge = issue(opened)
    nonce = Nonce.objects.get()
    assert nonce.value_hash == hash_secret(challenge.nonce)
    assert nonce.consumed_at is None
    assert nonce.expires_at - nonce.issued_at == timedelta(minutes=5)
    assert challenge.nonce.hex() not in snapshot()
    assert read_kinds(opened.session.pk)[-1] == "challenge_revealed"


@pytest.mark.parametrize(
    ("outcome", "kind"),
    [
        (ChallengeOutcome.PASSED, "challenge_passed"),
        (ChallengeOutcome.FAILED, "challenge_failed"),
        (ChallengeOutcome.SKIPPED, "challenge_skipped"),
    ],
)
def test_ending_a_challenge_consumes_its_nonce_and_is_audited_once(
    outcome: ChallengeOutcome, kind: str
) -> None:
    opened = open_session()
    ended = end(issue(opened), outcome)
    assert services.end_challenge(opened.session.pk, ended) is True
    assert services.end_challenge(opened.session.pk, ended) is False
    stored = Challenge.objects.get()
    assert (stored.outcome, stored.latency_ms, stored.measures) == (outcome, 1_234, {"peak": 0.9877})
    assert Nonce.objects.get().consumed_at == stored.ended_at
    assert read_kinds(opened.session.pk).count(kind) == 1


@pytest.mark.django_db(transaction=True)
def test_of_writers_that_race_for_a_nonce_one_consumes_it() -> None:
    opened = open_session()
    ended = end(issue(opened))
    results = race(lambda: services.end_challenge(opened.session.pk, ended))
    assert sorted(results, key=str) == [False] * (RACERS - 1) + [True]
    assert read_kinds(opened.session.pk).count("challenge_passed") == 1


def test_an_expired_nonce_consumes_nothing() -> None:
    opened = open_session()
    ended = end(issue(opened, lifetime_ms=0))
    assert services.end_challenge(opened.session.pk, ended) is False
    assert Challenge.objects.get().outcome == ""


def test_a_nonce_of_another_session_consumes_nothing() -> None:
    mine, other = open_session(), open_session(user_id="bob")
    ended = end(issue(other))
    assert services.end_challenge(mine.session.pk, ended) is False
    assert Nonce.objects.get().consumed_at is None


# --- the conclusion ----------------------------------------------------------------------------------


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


# --- sessions nobody ended ---------------------------------------------------------------------------


def conclude_expired_at(moment: datetime) -> int:
    return services.conclude_expired(VerificationSession.objects.all(), now=moment)


def test_a_session_that_ran_out_is_concluded_once_with_what_was_open_in_it() -> None:
    opened = open_session()
    issue(opened)
    expires_at = opened.session.expires_at
    assert conclude_expired_at(expires_at - timedelta(microseconds=1)) == 0
    assert conclude_expired_at(expires_at) == 1
    assert conclude_expired_at(expires_at + timedelta(days=1)) == 0
    session = VerificationSession.objects.get()
    assert (session.decision, session.reason) == (Decision.INCONCLUSIVE, Reason.SESSION_TIMEOUT)
    assert Challenge.objects.get().outcome == ChallengeOutcome.ABANDONED
    assert Nonce.objects.get().consumed_at == expires_at
    assert read_kinds(session.pk).count("session_concluded") == 1


def test_a_concluded_session_does_not_expire() -> None:
    opened = open_session()
    services.conclude_session(opened.session.pk, conclude(), end(issue(opened)))
    assert conclude_expired_at(opened.session.expires_at + timedelta(days=1)) == 0
    assert VerificationSession.objects.get().decision == Decision.PASS


def test_whoever_looks_first_concludes() -> None:
    opened = open_session()
    assert services.conclude_if_expired(opened.session).status == SessionStatus.CREATED
    VerificationSession.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert services.conclude_if_expired(opened.session).reason == Reason.SESSION_TIMEOUT


@pytest.mark.django_db(transaction=True)
def test_of_several_who_look_at_once_one_concludes() -> None:
    opened = open_session()
    later = opened.session.expires_at + timedelta(seconds=1)
    assert sorted(race(lambda: conclude_expired_at(later)), key=str) == [0] * (RACERS - 1) + [1]
    assert read_kinds(opened.session.pk).count("session_concluded") == 1


def test_the_party_is_named_in_every_event_of_its_session() -> None:
    party = RelyingParty.objects.create(name="bank")
    opened = open_session(relying_party=party)
    services.connect_socket(opened.session.pk, opened.ticket)
    services.abandon_session(opened.session.pk, Reason.DISCONNECTED, close_code=4500)
    events = AuditEvent.objects.filter(session_id=opened.session.pk)
    assert {event.relying_party for event in events} == {"bank"}


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
