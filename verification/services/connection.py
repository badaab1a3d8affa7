"""A session's one connection: its ticket, who is turned away, and what comes over it beside answers."""

import uuid
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from audit.models import AuditEvent, EventKind
from verification.conf import restore_policy
from verification.models import SessionStatus, VerificationSession
from verification.secrets_at_rest import hash_secret
from verification.services.events import record_event

MAX_REFUSALS_AUDITED = 20


class SessionUnavailableError(Exception):
    """A socket may not take this session. `code` is a WebSocket close code of docs/protocol.md."""

    def __init__(self, code: int, slug: str) -> None:
        super().__init__(slug)
        self.code = code
        self.slug = slug


@transaction.atomic
def connect_socket(
    session_id: uuid.UUID, ticket: str, *, held_by: uuid.UUID | None = None
) -> VerificationSession:
    """Use the ticket up, once. Raises SessionUnavailableError with the close code that applies.

    From here on the session has SESSION_TIMEOUT_SECONDS; less where consent began its time before.

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
    whole = timedelta(milliseconds=restore_policy(session.policy).session_timeout_ms)
    claimed = matching.filter(ticket_used_at__isnull=True, status=SessionStatus.CREATED).update(
        ticket_used_at=now,
        status=SessionStatus.IN_PROGRESS,
        held_by=held_by,
        expires_at=session.expires_at if session.has_begun else now + whole,
    )
    if not claimed:
        raise SessionUnavailableError(4409, "already_connected")
    session.refresh_from_db()
    record_event(EventKind.SOCKET_CONNECTED, session, {}, now)
    return session


@transaction.atomic
def record_refusal(session_id: uuid.UUID, code: int, slug: str) -> None:
    """Audit a socket that was turned away from a session that exists.

    Only the first few: a session id is no secret, and the log must not grow at a stranger's will.
    """
    session = VerificationSession.objects.filter(pk=session_id).first()
    refused = AuditEvent.objects.filter(session_id=session_id, kind=EventKind.SOCKET_REFUSED)
    if session is not None and refused.count() < MAX_REFUSALS_AUDITED:
        record_event(EventKind.SOCKET_REFUSED, session, {"close_code": code, "code": slug})


def note_camera(session_id: uuid.UUID, camera: Mapping[str, Any]) -> None:
    """Keep what the client says of its camera, for staff; nothing relies on it."""
    VerificationSession.objects.filter(pk=session_id).update(camera=dict(camera))


@transaction.atomic
def record_rejected_frame(session_id: uuid.UUID, code: str) -> None:
    session = VerificationSession.objects.get(pk=session_id)
    record_event(EventKind.FRAME_REJECTED, session, {"code": code})
