"""What a WebSocket handshake must pass before its ticket is looked at, beside its Origin."""

import uuid
from collections.abc import Iterable, Mapping

from verification import limits
from verification.messages import CloseCode
from verification.oidc.logins import may_open_socket
from verification.services import SessionUnavailableError


def require_room(headers: Iterable[tuple[bytes, bytes]], client: tuple[str, int] | None) -> None:
    """Count the handshake for its address. Raises SessionUnavailableError 4429 beyond POL_RATE_HANDSHAKE."""
    wait_s = limits.spend("handshake", limits.identify_socket(headers, client))
    if wait_s:
        raise SessionUnavailableError(CloseCode.RATE, "rate_limited")


def require_browser(session_id: uuid.UUID, headers: Mapping[bytes, bytes]) -> None:
    """Raises SessionUnavailableError 4401 for a sign-in that was begun in another browser."""
    if not may_open_socket(session_id, headers.get(b"cookie", b"").decode("latin-1")):
        raise SessionUnavailableError(CloseCode.BAD_TICKET, "bad_ticket")
