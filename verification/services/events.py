"""How a change of a session is written into the audit log."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from audit.models import EventKind
from audit.services import record
from verification import monitor
from verification.models import VerificationSession


def record_event(
    kind: EventKind, session: VerificationSession, detail: Mapping[str, Any], now: datetime | None = None
) -> None:
    """Append the event, with the session's party, and let those who watch know; inside a transaction."""
    party = session.relying_party.name if session.relying_party else ""
    record(kind, session_id=session.pk, relying_party=party, detail=detail, now=now)
    monitor.announce(kind)


def round_all(values: Mapping[str, Any]) -> dict[str, Any]:
    """Numbers as they are stored: four places."""
    return {str(k): round(v, 4) if isinstance(v, float) else v for k, v in values.items()}
