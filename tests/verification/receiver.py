"""A relying party's web server on a free loopback port, and what it was sent."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = Mapping[str, Any]
PATIENCE_S = 60


@dataclass
class Received:
    headers: dict[str, str]
    body: bytes

    @property
    def message(self) -> dict[str, Any]:
        return dict(json.loads(self.body))


@dataclass
class Receiver:
    """answers: what to say to each request in turn, then 204. `hold` keeps answers back until it is set."""

    url: str = ""
    answers: list[int] = field(default_factory=list)
    location: str = ""
    body: bytes = b""
    received: list[Received] = field(default_factory=list)
    hold: threading.Event = field(default_factory=threading.Event)
    news: threading.Condition = field(default_factory=threading.Condition)

    def wait_for(self, count: int) -> None:
        """Until so many requests have come. Raises TimeoutError."""
        with self.news:
            if not self.news.wait_for(lambda: len(self.received) >= count, PATIENCE_S):
                raise TimeoutError(f"{len(self.received)} of {count} requests came")


@contextmanager
def run_receiver(*, tls: Any = None) -> Iterator[Receiver]:
    """tls: an ssl.SSLContext of a server, where it shall speak https."""
    receiver = Receiver()
    receiver.hold.set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            with receiver.news:
                receiver.received.append(Received({k.lower(): v for k, v in self.headers.items()}, body))
                receiver.news.notify_all()
            receiver.hold.wait(30)
            self.send_response(receiver.answers.pop(0) if receiver.answers else 204)
            if receiver.location:
                self.send_header("Location", receiver.location)
            self.send_header("Content-Length", str(len(receiver.body)))
            self.end_headers()
            self.wfile.write(receiver.body)

        def log_message(self, *args: object) -> None:
            """Nothing on the tests' output."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            """A client that hangs up is part of some tests."""

    with Server(("127.0.0.1", 0), Handler) as server:
        if tls is not None:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        receiver.url = f"http{'s' if tls else ''}://127.0.0.1:{server.server_address[1]}/hooks?x=1"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield receiver
        finally:
            receiver.hold.set()
            server.shutdown()
            thread.join()
