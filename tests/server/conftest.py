import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server.cluster import Cluster, run_cluster
from tests.server.processes import Daphne, build_environment, find_postgres, run_daphne
from verification.conf import get_model_paths
from verification.vision.installed import check_models

ROOM = 6


@pytest.fixture(scope="package", autouse=True)
def installed_landmarker() -> None:
    if not check_models(get_model_paths())["face_landmarker"].is_installed:
        pytest.skip("the face landmarker is not installed; run manage.py download_models")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, signing_keys_dir: Path) -> Iterator[Daphne]:
    """A server that has room for a few sessions and lets anyone open many."""
    env = build_environment(
        tmp_path_factory.mktemp("server"),
        signing_keys_dir,
        POL_MAX_SESSIONS=str(ROOM),
        POL_RATE_OPEN_SESSION="10000/min",
        POL_FLOORS="0,0,0",
        POL_PASS_THRESHOLD="0.05",
    )
    with run_daphne(env) as daphne:
        yield daphne
    for secret in ("ticket", "alice@example.org", "eyJ"):
        assert secret not in daphne.log


@pytest.fixture(scope="package")
def cluster(tmp_path_factory: pytest.TempPathFactory, signing_keys_dir: Path) -> Iterator[Cluster]:
    missing = [name for name in ("redis-server", "nginx") if shutil.which(name) is None]
    if missing or find_postgres() is None:
        pytest.skip(f"not installed: {', '.join(missing) or 'PostgreSQL'}")
    with run_cluster(tmp_path_factory.mktemp("cluster"), signing_keys_dir) as cluster:
        yield cluster
