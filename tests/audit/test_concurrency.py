"""Several writers at once, each with a connection of its own, as replicas have."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol, TypeVar

import pytest
from django.core.management import call_command
from django.db import connection, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import load_backend

from audit.models import AuditEvent, EventKind
from audit.services import record
from audit.verify import verify_chain
from tests.audit.events import START

pytestmark = pytest.mark.django_db(transaction=True)

WRITERS = 4
EVENTS_EACH = 15
Result = TypeVar("Result")


class Runner(Protocol):
    def __call__(self, work: Callable[[], Result]) -> Result: ...


@pytest.fixture
def run_with_own_connection(tmp_path: Path) -> Runner:
    """Run a function in this thread's place of a replica: same settings, an own connection.

    The test run's SQLite database lives in memory and locks by other rules than the file that is
    deployed, so a file takes its place here.
    """

    def run(work: Callable[[], Result]) -> Result:
        if connection.vendor == "sqlite":
            connections["default"] = open_file_database(tmp_path / "audit.sqlite3")
        try:
            return work()
        finally:
            connections["default"].close()

    if connection.vendor == "sqlite":
        in_own_thread(run, lambda: call_command("migrate", "audit", verbosity=0))
    return run


def open_file_database(path: Path) -> BaseDatabaseWrapper:
    settings = {**connections.settings["default"], "NAME": str(path)}
    wrapper: BaseDatabaseWrapper = load_backend(settings["ENGINE"]).DatabaseWrapper(settings, "default")
    return wrapper


def in_own_thread(run: Runner, work: Callable[[], Result]) -> Result:
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(run, work).result()


def test_writers_at_the_same_time_keep_one_chain_without_a_gap(run_with_own_connection: Runner) -> None:
    start = threading.Barrier(WRITERS, timeout=30)

    def write(writer: int) -> None:
        start.wait()
        for index in range(EVENTS_EACH):
            with transaction.atomic():
                record(EventKind.SESSION_OPENED, detail={"writer": writer, "index": index}, now=START)

    with ThreadPoolExecutor(WRITERS) as pool:
        jobs = [pool.submit(run_with_own_connection, lambda w=w: write(w)) for w in range(WRITERS)]
        for job in jobs:
            job.result()

    def read_back() -> tuple[bool, list[int], set[tuple[int, int]]]:
        events = AuditEvent.objects.order_by("sequence")
        written = {(event.detail["writer"], event.detail["index"]) for event in events}
        return verify_chain().is_intact, [event.sequence for event in events], written

    is_intact, sequences, written = in_own_thread(run_with_own_connection, read_back)
    assert is_intact
    assert sequences == list(range(1, WRITERS * EVENTS_EACH + 1))
    assert written == {(writer, index) for writer in range(WRITERS) for index in range(EVENTS_EACH)}
