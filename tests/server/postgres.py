"""A PostgreSQL of our own, and databases in it: an empty one, a migrated one, copies of either."""

import functools
import itertools
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

from tests.server.migrated import run_migrate
from tests.server.processes import PATIENCE_S, Process, find_free_port


class Postgres:
    """url: of the server's own first database, which is empty."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._numbers = itertools.count()

    def make_database(self, name: str = "", *, like: str = "template1") -> str:
        """One more, empty or a copy; its URL."""
        name = name or f"made_{next(self._numbers)}"
        names = (sql.Identifier(name), sql.Identifier(like))
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(*names))
        return f"{self.url.rpartition('/')[0]}/{name}"

    def make_migrated(self, name: str = "") -> str:
        """One more, as `manage.py migrate` leaves it; its URL."""
        return self.make_database(name, like=self._template)

    @functools.cached_property
    def _template(self) -> str:
        url = self.make_database()
        run_migrate({**os.environ, "DEBUG": "1", "DATABASE_URL": url})
        return url.rpartition("/")[2]


def find_postgres() -> Path | None:
    """The folder of PostgreSQL's programs, newest version first."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)
    on_path = shutil.which("initdb")
    return folders[0].parent if folders else Path(on_path).parent if on_path else None


@contextmanager
def run_postgres(programs: Path) -> Iterator[Postgres]:
    """A cluster of its own on a free loopback port.

    PostgreSQL refuses to run as root; the account its package made stands in then.
    """
    folder = Path(tempfile.mkdtemp(prefix="polpg"))
    as_other: list[str] = []
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
        as_other = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
    data, port = str(folder / "data"), str(find_free_port())

    def call(*command: str) -> None:
        subprocess.run(
            [*as_other, *command], cwd=folder, check=True, timeout=PATIENCE_S, stdout=subprocess.DEVNULL
        )

    server: Process | None = None
    try:
        call(str(programs / "initdb"), "-D", data, "-U", "pol", "-A", "trust", "--no-sync", "-E", "UTF8")
        options = ["-p", port, "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-F"]
        server = Process([*as_other, str(programs / "postgres"), "-D", data, *options])
        server.wait_for_line("ready to accept connections")
        call(str(programs / "createdb"), "-h", "127.0.0.1", "-p", port, "-U", "pol", "pol")
        yield Postgres(f"postgres://pol@127.0.0.1:{port}/pol")
    finally:
        if server is not None:
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)
