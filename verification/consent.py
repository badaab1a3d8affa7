"""What a capture subject says before the camera starts: yes, no, and which actions they cannot do.

Each is one transaction with its audit event. Whoever speaks shows the session's ticket: the id alone is no
secret. A relying party whose own client holds the socket asks for consent itself; nothing here is needed then.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from audit.models import EventKind
from audit.services import record
from verification.conf import describe_policy, load_start_time, restore_policy, restrict_policy
from verification.liveness.actions import MIN_POOL_SIZE
from verification.liveness.policy import Policy
from verification.liveness.vocabulary import Reason
from verification.models import SessionStatus, VerificationSession
from verification.secrets_at_rest import is_secret
from verification.services import SessionUnavailableError, abandon_session

CONSENT_VERSION = "2026-11-b"
"""Of the text in templates/verification/consent.html: change one with the other."""


class ConsentRefusedError(ValueError):
    """What was asked for cannot be granted; `code` is stable, for machines."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Choices:
    """What the page may offer: the actions that can be set aside, and how many of them."""

    actions: tuple[str, ...]
    limit: int


def allow_reading(session: VerificationSession) -> VerificationSession:
    """Whoever opened the page may read it for POL_START_SECONDS, counted from the session's opening.

    Reading is not timed (WCAG 2.2, 2.2.1). A client that opens the socket by itself reads nothing, and waits for
    no one longer than SESSION_TIMEOUT_SECONDS.
    """
    deadline = session.created_at + load_start_time()
    if session.has_begun or session.expires_at >= deadline:
        return session
    waiting = VerificationSession.objects.filter(
        pk=session.pk, status=SessionStatus.CREATED, consented_at=session.consented_at
    )
    if waiting.update(expires_at=deadline):
        session.expires_at = deadline
    return session


@transaction.atomic
def give_consent(
    session_id: uuid.UUID, ticket: str, *, version: str, language: str, set_aside: Sequence[str] = ()
) -> VerificationSession:
    """Record the consent, and leave out what the person set aside; the session as it then is.

    Each action set aside uses up one of the session's skips, so that nobody can thin the draw further than
    by skipping. The first consent starts the session's time (`allow_reading` gave the time before). Saying it again
    is no error.

    Raises SessionUnavailableError for a wrong ticket or a session that is not waiting for its socket,
    ConsentRefusedError with `consent_outdated` or `too_many_set_aside`, and PoolExhaustedError.
    """
    now = timezone.now()
    session = _find_waiting(session_id, ticket, now)
    if version != CONSENT_VERSION:
        raise ConsentRefusedError("consent_outdated", f"The text in force is {CONSENT_VERSION}.")
    policy = restore_policy(session.policy)
    chosen = [action for action in dict.fromkeys(set_aside) if action in policy.pool]
    session.policy = describe_policy(_set_aside(policy, chosen))
    session.locale = language
    if not session.has_begun:
        session.expires_at = now + timedelta(milliseconds=policy.session_timeout_ms)
    session.consented_at, session.consent_version = now, version
    session.save(update_fields=["policy", "locale", "expires_at", "consented_at", "consent_version"])
    _record(EventKind.CONSENT_GIVEN, session, now, language=language, set_aside=sorted(chosen))
    return session


@transaction.atomic
def decline_consent(session_id: uuid.UUID, ticket: str) -> None:
    """The person said no: the session is over, `cancelled`. Raises SessionUnavailableError."""
    now = timezone.now()
    session = _find_waiting(session_id, ticket, now)
    _record(EventKind.CONSENT_DECLINED, session, now)
    abandon_session(session.pk, Reason.CANCELLED)


def list_choices(session: VerificationSession) -> Choices:
    """The actions that may be set aside one by one; none where the pool or the skips are used up."""
    policy = restore_policy(session.policy)
    possible = tuple(str(action) for action in policy.pool if _may_restrict(policy, str(action)))
    spare = len(policy.pool) - MIN_POOL_SIZE
    return Choices(possible, max(0, min(policy.max_skips, len(possible), spare)))


def _may_restrict(policy: Policy, action: str) -> bool:
    try:
        restrict_policy(policy, [action])
    except ValueError:
        return False
    return policy.max_skips > 0


def _set_aside(policy: Policy, actions: list[str]) -> Policy:
    if len(actions) > policy.max_skips:
        message = f"At most {policy.max_skips} actions may be set aside here."
        raise ConsentRefusedError("too_many_set_aside", message)
    restricted = restrict_policy(policy, actions)
    return replace(restricted, max_skips=policy.max_skips - len(actions))


def _find_waiting(session_id: uuid.UUID, ticket: str, now: datetime) -> VerificationSession:
    """The session that waits for its socket, locked. Only the ticket's holder learns anything of its state."""
    session = VerificationSession.objects.select_for_update(of=("self",)).filter(pk=session_id).first()
    if session is None:
        raise SessionUnavailableError(4404, "no_such_session")
    if not is_secret(ticket, session.ticket_hash):
        raise SessionUnavailableError(4401, "bad_ticket")
    if session.status == SessionStatus.IN_PROGRESS:
        raise SessionUnavailableError(4409, "already_connected")
    if session.status == SessionStatus.CONCLUDED or session.expires_at <= now:
        raise SessionUnavailableError(4410, "session_over")
    return session


def _record(kind: EventKind, session: VerificationSession, now: datetime, **detail: object) -> None:
    party = session.relying_party.name if session.relying_party else ""
    detail["consent_version"] = CONSENT_VERSION
    record(kind, session_id=session.pk, relying_party=party, detail=detail, now=now)
