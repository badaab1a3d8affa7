"""The time of one webhook is bounded as a whole, whatever the receiver is slow at."""

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.verification.test_webhook_sender import make_server_context, send
from verification.webhook_sender import DeliveryError

TIMEOUT_S = 1.0
DRIP_S, DRIPS_S = 0.2, 20.0
ENDLESS = {
    "headers": b"HTTP/1.1 200 OK\r\nX-Drip: ",
    "body": b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n",
}


@contextmanager
def run_dripping(beginning: bytes, tls: ssl.SSLContext | None = None) -> Iterator[int]:
    """A receiver that says `beginning` and then a byte now and then, until nobody listens; its port.

    With TLS it lets most of the time pass before it shakes hands.
    """
    is_over = threading.Event()

    def serve() -> None:
        connection: socket.socket = listener.accept()[0]
        with suppress(OSError), connection:
            if tls is not None:
                is_over.wait(TIMEOUT_S * 0.75)
                connection = tls.wrap_socket(connection, server_side=True)
            connection.recv(65_536)
            connection.sendall(beginning)
            until_s = time.monotonic() + DRIPS_S
            while time.monotonic() < until_s and not is_over.wait(DRIP_S):
                connection.sendall(b"x")
            connection.close()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(DRIPS_S)
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            is_over.set()
            thread.join()


@pytest.mark.parametrize("part", ENDLESS)
def test_an_answer_that_drips_is_cut_off_and_counts_as_none(part: str) -> None:
    with run_dripping(ENDLESS[part]) as port:
        assert_given_up_in_time(f"http://127.0.0.1:{port}/")


def test_time_that_runs_out_in_the_handshake_is_not_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A network that takes half of the time to connect, then a handshake that takes more than the rest."""
    connect = socket.create_connection

    def connect_late(*args: Any, **options: Any) -> socket.socket:
        time.sleep(TIMEOUT_S / 2)
        return connect(*args, **options)

    monkeypatch.setattr(socket, "create_connection", connect_late)
    tls = make_server_context(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "server.pem"))
    with run_dripping(ENDLESS["headers"], tls) as port:
        assert_given_up_in_time(f"https://127.0.0.1:{port}/")


def assert_given_up_in_time(url: str) -> None:
    began_s = time.monotonic()
    with pytest.raises(DeliveryError, match="No answer"):
        send(url, timeout_s=TIMEOUT_S)
    assert time.monotonic() - began_s < DRIPS_S / 2
