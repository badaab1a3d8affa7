"""Every change of a session's state, each in one transaction with its audit event."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from audit.models import AuditEvent, EventKind
from audit.services import record
from verification import limits, metrics, monitor, replicas, webhooks
from verification.admission import admission
from verification.conf import describe_policy, load_policy, restrict_policy, strengthen_policy
from verification.liveness.events import ChallengeEnded, IssuedChallenge, SessionConcluded
from verification.liveness.policy import Policy
from verification.liveness.score import Scores
from verification.liveness.vocabulary import ChallengeOutcome, Decision, Reason
from verification.models import Challenge, Nonce, RelyingParty, SessionStatus, VerificationSession
from verification.relying_parties import compute_audience
from verification.secrets_at_rest import hash_secret, make_ticket
from verification.tokens import IssuedToken, issue_token

RATE_CLOSE_CODE = 4429
MAX_REFUSALS_AUDITED = 20
_OUTCOME_EVENTS = {
    ChallengeOutcome.PASSED: EventKind.CHALLENGE_PASSED,
    ChallengeOutcome.FAILED: EventKind.CHALLENGE_FAILED,
    ChallengeOutcome.SKIPPED: EventKind.CHALLENGE_SKIPPED,
}


class SessionUnavailableError(Exception):
    """A socket may not take this session. `code` is a WebSocket close code of docs/protocol.md."""

    def __init__(self, code: int, slug: str) -> None:
        super().__init__(slug)
        self.code = code
        self.slug = slug


@dataclass(frozen=True, slots=True)
class OpenedSession:
    """The stored session and its ticket, which exists nowhere else."""

    session: VerificationSession
    ticket: str


@transaction.atomic
def open_session(
    *,
    user_id: str,
    relying_party: RelyingParty | None = None,
    exclude: Sequence[str] = (),
    locale: str = "",
    redirect_uri: str = "",
    state: str = "",
) -> OpenedSession:
    """Open a session.

    Raises PoolExhaustedError when `exclude` leaves too little to ask for, SubjectLockedError after too many
    failed sessions of the same party and `user_id`, and ServerStoppingError in a process that is about to end.
    """
    admission.require_running()
    limits.require_unlocked(relying_party, user_id)
    policy = restrict_policy(_load_terms(relying_party), list(exclude))
    ticket = make_ticket()
    now = timezone.now()
    session = VerificationSession.objects.create(
        relying_party=relying_party,
        user_id=user_id,
        policy=describe_policy(policy),
        locale=locale,
        redirect_uri=redirect_uri,
        state=state,
        ticket_hash=hash_secret(ticket),
        created_at=now,
        expires_at=now + timedelta(milliseconds=policy.session_timeout_ms),
    )
    detail = {"policy_version": policy.version, "excluded": sorted(exclude)}
    _record(EventKind.SESSION_OPENED, session, detail, now)
    return OpenedSession(session, ticket)


@transaction.atomic
def connect_socket(
    session_id: uuid.UUID, ticket: str, *, held_by: uuid.UUID | None = None
) -> VerificationSession:
    """Use the ticket up, once. Raises SessionUnavailableError with the close code that applies.

    held_by: the process with the socket, where others can tell whether it lives.

    The ticket is consumed by one conditional update, so of two racing sockets one gets in. Only the
    holder of the right ticket learns anything about the session's state.
    """
    now = timezone.now()
    session = VerificationSession.objects.filter(pk=session_id).first()
    if session is None:
        raise SessionUnavailableError(4404, "no_such_session")
    # The database compares hashes, so timing tells nothing about the ticket itself.
    matching = VerificationSession.objects.filter(pk=session_id, ticket_hash=hash_secret(ticket))
    if not matching.exists():
        raise SessionUnavailableError(4401, "bad_ticket")
    if session.status == SessionStatus.CONCLUDED or session.expires_at <= now:
        raise SessionUnavailableError(4410, "session_over")
    claimed = matching.filter(ticket_used_at__isnull=True, status=SessionStatus.CREATED).update(
        ticket_used_at=now, status=SessionStatus.IN_PROGRESS, held_by=held_by
    )
    if not claimed:
        raise SessionUnavailableError(4409, "already_connected")
    session.refresh_from_db()
    _record(EventKind.SOCKET_CONNECTED, session, {}, now)
    return session


@transaction.atomic
def record_refusal(session_id: uuid.UUID, code: int, slug: str) -> None:
    """Audit a socket that was turned away from a session that exists.

    Only the first few: a session id is no secret, and the log must not grow at a stranger's will.
    """
    session = VerificationSession.objects.filter(pk=session_id).first()
    refused = AuditEvent.objects.filter(session_id=session_id, kind=EventKind.SOCKET_REFUSED)
    if session is not None and refused.count() < MAX_REFUSALS_AUDITED:
        _record(EventKind.SOCKET_REFUSED, session, {"close_code": code, "code": slug})


@transaction.atomic
def purge_sessions(*, before: datetime) -> int:
    """Delete the sessions opened before a time, with their challenges and nonces. Returns how many."""
    _, deleted = VerificationSession.objects.filter(created_at__lt=before).delete()
    count = deleted.get(VerificationSession._meta.label, 0)
    if count:
        record(EventKind.SESSIONS_PURGED, detail={"count": count, "before": before.isoformat()})
    return count


def note_camera(session_id: uuid.UUID, camera: Mapping[str, Any]) -> None:
    """Keep what the client says of its camera, for staff; nothing relies on it."""
    VerificationSession.objects.filter(pk=session_id).update(camera=dict(camera))


@transaction.atomic
def record_rejected_frame(session_id: uuid.UUID, code: str) -> None:
    _record(EventKind.FRAME_REJECTED, VerificationSession.objects.get(pk=session_id), {"code": code})


@transaction.atomic
def reveal_challenge(session_id: uuid.UUID, issued: IssuedChallenge, nonce_lifetime_ms: int) -> bool:
    """Store a challenge and its nonce before they are sent; False where the session is over already."""
    now = timezone.now()
    session = VerificationSession.objects.select_for_update().get(pk=session_id)
    if session.status == SessionStatus.CONCLUDED:
        return False
    challenge = Challenge.objects.create(
        id=issued.challenge_id,
        session=session,
        position=issued.index,
        kind=issued.kind,
        action=issued.action,
        params=dict(issued.params),
        revealed_at=now,
    )
    expires_at = now + timedelta(milliseconds=nonce_lifetime_ms)
    value_hash = hash_secret(issued.nonce)
    Nonce.objects.create(challenge=challenge, value_hash=value_hash, issued_at=now, expires_at=expires_at)
    _record(EventKind.CHALLENGE_REVEALED, session, {"index": issued.index, "action": str(issued.action)}, now)
    return True


@transaction.atomic
def end_challenge(session_id: uuid.UUID, ended: ChallengeEnded) -> bool:
    """Consume the nonce and store the outcome; False where another writer already had."""
    session = VerificationSession.objects.get(pk=session_id)
    return _end_challenge(session, ended, timezone.now())


@transaction.atomic
def conclude_session(
    session_id: uuid.UUID,
    concluded: SessionConcluded,
    ended: ChallengeEnded | None = None,
    *,
    close_code: int | None = None,
) -> IssuedToken | None:
    """Nonce, decision, token id and audit events in one transaction; the token for a pass.

    close_code: why the server closed the socket itself, if it did; it goes into the audit event.

    A session is concluded once: whoever comes second changes nothing and gets no token. A pass whose
    last nonce was not ours to consume is not a pass: somebody else used it up, or its time ran out (as
    where the wall clock was stepped, which is nobody's fault).
    """
    now = timezone.now()
    session = VerificationSession.objects.select_for_update().get(pk=session_id)
    if session.status == SessionStatus.CONCLUDED:
        return None
    is_ours = ended is None or _end_challenge(session, ended, now)
    reason = concluded.reason if is_ours else _explain_loss(session, ended, now)
    token = _issue_token(session, concluded.scores, now) if reason is Reason.VERIFIED else None
    session.scores = _round_all(asdict(concluded.scores))
    session.signals = _round_all(concluded.signals)
    session.measures = {name: _round_all(values) for name, values in concluded.measures.items()}
    _store_conclusion(session, reason, token, now, close_code)
    return token


@transaction.atomic
def abandon_session(session_id: uuid.UUID, reason: Reason, *, close_code: int | None = None) -> bool:
    """Conclude without a look at the evidence, whatever is current; False where it is concluded already.

    reason: never one that passes.
    """
    session = VerificationSession.objects.select_for_update().get(pk=session_id)
    if session.status == SessionStatus.CONCLUDED:
        return False
    _abandon(session, reason, timezone.now(), close_code)
    return True


@transaction.atomic
def end_session_by_staff(session_id: uuid.UUID, *, staff_id: int) -> bool:
    """Conclude as `cancelled` and tell the person's socket, in whatever process; False where it was over.

    staff_id: the account's number, which goes into the audit event. Raises DoesNotExist.
    """
    now = timezone.now()
    session = VerificationSession.objects.select_for_update().get(pk=session_id)
    if session.status == SessionStatus.CONCLUDED:
        return False
    _record(EventKind.SESSION_ENDED_BY_STAFF, session, {"staff_id": staff_id}, now)
    _abandon(session, Reason.CANCELLED, now)
    monitor.announce_end(session_id)
    return True


def conclude_expired(sessions: QuerySet[VerificationSession], *, now: datetime | None = None) -> int:
    """Conclude the sessions whose time is over though no socket did it. Returns how many."""
    now = now or timezone.now()
    # Not "unless concluded": the index leads to the few that are not, and they are looked for often.
    overdue = sessions.filter(
        status__in=[SessionStatus.CREATED, SessionStatus.IN_PROGRESS], expires_at__lte=now
    )
    return sum(_conclude_overdue(pk, now) for pk in overdue.values_list("pk", flat=True).iterator())


def conclude_orphans() -> int:
    """Conclude as `disconnected` what processes left that are gone without a word. Returns how many.

    Several processes may do so at once: each session is locked, and concluded by the first.
    """
    orphans = list(replicas.find_orphans().values_list("pk", flat=True))
    concluded = sum(abandon_session(pk, Reason.DISCONNECTED) for pk in orphans)
    replicas.forget_dead()
    return concluded


def conclude_if_expired(session: VerificationSession) -> VerificationSession:
    """Whoever looks first concludes: the session as it then is."""
    if conclude_expired(VerificationSession.objects.filter(pk=session.pk)):
        session.refresh_from_db()
    return session


@transaction.atomic
def _conclude_overdue(session_id: uuid.UUID, now: datetime) -> bool:
    session = VerificationSession.objects.select_for_update().get(pk=session_id)
    if session.status == SessionStatus.CONCLUDED:
        return False
    _abandon(session, Reason.SESSION_TIMEOUT, now)
    return True


def _abandon(
    session: VerificationSession, reason: Reason, now: datetime, close_code: int | None = None
) -> None:
    _close_challenges(session, now)
    _store_conclusion(session, reason, None, now, close_code)


def _close_challenges(session: VerificationSession, now: datetime) -> None:
    Nonce.objects.filter(challenge__session=session, consumed_at__isnull=True).update(consumed_at=now)
    Challenge.objects.filter(session=session, outcome="").update(
        outcome=ChallengeOutcome.ABANDONED, ended_at=now
    )


def _explain_loss(session: VerificationSession, ended: ChallengeEnded | None, now: datetime) -> Reason:
    """Why the last nonce could not be consumed: a replay accuses the person, an expired nonce does not."""
    value_hash = hash_secret(ended.challenge.nonce) if ended else ""
    expired = Nonce.objects.filter(
        value_hash=value_hash,
        challenge__in=Challenge.objects.filter(session=session),
        consumed_at__isnull=True,
    )
    if not expired.exists():
        return Reason.REPLAY_DETECTED
    _close_challenges(session, now)
    return Reason.SESSION_TIMEOUT


def _end_challenge(session: VerificationSession, ended: ChallengeEnded, now: datetime) -> bool:
    # No join: PostgreSQL would look for the unconsumed nonce in a subquery, and a writer that waited for
    # the row would not see that another one had consumed it meanwhile.
    consumed = Nonce.objects.filter(
        value_hash=hash_secret(ended.challenge.nonce),
        challenge__in=Challenge.objects.filter(session=session),
        consumed_at__isnull=True,
        expires_at__gt=now,
    ).update(consumed_at=now)
    if not consumed:
        return False
    Challenge.objects.filter(pk=ended.challenge.challenge_id).update(
        ended_at=now,
        outcome=ended.outcome,
        fault=ended.fault or "",
        latency_ms=max(0, ended.latency_ms),
        measures=_round_all(ended.measures),
        evidence={
            "scores": _round_all(asdict(ended.scores)),
            "signals": _round_all(ended.signals),
        },
    )
    if ended.outcome in _OUTCOME_EVENTS:
        detail = {
            "index": ended.challenge.index,
            "action": str(ended.challenge.action),
            "latency_ms": ended.latency_ms,
            "fault": str(ended.fault or ""),
            "measures": _round_all(ended.measures),
        }
        _record(_OUTCOME_EVENTS[ended.outcome], session, detail, now)
    return True


def _load_terms(party: RelyingParty | None) -> Policy:
    policy = load_policy()
    if party is None:
        return policy
    return strengthen_policy(
        policy,
        pass_threshold=party.pass_threshold,
        challenge_pool=party.challenge_pool,
        max_consecutive_failures=party.max_consecutive_failures,
    )


def _issue_token(session: VerificationSession, scores: Scores, now: datetime) -> IssuedToken:
    return issue_token(
        session_id=session.pk,
        user_id=session.user_id,
        verification_score=round(scores.final or 0.0, 4),
        audience=compute_audience(session.relying_party),
        now=now,
        jti=uuid.uuid4().hex,
    )


def _store_conclusion(
    session: VerificationSession,
    reason: Reason,
    token: IssuedToken | None,
    now: datetime,
    close_code: int | None = None,
) -> None:
    session.status = SessionStatus.CONCLUDED
    session.decision, session.reason = reason.decision, reason
    session.concluded_at = now
    session.token_id = token.jti if token else None
    session.save()
    detail: dict[str, Any] = {
        "decision": str(reason.decision),
        "reason": str(reason),
        "scores": session.scores,
        "signals": session.signals,
        "policy_version": session.policy.get("version", ""),
    }
    if close_code is not None:
        detail["close_code"] = int(close_code)
    if close_code == RATE_CLOSE_CODE:
        _record(EventKind.RATE_LIMITED, session, {}, now)
    if reason is Reason.REPLAY_DETECTED:
        _record(EventKind.REPLAY_DETECTED, session, {}, now)
    webhooks.enqueue(session, now)
    if reason.decision is Decision.FAIL:
        _count_failure(session, now)
    elif reason.decision is Decision.PASS:
        limits.forget_failures(session.relying_party, session.user_id)
    _record(EventKind.SESSION_CONCLUDED, session, detail, now)
    transaction.on_commit(lambda: metrics.note_conclusion(reason))
    if token is not None and reason.decision is Decision.PASS:
        _record(EventKind.TOKEN_ISSUED, session, {"jti": token.jti}, now)


def _count_failure(session: VerificationSession, now: datetime) -> None:
    if lockout_s := limits.note_failure(session.relying_party, session.user_id):
        _record(EventKind.SUBJECT_LOCKED, session, {"lockout_s": lockout_s}, now)


def _record(
    kind: EventKind, session: VerificationSession, detail: Mapping[str, Any], now: datetime | None = None
) -> None:
    party = session.relying_party.name if session.relying_party else ""
    record(kind, session_id=session.pk, relying_party=party, detail=detail, now=now)
    monitor.announce(kind)


def _round_all(values: Mapping[str, Any]) -> dict[str, Any]:
    return {str(k): round(v, 4) if isinstance(v, float) else v for k, v in values.items()}
