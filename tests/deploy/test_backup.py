"""deploy/backup.sh and deploy/restore.sh on PostgreSQL: what was stored works on in another place."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.server.postgres import Postgres, find_postgres
from tests.server.processes import PATIENCE_S, PROJECT


def call(env: dict[str, str], *command: str | Path, given: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        list(map(str, command)), cwd=PROJECT, env=env, input=given, capture_output=True, text=True,
        check=False, timeout=2 * PATIENCE_S,
    )  # fmt: skip


def run_stored(env: dict[str, str], action: str, given: str = "") -> dict[str, Any]:
    done = call(env, sys.executable, "-m", "tests.deploy.stored", action, given=given)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def build_environment(url: str, keys: Path) -> dict[str, str]:
    programs = find_postgres()
    assert programs is not None
    path = f"{programs}:{os.environ['PATH']}"
    return {**os.environ, "DATABASE_URL": url, "POL_SIGNING_KEYS_DIR": str(keys), "DEBUG": "1", "PATH": path}


def test_what_was_backed_up_works_on_where_it_is_restored(postgres: Postgres, tmp_path: Path) -> None:
    old = build_environment(postgres.make_migrated(), tmp_path / "old_keys")
    held = run_stored(old, "fill")
    copy = tmp_path / "backup"
    assert call(old, "deploy/backup.sh", copy).returncode == 0
    assert {path.stat().st_mode & 0o077 for path in (copy, *copy.iterdir())} == {0}

    new = build_environment(postgres.make_database(), tmp_path / "new_keys")
    restored = call(new, "deploy/restore.sh", copy)
    assert restored.returncode == 0, restored.stderr
    assert run_stored(new, "look", json.dumps(held)) == {
        "decision": "pass",
        "is_valid": True,
        "has_same_webhook_secret": True,
        "deliveries": 2,
        "is_intact": True,
        "is_guarded": True,
    }
    assert "not empty" in call(new, "deploy/restore.sh", copy).stderr


@pytest.mark.parametrize("name", ["database.dump", "keys.tar"])
def test_a_copy_that_was_damaged_is_not_restored(tmp_path: Path, name: str) -> None:
    for part in ("database.dump", "keys.tar"):
        (tmp_path / part).write_bytes(b"as it was")
    sums = call({**os.environ}, "sha256sum", tmp_path / "database.dump", tmp_path / "keys.tar").stdout
    (tmp_path / "SHA256SUMS").write_text(sums.replace(f"{tmp_path}/", ""))
    (tmp_path / name).write_bytes(b"as it is")
    restored = call(
        {**os.environ, "DATABASE_URL": "postgres://nowhere.invalid/"}, "deploy/restore.sh", tmp_path
    )
    assert restored.returncode != 0
    assert name in restored.stdout + restored.stderr
