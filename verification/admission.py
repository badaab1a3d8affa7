"""How many sockets this process holds, and whether it takes any more."""

import os
from typing import Protocol

from django.conf import settings

from verification.liveness.vocabulary import Reason
from verification.load import load
from verification.occupants import Occupants
from verification.problems import ServerStoppingError

SESSIONS_PER_CORE = 12


class Held(Protocol):
    """A socket with a session, as far as the process as a whole deals with it."""

    @property
    def has_waiting_frame(self) -> bool:
        """Whether a frame of its waits for an inference thread."""

    def end(self, reason: Reason) -> None:
        """Conclude the session soon, for a reason of the server's."""


class Admission:
    """The sockets of one process. Belongs to the event loop; `is_stopping` may be read from anywhere."""

    def __init__(self) -> None:
        self.held: Occupants[Held] = Occupants()
        self.is_stopping = False

    @property
    def limit(self) -> int:
        return settings.POL_MAX_SESSIONS or SESSIONS_PER_CORE * (os.cpu_count() or 1)

    def take(self, socket: Held) -> bool:
        """Give it a place; False where it must try again later."""
        if self.is_stopping or len(self.held) >= self.limit or not load.has_room(len(self.held)):
            return False
        self.held.add(socket)
        return True

    def let_go(self, socket: Held) -> None:
        """Free the place of a socket, if it has one."""
        self.held.discard(socket)

    def end_all(self, reason: Reason) -> None:
        """Conclude every session that is held here."""
        for socket in self.held:
            socket.end(reason)

    def require_running(self) -> None:
        """Raises ServerStoppingError: whoever is about to begin should do so at another process."""
        if self.is_stopping:
            raise ServerStoppingError


admission = Admission()
