"""SIGKILL at random moments: the database agrees with itself afterwards, whichever moment it was."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.server.migrated import migrate
from tests.server.postgres import Postgres
from tests.server.processes import PATIENCE_S, PROJECT, build_environment

SESSIONS = int(os.environ.get("POL_FAULT_SESSIONS", "20"))


def kill_sessions(folder: Path, signing_keys_dir: Path, **changes: str) -> dict[str, Any]:
    env = build_environment(folder, signing_keys_dir, **changes)
    if "DATABASE_URL" not in changes:
        migrate(env)
    command = [sys.executable, "-m", "tests.faults.killed_sessions", str(SESSIONS)]
    done = subprocess.run(
        command,
        cwd=PROJECT,
        env=env,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S + 5 * SESSIONS,
        check=False,
    )
    assert done.stdout, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def assert_sound(report: dict[str, Any]) -> None:
    assert report["wrong"] == [], report
    # Or the kills came too early or too late to show anything: some sessions began, and not all were through.
    assert 0 < sum(report["states"].values()) <= report["killed"] + 3, report
    assert report["tokens_sent"] < report["killed"], report


def test_on_sqlite_a_killed_process_leaves_each_session_whole(tmp_path: Path, signing_keys_dir: Path) -> None:
    assert_sound(kill_sessions(tmp_path, signing_keys_dir))


def test_on_postgresql_a_killed_process_leaves_each_session_whole(
    tmp_path: Path, signing_keys_dir: Path, postgres: Postgres
) -> None:
    assert_sound(kill_sessions(tmp_path, signing_keys_dir, DATABASE_URL=postgres.make_migrated()))
