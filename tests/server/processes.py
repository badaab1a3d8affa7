"""Real server processes on free loopback ports, each ended by whoever started it."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from tests.server import migrated

PROJECT, PATIENCE_S = migrated.PROJECT, migrated.PATIENCE_S


class Process:
    """A child whose output is read as it comes, so that it can be waited for without a sleep."""

    def __init__(
        self, command: Sequence[str], env: Mapping[str, str] | None = None, cwd: Path = PROJECT
    ) -> None:
        self._child = subprocess.Popen(
            command,
            cwd=cwd,
            env=env,
            text=True,
            errors="replace",
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self._lines: list[str] = []
        self._has_news = threading.Condition()
        self._is_silent = False
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        return self._child.pid

    @property
    def is_running(self) -> bool:
        return self._child.poll() is None

    @property
    def log(self) -> str:
        with self._has_news:
            return "".join(self._lines)

    def wait_for_line(self, part: str) -> str:
        """The first line that holds `part`; raises RuntimeError when the child ends without one."""

        def find() -> str | None:
            return next((line for line in self._lines if part in line), None)

        with self._has_news:
            self._has_news.wait_for(lambda: find() or self._is_silent, PATIENCE_S)
            line = find()
        if line is None:
            raise RuntimeError(f"{part!r} was not said:\n{self.log}")
        return line

    def send_signal(self, number: signal.Signals) -> None:
        self._child.send_signal(number)

    def stop(self) -> int:
        """Ask it to end and wait until it has; the exit status."""
        if self._child.poll() is None:
            self._child.send_signal(signal.SIGTERM)
        return self.wait()

    def wait(self) -> int:
        """Until it has ended by itself; the exit status."""
        status = self._child.wait(PATIENCE_S)
        self._reader.join(PATIENCE_S)
        assert self._child.stdout is not None
        self._child.stdout.close()
        return status

    def _read(self) -> None:
        assert self._child.stdout is not None
        for line in self._child.stdout:
            with self._has_news:
                self._lines.append(line)
                self._has_news.notify_all()
        with self._has_news:
            self._is_silent = True
            self._has_news.notify_all()


class Daphne(Process):
    """The project's own server. url: http://127.0.0.1:PORT."""

    def __init__(self, env: Mapping[str, str], *, prefix: Sequence[str] = ()) -> None:
        command = [
            *prefix,
            sys.executable,
            "manage.py",
            "serve",
            "--skip-checks",
            "--host",
            "127.0.0.1",
            "--port",
            "0",
        ]
        super().__init__(command, env)
        address = self.wait_for_line("Listening on TCP address").rsplit(" ", 1)[1].strip()
        self.url = f"http://{address}"

    @property
    def resident_bytes(self) -> int:
        return self._read_status("VmRSS") * 1024

    @property
    def thread_count(self) -> int:
        return self._read_status("Threads")

    def open_session(self, user_id: str = "alice", **fields: Any) -> dict[str, str]:
        answer = requests.post(f"{self.url}/auth/verify", json={"user_id": user_id, **fields}, timeout=30)
        assert answer.status_code == requests.codes.created, answer.text
        return dict(answer.json())

    def read_session(self, opened: Mapping[str, str]) -> dict[str, Any]:
        answer = requests.get(f"{self.url}/auth/sessions/{opened['session_id']}", timeout=30)
        return dict(answer.json())

    def _read_status(self, name: str) -> int:
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(next(line for line in status.splitlines() if line.startswith(name)).split()[1])


def build_environment(folder: Path, signing_keys_dir: Path, **changes: str) -> dict[str, str]:
    """An environment of the project's own defaults, its state in `folder`."""
    own = ("POL_", "DATABASE_", "REDIS_", "SECRET_", "ALLOWED_", "JWT_", "SESSION_", "SECURE_", "LOG_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(own)}
    return kept | {
        "DEBUG": "1",
        "POL_MAX_ANSWER_MS": "0",  # a slow machine must not turn away whom a test sends in
        "DATABASE_URL": f"sqlite:///{folder / 'server.sqlite3'}",
        "POL_SIGNING_KEYS_DIR": str(signing_keys_dir),
        "PYTHONUNBUFFERED": "1",
        **changes,
    }


def build_production_environment(folder: Path, signing_keys_dir: Path, **changes: str) -> dict[str, str]:
    """The same without DEBUG, its static files gathered: a page can't be written without them."""
    env = build_environment(
        folder,
        signing_keys_dir,
        DEBUG="0",
        SECRET_KEY="k" * 60,
        ALLOWED_HOSTS="127.0.0.1",
        STATIC_ROOT=str(folder / "static"),
        **changes,
    )
    command = [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity", "0", "--skip-checks"]
    subprocess.run(command, cwd=PROJECT, env=env, check=True, timeout=3 * PATIENCE_S)
    return env


# Whoever the tests verify; a ticket or a key's secret; a token; a frame, as bytes read for text and in base64.
PRIVATE = re.compile(r"alice|subject-0|(?<![\w-])[\w-]{43}(?![\w-])|eyJ[\w-]{8}|\ufffd\ufffd\ufffd|/9j/")


def find_private(log: str) -> list[str]:
    """Lines of a log that name a person or hold a secret or a picture."""
    return [line for line in log.splitlines() if PRIVATE.search(line)]


@contextmanager
def run_daphne(env: Mapping[str, str], *, is_migrated: bool = False) -> Iterator[Daphne]:
    """Migrate, serve, end when asked to: with a log that has no traceback, and nothing in it that is anybody's."""
    if not is_migrated:
        migrated.migrate(env)
    server = Daphne(env)
    try:
        yield server
    finally:
        status = server.stop()
    assert status == 0
    assert find_private(server.log) == []
    assert "Traceback" not in server.log, server.log
    assert "never retrieved" not in server.log, server.log


@contextmanager
def run_redis(folder: Path) -> Iterator[str]:
    """A Redis of its own; its URL."""
    socket_path = folder / "redis.sock"
    options = ["--port", "0", "--unixsocket", str(socket_path), "--save", "", "--appendonly", "no"]
    server = Process(["redis-server", *options, "--dir", str(folder)])
    try:
        server.wait_for_line("eady to accept connections")
        yield f"unix://{socket_path}"
    finally:
        server.stop()


NGINX_CONF = """
daemon off;
error_log stderr notice;
pid {folder}/nginx.pid;
events {{ worker_connections 256; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  upstream replicas {{ {servers} }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://replicas;
      proxy_http_version 1.1;
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $http_connection;
    }}
  }}
}}
"""


@contextmanager
def run_nginx(folder: Path, upstreams: Sequence[str]) -> Iterator[str]:
    """A load balancer in front of servers, in turn; its URL."""
    port = find_free_port()
    servers = " ".join(f"server {url.removeprefix('http://')};" for url in upstreams)
    conf = folder / "nginx.conf"
    conf.write_text(NGINX_CONF.format(folder=folder, servers=servers, port=port))
    server = Process(["nginx", "-e", "stderr", "-p", str(folder), "-c", str(conf)])
    try:
        server.wait_for_line("start worker processes")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.stop()


def find_free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
