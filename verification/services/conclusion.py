"""The end of a session: its decision, its token, and everybody who is told of it."""

import uuid
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from audit.models import EventKind
from verification import limits, metrics, monitor, webhooks
from verification.liveness.events import ChallengeEnded, SessionConcluded
from verification.liveness.score import Scores
from verification.liveness.vocabulary import Decision, Reason
from verification.messages import CloseCode
from verification.models import SessionStatus, VerificationSession
from verification.relying_parties import compute_audience
from verification.services.challenges import close_challenges, consume_challenge, find_open_nonces
from verification.services.events import record_event, round_all
from verification.tokens import IssuedToken, issue_token


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
    is_ours = ended is None or consume_challenge(session, ended, now)
    reason = concluded.reason if is_ours else _explain_loss(session, ended, now)
    token = _issue_token(session, concluded.scores, now) if reason is Reason.VERIFIED else None
    session.scores = round_all(asdict(concluded.scores))
    session.signals = round_all(concluded.signals)
    session.measures = {name: round_all(values) for name, values in concluded.measures.items()}
    _store(session, reason, token, now, close_code)
    return token


@transaction.atomic
def abandon_session(
    session_id: uuid.UUID, reason: Reason, *, close_code: int | None = None, now: datetime | None = None
) -> bool:
    """Conclude without a look at the evidence, whatever is current; False where it is concluded already.

    reason: never one that passes.
    """
    session = VerificationSession.objects.select_for_update().get(pk=session_id)
    if session.status == SessionStatus.CONCLUDED:
        return False
    _abandon(session, reason, now or timezone.now(), close_code)
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
    record_event(EventKind.SESSION_ENDED_BY_STAFF, session, {"staff_id": staff_id}, now)
    _abandon(session, Reason.CANCELLED, now)
    monitor.announce_end(session_id)
    return True


def _abandon(
    session: VerificationSession, reason: Reason, now: datetime, close_code: int | None = None
) -> None:
    close_challenges(session, now)
    _store(session, reason, None, now, close_code)


def _explain_loss(session: VerificationSession, ended: ChallengeEnded | None, now: datetime) -> Reason:
    """Why the last nonce could not be consumed: a replay accuses the person, an expired nonce does not."""
    if ended is None or not find_open_nonces(session, ended).exists():
        return Reason.REPLAY_DETECTED
    close_challenges(session, now)
    return Reason.SESSION_TIMEOUT


def _issue_token(session: VerificationSession, scores: Scores, now: datetime) -> IssuedToken:
    return issue_token(
        session_id=session.pk,
        user_id=session.user_id,
        verification_score=round(scores.final or 0.0, 4),
        audience=compute_audience(session.relying_party),
        now=now,
        jti=uuid.uuid4().hex,
    )


def _store(
    session: VerificationSession,
    reason: Reason,
    token: IssuedToken | None,
    now: datetime,
    close_code: int | None,
) -> None:
    session.status = SessionStatus.CONCLUDED
    session.decision, session.reason = reason.decision, reason
    session.concluded_at = now
    session.token_id = token.jti if token else None
    session.save()
    _record_causes(session, reason, now, close_code)
    webhooks.enqueue(session, now)
    _count(session, reason, now)
    record_event(EventKind.SESSION_CONCLUDED, session, _describe(session, reason, close_code), now)
    transaction.on_commit(lambda: metrics.note_conclusion(reason))
    if token is not None:
        record_event(EventKind.TOKEN_ISSUED, session, {"jti": token.jti}, now)


def _record_causes(
    session: VerificationSession, reason: Reason, now: datetime, close_code: int | None
) -> None:
    if close_code == CloseCode.RATE:
        record_event(EventKind.RATE_LIMITED, session, {}, now)
    if reason is Reason.REPLAY_DETECTED:
        record_event(EventKind.REPLAY_DETECTED, session, {}, now)


def _count(session: VerificationSession, reason: Reason, now: datetime) -> None:
    """Failures lock the person out for a while, a pass lets them in again, the rest proves nothing."""
    if reason.decision is Decision.PASS:
        limits.forget_failures(session.relying_party, session.user_id)
    elif reason.decision is Decision.FAIL and (
        lockout_s := limits.note_failure(session.relying_party, session.user_id)
    ):
        record_event(EventKind.SUBJECT_LOCKED, session, {"lockout_s": lockout_s}, now)


def _describe(session: VerificationSession, reason: Reason, close_code: int | None) -> dict[str, Any]:
    detail: dict[str, Any] = {
        "decision": str(reason.decision),
        "reason": str(reason),
        "scores": session.scores,
        "signals": session.signals,
        "policy_version": session.policy.get("version", ""),
    }
    return detail if close_code is None else {**detail, "close_code": int(close_code)}
