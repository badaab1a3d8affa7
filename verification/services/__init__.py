"""Every change of a session's state, each in one transaction with its audit event.

What other modules use is named here; where a change belongs, by what it changes:

- opening: who may have a session, on which terms
- connection: the ticket, who is turned away, what comes beside answers
- challenges: what is asked, its nonce, and how it ended
- conclusion: the decision, the token, and who is told
- overdue: sessions that no socket brought to an end
- retention: what is deleted
"""

from verification.services.challenges import end_challenge, reveal_challenge
from verification.services.conclusion import abandon_session, conclude_session, end_session_by_staff
from verification.services.connection import (
    SessionUnavailableError,
    connect_socket,
    note_camera,
    record_refusal,
    record_rejected_frame,
)
from verification.services.opening import OpenedSession, open_session
from verification.services.overdue import conclude_expired, conclude_if_expired, conclude_orphans
from verification.services.retention import purge_sessions

__all__ = [
    "OpenedSession",
    "SessionUnavailableError",
    "abandon_session",
    "conclude_expired",
    "conclude_if_expired",
    "conclude_orphans",
    "conclude_session",
    "connect_socket",
    "end_challenge",
    "end_session_by_staff",
    "note_camera",
    "open_session",
    "purge_sessions",
    "record_refusal",
    "record_rejected_frame",
    "reveal_challenge",
]
