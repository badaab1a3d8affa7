"""Sessions that no socket brought to an end: their time is over, or their process died."""

from datetime import datetime

from django.db.models import QuerySet
from django.utils import timezone

from verification import replicas
from verification.liveness.vocabulary import Reason
from verification.models import SessionStatus, VerificationSession
from verification.services.conclusion import abandon_session


def conclude_expired(sessions: QuerySet[VerificationSession], *, now: datetime | None = None) -> int:
    """Conclude the sessions whose time is over though no socket did it. Returns how many."""
    now = now or timezone.now()
    # Not "unless concluded": the index leads to the few that are not, and they are looked for often.
    overdue = sessions.filter(
        status__in=[SessionStatus.CREATED, SessionStatus.IN_PROGRESS], expires_at__lte=now
    )
    return _abandon_all(overdue, Reason.SESSION_TIMEOUT, now)


def conclude_orphans() -> int:
    """Conclude as `disconnected` what processes left that are gone without a word. Returns how many.

    Several processes may do so at once: each session is locked, and concluded by the first.
    """
    concluded = _abandon_all(replicas.find_orphans(), Reason.DISCONNECTED, timezone.now())
    replicas.forget_dead()
    return concluded


def conclude_if_expired(session: VerificationSession) -> VerificationSession:
    """Whoever looks first concludes: the session as it then is."""
    if conclude_expired(VerificationSession.objects.filter(pk=session.pk)):
        session.refresh_from_db()
    return session


def _abandon_all(sessions: QuerySet[VerificationSession], reason: Reason, now: datetime) -> int:
    # All ids first: a query that is still being read would see its own rows change.
    session_ids = list(sessions.values_list("pk", flat=True))
    return sum(abandon_session(session_id, reason, now=now) for session_id in session_ids)
