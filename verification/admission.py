"""How many sockets this process holds, and whether it takes any more."""

import os
from typing import Protocol

from django.conf import settings

from verification.liveness.vocabulary import Reason

SESSIONS_PER_CORE = 12


class Held(Protocol):
    """A socket with a session, as far as the process as a whole deals with it."""

    def end(self, reason: Reason) -> None:
        """Conclude the session soon, for a reason of the server's."""


class Admission:
    """The sockets of one process. Belongs to the event loop."""

    def __init__(self) -> None:
        self._held: set[Held] = set()

    @property
    def limit(self) -> int:
        return settings.POL_MAX_SESSIONS or SESSIONS_PER_CORE * (os.cpu_count() or 1)

    @property
    def held(self) -> int:
        return len(self._held)

    def take(self, socket: Held) -> bool:
        """Give it a place; False where it must try again later."""
        if len(self._held) >= self.limit:
            return False
        self._held.add(socket)
        return True

    def let_go(self, socket: Held) -> None:
        """Free the place of a socket that has none any more."""
        self._held.discard(socket)

    def end_all(self, reason: Reason) -> None:
        """Conclude every session that is held here."""
        for socket in tuple(self._held):
            socket.end(reason)


admission = Admission()
