"""What every test starts from: a database file, a signing key of its own, empty caches, fixed settings."""

import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.cache import cache, caches
from django.core.management.commands import flush
from django.db import connection
from django.utils import translation
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from pytest_django import Settings

from audit.guards import build_removal, build_statements
from audit.signing import create_audit_key
from tests.groups import GroupScheduling, rank
from tests.server.migrated import make_template
from tests.server.postgres import Postgres, find_postgres, run_postgres
from tests.subject.camera_file import jpeg
from tests.subject.pose import FRONTAL, NEUTRAL
from tests.subject.subject import SimulatedSubject
from tests.verification.clips.performed import PERFORMED_ACTIONS, PerformedClip, perform
from verification.key_ring import create_key
from verification.vision.landmarks import FaceLandmarkerMissing

hypothesis_settings.register_profile(
    "suite",
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
hypothesis_settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "suite"))

NEUTRAL_FRAMES = 12
WRITTEN_BY_MIGRATIONS = {"auth_group", "auth_group_permissions", "auth_permission", "django_content_type"}


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> GroupScheduling:
    config.option.loadscopereorder = False  # the order is the one below
    return GroupScheduling(config, log)


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    """Order what pytest-randomly has shuffled."""
    yield
    items.sort(key=lambda item: rank(item.path))


@pytest.fixture(scope="session")
def django_db_modify_db_settings(tmp_path_factory: pytest.TempPathFactory) -> None:
    """SQLite in a file, as deployed: one in memory locks by other rules when threads share it."""
    database = django_settings.DATABASES["default"]
    if database["ENGINE"] == "django.db.backends.sqlite3":
        file = tmp_path_factory.mktemp("db") / "test.sqlite3"
        database.setdefault("TEST", {})["NAME"] = str(file)
        shutil.copy(make_template(), file)


@pytest.fixture(scope="session")
def django_db_keepdb(request: pytest.FixtureRequest) -> bool:
    """Whether pytest-django finds a migrated database: the copy above, or where it was told so."""
    is_copy = django_settings.DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3"
    return is_copy or bool(request.config.getoption("reuse_db"))


@pytest.fixture(scope="session")
def signing_keys_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one signing key, and one audit key in a folder of its own there."""
    folder = tmp_path_factory.mktemp("signing") / "keys"
    create_key(folder)
    create_audit_key(folder / "audit")
    return folder


@pytest.fixture(scope="session", autouse=True)
def emptying_leaves_what_migrations_wrote(monkeypatch_session: pytest.MonkeyPatch) -> None:
    """Tests that commit empty the database afterwards, which the audit log's triggers refuse everybody.

    The roles of staff are rows, too, and the tests that come later need them. With them stay content types and
    permissions, so that Django need not make these anew each time.
    """
    build_flush, vendor = connection.ops.sql_flush, connection.vendor

    def build_unguarded_flush(style: Any, tables: Iterable[str], **kwargs: Any) -> list[str]:
        emptied = [table for table in tables if table not in WRITTEN_BY_MIGRATIONS]
        return [*build_removal(vendor), *build_flush(style, emptied, **kwargs), *build_statements(vendor)]

    monkeypatch_session.setattr(connection.ops, "sql_flush", build_unguarded_flush)
    monkeypatch_session.setattr(flush, "emit_post_migrate_signal", lambda *args, **kwargs: None)


@pytest.fixture(scope="session")
def monkeypatch_session() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        yield monkeypatch


@pytest.fixture(autouse=True)
def known_settings(settings: Settings, signing_keys_dir: Path) -> Iterator[None]:
    """The documented defaults, whatever the environment of the test run says."""
    from verification.limits import shared_counters  # models need the app registry

    settings.POL_SIGNING_KEY = ""
    settings.POL_SIGNING_KEYS_DIR = signing_keys_dir
    settings.POL_AUDIT_KEYS_DIR = signing_keys_dir / "audit"
    settings.POL_REQUIRE_API_KEY = True
    settings.POL_EXPOSE_SCORES = True
    settings.POL_PUBLIC_URL = ""
    settings.POL_ALLOWED_ORIGINS = []
    settings.POL_CHALLENGES = []
    settings.POL_CHALLENGE_COUNT = "3-5"
    settings.POL_CHALLENGE_TIMEOUT_SECONDS = 15
    settings.POL_MAX_CONSECUTIVE_FAILURES = 3
    settings.POL_PASS_THRESHOLD = 0.70
    settings.POL_WEIGHTS = "0.50,0.25,0.25"
    settings.POL_FLOORS = ""
    settings.POL_MAX_SESSIONS = 0
    settings.POL_MAX_ANSWER_MS = 0
    settings.POL_MAX_FRAME_BYTES = 262_144
    settings.POL_MAX_FPS = 30
    settings.SESSION_TIMEOUT_SECONDS = 120
    settings.POL_START_SECONDS = 1_800
    settings.SECURE_SSL_REDIRECT = False
    cache.clear()
    caches["local"].clear()
    shared_counters.forget()
    translation.deactivate()  # a request's language stays with its thread
    yield
    cache.clear()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL of our own, in which each test or server has a database of its own."""
    programs = find_postgres()
    if programs is None:
        pytest.skip("PostgreSQL is not installed")
    with run_postgres(programs) as running:
        yield running


@pytest.fixture(scope="session")
def clips_dir() -> Path:
    """The folder of real clips that POL_CLIPS names."""
    folder = os.environ.get("POL_CLIPS")
    if not folder:
        pytest.skip("POL_CLIPS does not name a folder of clips")
    return Path(folder)


@pytest.fixture(scope="session")
def simulated_subject() -> SimulatedSubject:
    try:
        return SimulatedSubject()
    except (FaceLandmarkerMissing, RuntimeError) as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def neutral_faces(simulated_subject: SimulatedSubject) -> list[bytes]:
    """JPEGs of the simulated capture subject looking straight, each with its own sensor noise."""
    return [
        jpeg(simulated_subject.render(FRONTAL, NEUTRAL, noise_seed=seed)) for seed in range(NEUTRAL_FRAMES)
    ]


@pytest.fixture(scope="session")
def performed_clip(simulated_subject: SimulatedSubject) -> PerformedClip:
    """The simulated capture subject performing all that a short session can ask for."""
    return perform(simulated_subject, PERFORMED_ACTIONS)
