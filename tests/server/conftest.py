import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.server.cluster import Cluster, run_cluster
from tests.server.postgres import Postgres
from tests.server.processes import Daphne, build_environment, build_production_environment, run_daphne
from verification.conf import get_model_paths
from verification.vision.installed import check_models

ROOM = 6
UNHURRIED = {"POL_CHALLENGE_TIMEOUT_SECONDS": "60", "SESSION_TIMEOUT_SECONDS": "600"}
"""For a machine with other things to do; on a quiet one, whoever does what is asked is through in seconds."""


@pytest.fixture(scope="package", autouse=True)
def installed_landmarker() -> None:
    if not check_models(get_model_paths())["face_landmarker"].is_installed:
        pytest.skip("the face landmarker is not installed; run manage.py download_models")


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory, signing_keys_dir: Path) -> Iterator[Daphne]:
    """A server that has room for a few sessions, lets anyone open many, and the simulated subject pass."""
    env = build_environment(
        tmp_path_factory.mktemp("server"),
        signing_keys_dir,
        POL_MAX_SESSIONS=str(ROOM),
        POL_RATE_OPEN_SESSION="10000/min",
        POL_FLOORS="0,0,0",
        POL_PASS_THRESHOLD="0.01",
        POL_CHALLENGE_COUNT="3",
        **UNHURRIED,
    )
    with run_daphne(env) as daphne:
        yield daphne
    for secret in ("ticket", "alice@example.org", "eyJ"):
        assert secret not in daphne.log


@dataclass(frozen=True)
class Production:
    """env: what commands beside the server start with."""

    server: Daphne
    env: Mapping[str, str]


@pytest.fixture(scope="package")
def production(tmp_path_factory: pytest.TempPathFactory, signing_keys_dir: Path) -> Iterator[Production]:
    """The server with DEBUG off, behind a proxy, as it is deployed."""
    env = build_production_environment(
        tmp_path_factory.mktemp("production"),
        signing_keys_dir,
        POL_BEHIND_PROXY="1",
        POL_RATE_PUBLIC="10000/min",
    )
    with run_daphne(env) as daphne:
        yield Production(daphne, env)


@pytest.fixture(scope="package")
def cluster(
    tmp_path_factory: pytest.TempPathFactory, signing_keys_dir: Path, postgres: Postgres
) -> Iterator[Cluster]:
    missing = [name for name in ("redis-server", "nginx") if shutil.which(name) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")
    folder = tmp_path_factory.mktemp("cluster")
    with run_cluster(folder, signing_keys_dir, postgres.make_migrated()) as cluster:
        yield cluster
