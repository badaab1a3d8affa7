"""A database of the first release, with what its code wrote, becomes one of today's and works on."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.server.postgres import Postgres
from tests.server.processes import PATIENCE_S, PROJECT


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgresql":
        postgres: Postgres = request.getfixturevalue("postgres")
        return postgres.make_database()
    return f"sqlite:///{tmp_path / 'first.sqlite3'}"


def upgrade(env: dict[str, str]) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.deploy.upgrade"]
    done = subprocess.run(
        command, cwd=PROJECT, env=env, capture_output=True, text=True, check=False, timeout=2 * PATIENCE_S
    )
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def test_what_the_first_release_stored_is_there_after_the_upgrade(database_url: str, tmp_path: Path) -> None:
    keys = str(tmp_path / "keys")
    found = upgrade({**os.environ, "DATABASE_URL": database_url, "POL_SIGNING_KEYS_DIR": keys, "DEBUG": "1"})
    assert found == {
        "party": "First shop",  # found by the API key that the first release made
        "salts": 2,
        "decisions": ["", "fail", "inconclusive", "pass", "pass"],  # the first is the one opened since
        "tokens": 2,
        "challenges": 4,
        "concluded": 1,
        "policy_threshold": 0.8,
        "events": found["events"],
        "is_intact": True,
        "purged": 2,
    }
