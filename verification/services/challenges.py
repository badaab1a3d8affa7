"""Challenges and their nonces: revealed, used up once, and ended."""

import uuid
from dataclasses import asdict
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from audit.models import EventKind
from verification.liveness.events import ChallengeEnded, IssuedChallenge
from verification.liveness.vocabulary import ChallengeOutcome
from verification.models import Challenge, Nonce, SessionStatus, VerificationSession
from verification.secrets_at_rest import hash_secret
from verification.services.events import record_event, round_all

_OUTCOME_EVENTS = {
    ChallengeOutcome.PASSED: EventKind.CHALLENGE_PASSED,
    ChallengeOutcome.FAILED: EventKind.CHALLENGE_FAILED,
    ChallengeOutcome.SKIPPED: EventKind.CHALLENGE_SKIPPED,
}


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
    detail = {"index": issued.index, "action": str(issued.action)}
    record_event(EventKind.CHALLENGE_REVEALED, session, detail, now)
    return True


@transaction.atomic
def end_challenge(session_id: uuid.UUID, ended: ChallengeEnded) -> bool:
    """Consume the nonce and store the outcome; False where another writer already had."""
    session = VerificationSession.objects.get(pk=session_id)
    return consume_challenge(session, ended, timezone.now())


def consume_challenge(session: VerificationSession, ended: ChallengeEnded, now: datetime) -> bool:
    """The same within a transaction that does more."""
    if not find_open_nonces(session, ended).filter(expires_at__gt=now).update(consumed_at=now):
        return False
    Challenge.objects.filter(pk=ended.challenge.challenge_id).update(
        ended_at=now,
        outcome=ended.outcome,
        fault=ended.fault or "",
        latency_ms=max(0, ended.latency_ms),
        measures=round_all(ended.measures),
        evidence={"scores": round_all(asdict(ended.scores)), "signals": round_all(ended.signals)},
    )
    if ended.outcome in _OUTCOME_EVENTS:
        detail = {
            "index": ended.challenge.index,
            "action": str(ended.challenge.action),
            "latency_ms": ended.latency_ms,
            "fault": str(ended.fault or ""),
            "measures": round_all(ended.measures),
        }
        record_event(_OUTCOME_EVENTS[ended.outcome], session, detail, now)
    return True


def find_open_nonces(session: VerificationSession, ended: ChallengeEnded) -> QuerySet[Nonce]:
    """The challenge's nonce, unless somebody used it up; expired or not.

    No join: PostgreSQL would look for the unconsumed nonce in a subquery, and a writer that waited for
    the row would not see that another one had consumed it meanwhile.
    """
    return Nonce.objects.filter(
        value_hash=hash_secret(ended.challenge.nonce),
        challenge__in=Challenge.objects.filter(session=session),
        consumed_at__isnull=True,
    )


def close_challenges(session: VerificationSession, now: datetime) -> None:
    """Whatever is current ends without an outcome, and its nonce with it; within a transaction."""
    Nonce.objects.filter(challenge__session=session, consumed_at__isnull=True).update(consumed_at=now)
    Challenge.objects.filter(session=session, outcome="").update(
        outcome=ChallengeOutcome.ABANDONED, ended_at=now
    )
