"""Another try at once: a new session in the place of one that proved nothing, without going back to the party."""

import uuid
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from audit.models import EventKind
from audit.services import record
from verification.liveness.actions import POOL
from verification.liveness.vocabulary import Decision, Reason
from verification.models import SessionStatus, VerificationSession
from verification.secrets_at_rest import is_secret
from verification.services import OpenedSession, SessionUnavailableError, abandon_session, open_session

RETRY_WINDOW = timedelta(minutes=10)
# What an attack looks like is not answered with another try from the same page.
NEVER_RETRIED = frozenset({Reason.REPLAY_DETECTED, Reason.INJECTION_SUSPECTED})


def count_retries_left(session: VerificationSession) -> int:
    """How many more sessions may follow this one, whatever comes of it."""
    return max(0, 1 + int(settings.POL_MAX_RETRIES) - session.attempt)


def was_tried(session: VerificationSession) -> bool:
    """False where the time ran out before anything was asked: whoever read for too long has lost no try."""
    return session.ticket_used_at is not None or session.reason != Reason.SESSION_TIMEOUT


def is_retryable(reason: str) -> bool:
    """Whether an ending may be followed by another try."""
    return Reason(reason).decision is not Decision.PASS and Reason(reason) not in NEVER_RETRIED


def find_retry(session: VerificationSession) -> VerificationSession | None:
    """The session that followed this one, if the person tried again."""
    return VerificationSession.objects.filter(retry_of=session).first()


def may_be_followed(session: VerificationSession | None) -> bool:
    """Whether a page may offer another try in the place of this session, to whoever shows its ticket."""
    if session is None or session.status == SessionStatus.CREATED:
        return False
    if session.status == SessionStatus.IN_PROGRESS:  # asking for another gives it up
        return count_retries_left(session) > 0
    return _may_follow(session)


@transaction.atomic
def open_retry(session_id: uuid.UUID, ticket: str) -> OpenedSession:
    """Open the next session for the same person: same party, exclusions, consent and way back.

    A session still in progress is given up by this: to the person its socket is lost already, and the server
    may notice much later. Raises SessionUnavailableError: 4404 and 4401 as for a socket, 4409 for a session
    whose ticket is unspent, 4410 where no retry is left, one was opened already, the reason forbids it or
    RETRY_WINDOW has passed.
    """
    session = _find_over(session_id, ticket)
    opened = open_session(
        user_id=session.user_id,
        relying_party=session.relying_party,
        exclude=[str(action) for action in POOL if str(action) not in session.policy["pool"]],
        locale=session.locale,
        redirect_uri=session.redirect_uri,
        state=session.state,
    )
    retry = opened.session
    retry.retry_of, retry.attempt = session, session.attempt + was_tried(session)
    retry.consented_at, retry.consent_version = session.consented_at, session.consent_version
    retry.policy["max_skips"] = session.policy["max_skips"]
    retry.save()
    party = session.relying_party.name if session.relying_party else ""
    detail = {"retry": str(retry.pk), "attempt": retry.attempt}
    record(EventKind.SESSION_RETRIED, session_id=session.pk, relying_party=party, detail=detail)
    return opened


def _find_over(session_id: uuid.UUID, ticket: str) -> VerificationSession:
    session = VerificationSession.objects.select_for_update(of=("self",)).filter(pk=session_id).first()
    if session is None:
        raise SessionUnavailableError(4404, "no_such_session")
    if not is_secret(ticket, session.ticket_hash):
        raise SessionUnavailableError(4401, "bad_ticket")
    if session.status == SessionStatus.CREATED:
        raise SessionUnavailableError(4409, "not_over")
    if session.status == SessionStatus.IN_PROGRESS:
        abandon_session(session.pk, Reason.DISCONNECTED)
        session.refresh_from_db()
    if not _may_follow(session):
        raise SessionUnavailableError(4410, "no_retry_left")
    return session


def _may_follow(session: VerificationSession) -> bool:
    is_recent = session.concluded_at is not None and timezone.now() - session.concluded_at <= RETRY_WINDOW
    is_first = find_retry(session) is None
    has_tries = not was_tried(session) or count_retries_left(session) > 0
    return is_recent and is_first and has_tries and is_retryable(session.reason)
