"""A PostgreSQL of our own, and databases in it: an empty one, a migrated one, copies of either."""

import functools
import itertools
import os
import shutil
import signal
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
    """A cluster on a free loopback port, that can go away and come back with what it holds.

    url: of its first database, which is empty. PostgreSQL refuses to run as root; the account its package made
    stands in then.
    """

    def __init__(self, programs: Path) -> None:
        self._programs = programs
        self._folder = Path(tempfile.mkdtemp(prefix="polpg"))
        self._port = str(find_free_port())
        self._as_other: list[str] = []
        self._server: Process | None = None
        self._numbers = itertools.count()
        if os.geteuid() == 0:
            shutil.chown(self._folder, "postgres", "postgres")
            self._as_other = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        self.url = f"postgres://pol@127.0.0.1:{self._port}/pol"

    def create(self) -> None:
        """Make the cluster, start it, and make the first database."""
        self._call("initdb", "-D", self._data, "-U", "pol", "-A", "trust", "--no-sync", "-E", "UTF8")
        self.start()
        self._call("createdb", "-h", "127.0.0.1", "-p", self._port, "-U", "pol", "pol")

    def start(self) -> None:
        options = ["listen_addresses=127.0.0.1", "unix_socket_directories="]
        program = [str(self._programs / "postgres"), "-D", self._data, "-p", self._port, "-F"]
        self._server = Process([*self._as_other, *program, *(part for o in options for part in ("-c", o))])
        self._server.wait_for_line("ready to accept connections")

    def stop(self) -> None:
        """At once, whoever is connected."""
        if self._server is not None:
            self._server.send_signal(signal.SIGINT)
            self._server.wait()
            self._server = None

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

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

    @property
    def _data(self) -> str:
        return str(self._folder / "data")

    def _call(self, program: str, *arguments: str) -> None:
        command = [*self._as_other, str(self._programs / program), *arguments]
        subprocess.run(command, cwd=self._folder, check=True, timeout=PATIENCE_S, stdout=subprocess.DEVNULL)


def find_postgres() -> Path | None:
    """The folder of PostgreSQL's programs, newest version first."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)
    on_path = shutil.which("initdb")
    return folders[0].parent if folders else Path(on_path).parent if on_path else None


@contextmanager
def run_postgres(programs: Path) -> Iterator[Postgres]:
    """A cluster for as long as this lasts."""
    postgres = Postgres(programs)
    try:
        postgres.create()
        yield postgres
    finally:
        postgres.remove()
