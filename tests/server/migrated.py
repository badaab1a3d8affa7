"""Databases as `manage.py migrate` leaves them. Migrating costs seconds, so it is done once, then copied."""

import atexit
import functools
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
PATIENCE_S = 180
SQLITE = "sqlite:///"


def migrate(env: Mapping[str, str]) -> None:
    """Migrate the database of DATABASE_URL; one in SQLite that is not there yet becomes a copy."""
    url = env["DATABASE_URL"]
    file = Path(url.removeprefix(SQLITE).partition("?")[0])
    if url.startswith(SQLITE) and not file.exists():
        shutil.copy(make_template(), file)
    else:
        run_migrate(env)


@functools.cache
def make_template() -> Path:
    """A migrated SQLite file that goes when this process does."""
    folder = Path(tempfile.mkdtemp(prefix="pol-migrated-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    file = folder / "migrated.sqlite3"
    run_migrate({**os.environ, "DEBUG": "1", "DATABASE_URL": f"{SQLITE}{file}"})
    return file


def run_migrate(env: Mapping[str, str]) -> None:
    command = [sys.executable, "manage.py", "migrate", "--verbosity", "0", "--skip-checks"]
    subprocess.run(command, cwd=PROJECT, env=env, check=True, timeout=PATIENCE_S)
