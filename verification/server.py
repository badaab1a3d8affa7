"""Daphne as the project runs it: one that stops gracefully."""

import asyncio
import signal
from types import FrameType

from daphne.cli import CommandLineInterface
from daphne.server import Server
from twisted.internet import reactor  # after Daphne, which chooses the reactor

from verification.drain import Drain

# Time for what a socket still has to write after its client is gone.
CLOSE_TIMEOUT_S = 20
# From the request to the upgrade, the database's answer included; Daphne's own 5 s drop people without a word.
HANDSHAKE_TIMEOUT_S = 20


class GracefulServer(Server):  # type: ignore[misc]  # Daphne ships no types
    """SIGTERM lets sessions finish (`verification.drain`); a second one, or SIGINT, does not wait for them."""

    def run(self) -> None:
        # Twisted installs its own handlers when it starts to run, and these must come after.
        reactor.callWhenRunning(self._handle_signals)
        super().run()

    def _handle_signals(self) -> None:
        loop = asyncio.get_event_loop()
        drain = Drain(self.stop)

        def handle(number: int, frame: FrameType | None) -> None:
            loop.call_soon_threadsafe(lambda: drain.begin(is_urgent=number == signal.SIGINT))

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, handle)


class GracefulCommandLine(CommandLineInterface):  # type: ignore[misc]  # Daphne ships no types
    server_class = GracefulServer


def serve(host: str, port: int) -> None:
    """Serve `polsite.asgi` until a signal ends it. port: 0 for a free one."""
    address = ["--bind", host, "--port", str(port)]
    limits = {
        "--application-close-timeout": CLOSE_TIMEOUT_S,
        "--websocket_connect_timeout": HANDSHAKE_TIMEOUT_S,
        # Sessions have deadlines of their own. Daphne's age of a socket follows the wall clock, and a step of
        # that would cut off everybody.
        "--websocket_timeout": -1,
        "--verbosity": 0,
    }
    options = [text for name, value in limits.items() for text in (name, str(value))]
    GracefulCommandLine().run([*address, *options, "polsite.asgi:application"])
