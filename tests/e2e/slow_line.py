"""A line whose uplink carries only so much: a TCP proxy before the real server, and an end that answers at once.

Pages and calls go to the real server; the capture socket ends here, so that what is late is late by the line alone.
"""

import json
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

from tests.e2e.scripted import NONCE

CHUNK_BYTES = 2_048
RECEIVE_BUFFER_BYTES = 8_192
PATIENCE_S = 10
HEADER_BYTES = 25
CAPTURE = {"width": 640, "height": 480, "max_fps": 15, "max_frame_bytes": 262144, "formats": ["image/jpeg"]}


@dataclass(frozen=True, slots=True)
class Arrival:
    """One frame. captured_at_ms: since `ready`, by the page's clock. late_by_ms: from capture to arrival here."""

    captured_at_ms: int
    late_by_ms: int
    image_bytes: int


class SlowLine:
    """uplink_bytes_per_s may be changed at any time. url: where a browser reaches the server over this line."""

    def __init__(self, server_port: int, uplink_bytes_per_s: int) -> None:
        self.uplink_bytes_per_s = uplink_bytes_per_s
        self.arrivals: list[Arrival] = []
        self._server_port = server_port
        self._threads: list[threading.Thread] = []
        self._end = serve(self._answer, "127.0.0.1", 0, subprotocols=["pol.v1"], compression=None)  # type: ignore[list-item]
        self._listener = socket.socket()
        # Inherited by what is accepted: a line that queued megabytes would be slow for nobody.
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen()
        self.url = f"http://localhost:{self._listener.getsockname()[1]}"

    def begin(self) -> None:
        self._threads += [_run(self._end.serve_forever), _run(self._accept)]

    def end(self) -> None:
        with suppress(OSError):  # wakes who waits in accept()
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._end.shutdown()
        for thread in self._threads:
            thread.join(PATIENCE_S)

    def _accept(self) -> None:
        with suppress(OSError):  # closed at the end
            while True:
                browser, _ = self._listener.accept()
                self._threads.append(_run(partial(self._carry, browser)))

    def _carry(self, browser: socket.socket) -> None:
        with suppress(OSError), browser:
            first = browser.recv(CHUNK_BYTES)
            is_capture = first.startswith(b"GET /ws/")
            port = self._end.socket.getsockname()[1] if is_capture else self._server_port
            with socket.create_connection(("127.0.0.1", port)) as server:
                server.sendall(first)
                back = _run(lambda: _pump(server, browser, lambda: None))
                _pump(browser, server, lambda: self.uplink_bytes_per_s)
                back.join()

    def _answer(self, connection: ServerConnection) -> None:
        begun_at_s = 0.0
        _tell(connection, "session", **_describe_session())
        with suppress(ConnectionClosed):
            while True:
                message = connection.recv()
                if isinstance(message, str):
                    begun_at_s = time.monotonic()
                    _tell(connection, "challenge", **_ask_to_look_straight())
                    continue
                now_ms = round((time.monotonic() - begun_at_s) * 1_000)
                captured_at_ms = int.from_bytes(message[21:25])
                self.arrivals.append(
                    Arrival(captured_at_ms, now_ms - captured_at_ms, len(message) - HEADER_BYTES)
                )
                seq = int.from_bytes(message[17:21])
                _tell(connection, "feedback", seq=seq, hint="ok", progress=0.1, face=None, scores=None)


@contextmanager
def run_slow_line(server_port: int, uplink_bytes_per_s: int) -> Iterator[SlowLine]:
    line = SlowLine(server_port, uplink_bytes_per_s)
    line.begin()
    try:
        yield line
    finally:
        line.end()


def _pump(source: socket.socket, target: socket.socket, read_rate: Callable[[], int | None]) -> None:
    """Carry bytes until one side closes, no faster than the rate, in bytes a second."""
    with suppress(OSError):
        while chunk := source.recv(CHUNK_BYTES):
            if rate := read_rate():
                time.sleep(len(chunk) / rate)
            target.sendall(chunk)
    for side in (source, target):
        with suppress(OSError):
            side.shutdown(socket.SHUT_RDWR)


def _tell(connection: ServerConnection, type_: str, **members: object) -> None:
    connection.send(json.dumps({"type": type_, **members}))


def _describe_session() -> dict[str, object]:
    return {
        "session_id": str(uuid.uuid4()),
        "expires_at": "2999-01-01T00:00:00+00:00",
        "challenges_total": 3,
        "capture": CAPTURE,
    }


def _ask_to_look_straight() -> dict[str, object]:
    return {
        "challenge_id": str(uuid.uuid4()),
        "index": 0,
        "total": 3,
        "kind": "align",
        "action": "look_straight",
        "params": {},
        "instruction": "Look straight into the camera",
        "nonce": NONCE,
        "timeout_ms": 60_000,
    }


def _run(work: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread
