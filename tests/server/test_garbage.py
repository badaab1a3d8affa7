"""Whatever bytes come, by HTTP or for a socket: no error of ours, no traceback, and nobody's name in the log."""

import itertools
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from tests.server.processes import (
    PATIENCE_S,
    Daphne,
    build_production_environment,
    run_daphne,
)

PATHS = (
    "/", "/%00%ff%fe/alice", "/auth/sessions/alice@example.org", "/auth/verify", "/token/validate", "/token/revoke",
    "/verify/00000000-0000-4000-8000-000000000000", "/verify/00000000-0000-4000-8000-000000000000/consent",
    "/verify/alice", "/oidc/authorize?client_id=%00&login_hint=alice", "/oidc/continue?session_id=alice%00",
    "/oidc/token", "/oidc/userinfo", "/admin/login/?next=//evil.example/alice", "/admin/alice/", "/metrics",
    "/static/../../etc/passwd", "/static/%2e%2e/%2e%2e/manage.py", "/health?x=" + "y" * 4_000,
    "//evil.example/alice", "/ws/verify/alice?ticket=alice", "/api/schema?format=alice", "*",
)  # fmt: skip
COMMON_METHODS = ("GET", "POST")
RARE_METHODS = ("PUT", "DELETE", "OPTIONS", "TRACE", "HEAD", "ALICE")
HEADERS: dict[str, bytes] = {
    "nothing else": b"",
    "bytes that are no text": b'Cookie: sessionid=\xff; csrftoken="; pol_login_1=\xfe\r\nAccept: \xff\r\n',
    "origins": b"Origin: http://[\r\nReferer: http://[alice\r\n",
    "keys": b"Authorization: Api-Key \xc2\xb2.alice\r\n",
    "other keys": b"Authorization: Bearer " + b"x" * 9_000 + b"\r\n",
    "languages": b"Accept-Language: *;q=zz, \xff-\xff;q=1e999, "
    + b"aa-" * 500
    + b"\r\nAccept-Encoding: ,;q=\r\n",
    "proxies": b"X-Forwarded-For: alice, %00,\xff\r\nX-Forwarded-Host: evil.example\r\nForwarded: for=alice\r\n",
    "no length": b"Content-Length: -1\r\n",
    "two lengths": b"Content-Length: 4\r\nContent-Length: 5\r\n",
    "chunks": b"Transfer-Encoding: chunked\r\nContent-Type: application/json\r\n",
    "an unknown charset": b"Content-Type: application/json; charset=alice\r\nContent-Length: 4\r\n",
    "parts without an edge": b"Content-Type: multipart/form-data; boundary=\xff\r\nContent-Length: 4\r\n",
    "a form": b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 4\r\n",
    "an upgrade": b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: alice\r\n",
    "an upgrade to nothing": b"Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: alice\r\n",
    "ranges": b"Range: bytes=-1,9-0,alice\r\nIf-Modified-Since: alice\r\nIf-None-Match: \xff\r\n",
}
BODIES = (b"", b"{\xff\x00", b"%=&%u", b"0\r\n\r\n", b'{"user_id": "alice", "exclude": {}}')
NO_REQUESTS = (
    b"\r\n\r\n", b"\0" * 100, b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET /alice\r\n\r\n", b"\x16\x03\x01\x02\x00",
    b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n" + b"a: alice\r\n" * 2_000 + b"\r\n", b"A" * 100_000,
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"GET / HTTP/1.1\r\nHost: alice evil\r\n\r\n",
    b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
)  # fmt: skip


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, signing_keys_dir: Path) -> Iterator[Daphne]:
    env = build_production_environment(
        tmp_path_factory.mktemp("garbage"),
        signing_keys_dir,
        SECURE_SSL_REDIRECT="0",
        **{f"POL_RATE_{name}": "1000000/min" for name in ("OPEN_SESSION", "READ_SESSION", "VALIDATE_TOKEN")},
        **{f"POL_RATE_{name}": "1000000/min" for name in ("PUBLIC", "HANDSHAKE")},
    )
    with run_daphne(env) as daphne:
        yield daphne


def say(server: Daphne, data: bytes) -> bytes:
    """The first line of the answer; nothing where the server just hangs up."""
    address = urlsplit(server.url)
    with socket.create_connection((str(address.hostname), int(address.port or 0)), PATIENCE_S) as connection:
        try:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            return connection.makefile("rb").readline()
        except ConnectionError:
            return b""


def assert_no_error_of_ours(server: Daphne, data: bytes) -> None:
    line = say(server, data)
    assert not line or line.split()[1][:1] in {b"1", b"2", b"3", b"4"}, (data[:200], line)


def assert_serves(server: Daphne) -> None:
    assert requests.get(f"{server.url}/.well-known/jwks.json", timeout=PATIENCE_S).status_code == 200


@pytest.mark.parametrize("name", HEADERS)
def test_requests_that_make_no_sense_are_answered_and_name_nobody_in_the_log(
    server: Daphne, name: str
) -> None:
    bodies, rare = itertools.cycle(BODIES), itertools.cycle(RARE_METHODS)
    for path, method in ((path, method) for path in PATHS for method in (*COMMON_METHODS, next(rare))):
        head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n".encode()
        if name.startswith("an upgrade"):
            head = head.replace(b"Connection: close\r\n", b"")
        assert_no_error_of_ours(server, head + HEADERS[name] + b"\r\n" + next(bodies))
    assert_serves(server)


def test_what_is_no_request_at_all_harms_nobody(server: Daphne) -> None:
    for data in NO_REQUESTS:
        assert_no_error_of_ours(server, data)
    assert_serves(server)
