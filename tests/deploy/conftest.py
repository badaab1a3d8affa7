"""An installation as `deploy/` makes one: a folder of what the image holds, used by an account that is not root."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.server.postgres import Postgres
from tests.server.processes import PATIENCE_S, PROJECT, run_redis
from verification.conf import get_model_paths
from verification.vision.installed import check_models

HOST = "verify.example.org"
SHIPPED = (
    "audit", "deploy", "locale", "polsite", "static", "templates", "translations", "verification",
    "manage.py", "pyproject.toml",
)  # fmt: skip
OTHER_ACCOUNT = "nobody"


@dataclass(frozen=True)
class Installation:
    """root: the project's files, which the account cannot change. env: the whole environment."""

    root: Path
    env: Mapping[str, str]
    as_account: tuple[str, ...] = field(default=())

    def build_command(self, *arguments: str) -> list[str]:
        return [*self.as_account, sys.executable, *arguments]

    def manage(self, *arguments: str, **changes: str) -> str:
        """Run a command of manage.py; its output. Raises AssertionError with what it said."""
        command, env = self.build_command("manage.py", *arguments), {**self.env, **changes}
        done = subprocess.run(
            command, cwd=self.root, env=env, check=False, capture_output=True, text=True, timeout=PATIENCE_S
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="package")
def folder() -> Iterator[Path]:
    """Open to other accounts, which pytest's own folders are not."""
    with tempfile.TemporaryDirectory(prefix="pol-deploy-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture(scope="package")
def redis_url(folder: Path) -> Iterator[str]:
    if shutil.which("redis-server") is None:
        pytest.skip("redis-server is not installed")
    with run_redis(folder) as url:
        Path(url.removeprefix("unix://")).chmod(0o777)
        yield url


@pytest.fixture(scope="package")
def installation(folder: Path, postgres: Postgres, redis_url: str) -> Installation:
    """Installed by the steps of docs/operations.md, and migrated."""
    if not check_models(get_model_paths())["face_landmarker"].is_installed:
        pytest.skip("the face landmarker is not installed; run manage.py download_models")
    root, state = folder / "proof-of-life", folder / "state"
    (root / "var").mkdir(parents=True)
    for name in SHIPPED:
        copy = shutil.copytree if (PROJECT / name).is_dir() else shutil.copy
        copy(PROJECT / name, root / name)
    shutil.copytree(get_model_paths().landmarker.parent, state / "models")
    env = build_environment(state, postgres.make_migrated(), redis_url)
    Installation(root, env).manage("collectstatic", "--noinput", "--verbosity", "0", "--skip-checks")
    made = Installation(root, env, find_account(state))
    made.manage("migrate", "--verbosity", "0", "--skip-checks")
    made.manage("create_signing_key", "--skip-checks")
    return made


def find_account(state: Path) -> tuple[str, ...]:
    """How to run as another account, which then owns `state`; empty where this one is not root.

    Empty, too, where the other account cannot use this very Python, as when it lies in root's home.
    """
    command = ("setpriv", f"--reuid={OTHER_ACCOUNT}", "--regid=nogroup", "--clear-groups")
    if os.geteuid() != 0:
        return ()
    asked = [*command, sys.executable, "-c", "import sys; print(sys.version)"]
    done = subprocess.run(asked, capture_output=True, text=True, check=False, timeout=PATIENCE_S)
    if done.stdout.rstrip("\n") != sys.version:
        return ()
    for path in (state, *state.rglob("*")):
        shutil.chown(path, OTHER_ACCOUNT)
    return command


def build_environment(state: Path, postgres_url: str, redis_url: str) -> dict[str, str]:
    """deploy/env.example, read as systemd and compose read it, with this machine's places."""
    lines = (PROJECT / "deploy" / "env.example").read_text(encoding="utf-8").splitlines()
    example = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    (state / "secret_key").write_text("k" * 64 + "\n")
    (state / "database_url").write_text(postgres_url + "\n")
    return {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(state),
        "PYTHONUNBUFFERED": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        **example,
        "SECRET_KEY_FILE": str(state / "secret_key"),
        "DATABASE_URL_FILE": str(state / "database_url"),
        "REDIS_URL": redis_url,
        "POL_SIGNING_KEYS_DIR": str(state / "keys"),
        "MEDIAPIPE_MODEL_PATH": str(state / "models" / "face_landmarker.task"),
        "DEEPFACE_HOME": str(state / "models"),
    }
