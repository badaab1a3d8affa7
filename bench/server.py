"""The real server under measurement: Daphne, real models, production settings but for the rates."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.server.migrated import migrate
from tests.server.processes import Daphne, build_production_environment

_UNBOUNDED = "1000000/min"
_RATES = ("OPEN_SESSION", "READ_SESSION", "VALIDATE_TOKEN", "PUBLIC", "RELYING_PARTY", "SUBJECT", "HANDSHAKE")
_TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")


def build_bench_environment(folder: Path, **changes: str) -> dict[str, str]:
    """Production settings but for the rates: measured is what the server can do, not what it allows.

    Floors and threshold are low, so that the simulated subject's sessions end with a token.
    """
    settings = {
        "SECURE_SSL_REDIRECT": "0",
        "POL_DRAIN_SECONDS": "1",
        "POL_REQUIRE_API_KEY": "0",
        "POL_FLOORS": "0,0,0",
        "POL_PASS_THRESHOLD": "0.05",
    }
    rates = {f"POL_RATE_{name}": _UNBOUNDED for name in _RATES}
    return build_production_environment(folder, folder / "keys", **settings | rates | changes)


@contextmanager
def serve(**changes: str) -> Iterator[Daphne]:
    """A server with a database and a key of its own, on a free loopback port, until the block ends."""
    with tempfile.TemporaryDirectory(prefix="polbench") as folder:
        env = build_bench_environment(Path(folder), **changes)
        prepare(env)
        server = Daphne(env)
        try:
            yield server
        finally:
            server.stop()


def prepare(env: dict[str, str]) -> None:
    """What else an installation does once: tables, a signing key."""
    migrate(env)
    command = [sys.executable, "manage.py", "create_signing_key", "--skip-checks"]
    subprocess.run(command, env=env, check=True, stdout=subprocess.DEVNULL)


def read_cpu_s(pid: int) -> float:
    """Processor seconds that a process has spent so far, all its threads together."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_A_SECOND
