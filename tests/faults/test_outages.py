"""Things that go away while people are verified: a clear answer, nothing lost, and no restart afterwards."""

import asyncio
import contextlib
import os
import resource
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import requests
from websockets.exceptions import ConnectionClosed

from tests.server.client import Client, open_client
from tests.server.migrated import migrate
from tests.server.postgres import Postgres
from tests.server.processes import PATIENCE_S, Daphne, build_environment, find_private, run_redis
from tests.server.test_backends import hold_session, verify_audit
from tests.verification.pictures import make_jpeg
from verification.conf import get_model_paths
from verification.vision.installed import check_models

# An account of its own that may read and write as root does: only such a one can run out of threads.
AS_OTHER = (
    *("setpriv", "--reuid=64321", "--regid=64321", "--clear-groups"),
    *("--inh-caps=+dac_override", "--ambient-caps=+dac_override"),
)
FAKETIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1")


@pytest.fixture(autouse=True)
def installed_landmarker() -> None:
    if not check_models(get_model_paths())["face_landmarker"].is_installed:
        pytest.skip("the face landmarker is not installed; run manage.py download_models")


@contextmanager
def serve(env: dict[str, str], *, prefix: Sequence[str] = ()) -> Iterator[Daphne]:
    """Migrate and serve; whatever the fault, the log names nobody and no secret."""
    migrate(env)
    server = Daphne(env, prefix=prefix)
    try:
        yield server
        assert server.is_running, server.log
    finally:
        server.stop()
    assert find_private(server.log) == []


def ask_for_session(server: Daphne) -> requests.Response:
    return requests.post(f"{server.url}/auth/verify", json={"user_id": "subject-001"}, timeout=PATIENCE_S)


def assert_told_to_try_again(answer: requests.Response) -> None:
    assert answer.status_code == 503, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "unavailable"
    assert int(answer.headers["Retry-After"]) > 0


async def assert_closed_as_our_error(client: Client) -> None:
    """The challenge cannot be stored, so it must not be sent; and the person is told that it is our fault."""
    await client.send_json({"type": "ready", "camera": {}})
    assert await read_end(client) == ("server_error", 4500)


async def read_end(client: Client) -> tuple[str, int]:
    """The one error that a socket is told, and its close code."""
    messages, code = await client.read_to_close()
    errors = [message for message in messages if message["type"] != "session"]
    assert [message["type"] for message in errors] == ["error"]
    return str(errors[0]["code"]), code


async def knock(opened: Mapping[str, str], origin: str | None = None) -> tuple[str, int]:
    """Try to take a session up; what came of it."""
    async with open_client(opened, origin=origin) as client:
        return await read_end(client)


@contextmanager
def lock_database(file: Path) -> Iterator[None]:
    """A writer that does not come to an end."""
    writer = sqlite3.connect(file, isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        writer.execute("ROLLBACK")
        writer.close()


@contextmanager
def fill_disk(server: Daphne) -> Iterator[None]:
    """The server's files cannot grow beyond one page any more, as on a full disk."""
    before = resource.prlimit(server.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (4_096, before[1]))
    try:
        yield
    finally:
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("fault", ["locked", "disk full"])
async def test_a_database_that_takes_nothing_is_said_and_nothing_is_lost(
    fault: str, tmp_path: Path, signing_keys_dir: Path
) -> None:
    file = tmp_path / "server.sqlite3"
    env = build_environment(tmp_path, signing_keys_dir, DATABASE_URL=f"sqlite:///{file}?timeout=1")
    with serve(env) as server:
        before = await hold_session(server)
        caught, late = server.open_session("subject-001"), server.open_session("subject-001")
        async with open_client(caught) as client:
            with lock_database(file) if fault == "locked" else fill_disk(server):
                assert_told_to_try_again(ask_for_session(server))
                assert requests.get(f"{server.url}/.well-known/jwks.json", timeout=30).status_code == 200
                await assert_closed_as_our_error(client)
                # A refusal that cannot be recorded is a refusal, where SQLite can be read: without a disk it
                # can only while somebody else has it open. A ticket that cannot be used up stays good.
                refusal = await knock(late, origin="https://evil.example")
                assert refusal == ("origin_not_allowed", 4403) or (fault, refusal[1]) == ("disk full", 4500)
                assert await knock(late) == ("server_error", 4500)
        after = await hold_session(server)
        async with open_client(late) as client:
            await client.begin()
        assert "Traceback" not in server.log, server.log
        assert server.read_session(before)["reason"] == server.read_session(after)["reason"] == "cancelled"
        assert server.read_session(caught)["decision"] != "pass"
    report = verify_audit(env)
    assert report["is_intact"], report


async def test_a_postgresql_that_goes_away_is_said_at_once_and_found_when_it_is_back(
    tmp_path: Path, signing_keys_dir: Path, own_postgres: Postgres
) -> None:
    env = build_environment(tmp_path, signing_keys_dir, DATABASE_URL=own_postgres.url)
    with serve(env) as server:
        before = await hold_session(server)
        caught, late = server.open_session("subject-001"), server.open_session("subject-001")
        async with open_client(caught) as client:
            own_postgres.stop()
            assert_told_to_try_again(ask_for_session(server))
            assert read_health(server) == ("unavailable", 503)
            await assert_closed_as_our_error(client)
            assert await knock(late) == ("server_error", 4500)
        own_postgres.start()
        async with open_client(late) as client:
            await client.begin()
        after = await hold_session(server)
        assert server.read_session(before)["reason"] == server.read_session(after)["reason"] == "cancelled"
        assert server.read_session(caught)["decision"] != "pass"
        assert verify_audit(env)["is_intact"]
        assert "Traceback" not in server.log, server.log


async def test_a_redis_that_goes_away_and_comes_back_costs_no_session_and_lifts_no_limit(
    tmp_path: Path, signing_keys_dir: Path
) -> None:
    if shutil.which("redis-server") is None:
        pytest.skip("redis-server is not installed")
    with ExitStack() as stack:
        redis = ExitStack()
        url = redis.enter_context(run_redis(tmp_path))
        stack.callback(redis.close)
        env = build_environment(tmp_path, signing_keys_dir, REDIS_URL=url, POL_RATE_VALIDATE_TOKEN="3/hour")
        server = stack.enter_context(serve(env))
        assert read_health(server) == ("ok", 200)
        async with open_client(server.open_session("subject-001")) as client:
            await client.begin()
            redis.close()
            await exchange_frame(client)
            assert read_health(server) == ("unavailable", 503)
            await hold_session(server)
            assert [validate(server) for _ in range(5)] == [200, 200, 200, 429, 429]
            redis.enter_context(run_redis(tmp_path))
            await exchange_frame(client)
            await client.send_json({"type": "cancel"})
            messages, code = await client.read_to_close()
        assert (messages[-1]["reason"], code) == ("cancelled", 1000)
        await hold_session(server)
        assert read_health(server) == ("ok", 200)
        await_shared_counters(server)
        assert [validate(server) for _ in range(4)] == [200, 200, 429, 429]


def await_shared_counters(server: Daphne) -> None:
    """Redis is asked again a few seconds after it failed; until then the process counts on alone."""
    ends_s = time.monotonic() + PATIENCE_S
    while validate(server) == 429:
        assert time.monotonic() < ends_s
        time.sleep(0.2)


async def exchange_frame(client: Client) -> None:
    seq = await client.send_frame(make_jpeg(client.seq))
    assert (await client.receive())["seq"] == seq


def read_health(server: Daphne) -> tuple[str, int]:
    answer = requests.get(f"{server.url}/health", timeout=PATIENCE_S)
    return str(answer.json()["status"]), answer.status_code


def validate(server: Daphne) -> int:
    return requests.post(f"{server.url}/token/validate", json={"token": "x"}, timeout=PATIENCE_S).status_code


def exchange_file(file: Path, content: bytes) -> None:
    """As one should: the new one is renamed into the old one's place."""
    new = file.with_suffix(".new")
    new.write_bytes(content)
    new.rename(file)


@pytest.mark.parametrize("engine", ["litert", "mediapipe"])
@pytest.mark.parametrize("write", [exchange_file, Path.write_bytes], ids=["renamed", "in place"])
async def test_a_model_file_that_is_damaged_at_run_time_ends_no_server(
    write: Callable[[Path, bytes], object], engine: str, tmp_path: Path, signing_keys_dir: Path
) -> None:
    """Either the model is in memory and people go on being verified, or it is said and mended by the file alone."""
    original = get_model_paths().landmarker
    file = tmp_path / "models" / original.name
    shutil.copytree(original.parent, file.parent)
    places = {"MEDIAPIPE_MODEL_PATH": str(file), "POL_LANDMARK_ENGINE": engine}
    env = build_environment(tmp_path, signing_keys_dir, **places)
    with serve(env) as server:
        async with open_client(server.open_session("subject-001")) as client:
            await client.begin()
            await exchange_frame(client)
            for damaged in (original.read_bytes()[:-100_000] + bytes(100_000), bytes(1_000)):
                write(file, damaged)
                await exchange_frame(client)
                await hold_session_or_be_told(server)
            write(file, original.read_bytes())
            await exchange_frame(client)
        await hold_session(server)


async def hold_session_or_be_told(server: Daphne) -> None:
    async with open_client(server.open_session("subject-001")) as client:
        await client.begin()
        await client.send_frame(make_jpeg())
        answer = await client.receive()
        if answer["type"] == "feedback":
            await client.send_json({"type": "cancel"})
            assert (await client.read_until("result"))["reason"] == "cancelled"
        else:
            assert answer["code"] == "server_error"


@pytest.mark.parametrize("step", ["+2d", "-2d"])
async def test_a_clock_that_is_stepped_accuses_nobody_and_the_next_session_is_held(
    step: str, tmp_path: Path, signing_keys_dir: Path
) -> None:
    """By a clock that was put forward its time is over, and its process not heard of for long; it may end so."""
    if not FAKETIME.is_file():
        pytest.skip("libfaketime is not installed (Debian: faketime)")
    clock = tmp_path / "clock"
    clock.write_text("+0")
    env = build_environment(
        tmp_path,
        signing_keys_dir,
        LD_PRELOAD=str(FAKETIME),
        FAKETIME_TIMESTAMP_FILE=str(clock),
        FAKETIME_NO_CACHE="1",
        FAKETIME_DONT_FAKE_MONOTONIC="1",
    )
    with serve(env) as server:
        opened = server.open_session("subject-001")
        async with open_client(opened) as client:
            await client.begin()
            await exchange_frame(client)
            clock.write_text(step)
            with contextlib.suppress(ConnectionClosed):
                await client.send_json({"type": "cancel"})
            await client.read_to_close()
        expected = {"cancelled"} if step == "-2d" else {"cancelled", "session_timeout", "disconnected"}
        session = server.read_session(opened)
        assert session["decision"] == "inconclusive", (session, server.log)
        assert session["reason"] in expected, (session, server.log)
        await hold_session(server)
        clock.write_text("+0")
        await hold_session(server)
    assert verify_audit(env)["is_intact"]


@contextmanager
def leave_no_thread(server: Daphne) -> Iterator[None]:
    """The server has as many threads as it may have; its own account says so, as no other may."""

    def limit(threads: str) -> None:
        command = [*AS_OTHER, "prlimit", "--pid", str(server.pid), f"--nproc={threads}:"]
        subprocess.run(command, check=True, timeout=PATIENCE_S)

    before = resource.getrlimit(resource.RLIMIT_NPROC)[0]  # which it inherited
    limit(str(server.thread_count))
    try:
        yield
    finally:
        limit("unlimited" if before == resource.RLIM_INFINITY else str(before))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can run a server under another account")
async def test_a_server_that_gets_no_thread_any_more_serves_again_when_it_does(
    tmp_path: Path, signing_keys_dir: Path
) -> None:
    env = build_environment(tmp_path, signing_keys_dir)
    with serve(env, prefix=AS_OTHER) as server:
        before = await hold_session(server)
        with leave_no_thread(server):
            statuses = await asyncio.gather(*(asyncio.to_thread(ask_for_session, server) for _ in range(8)))
            for answer in statuses:
                if answer.status_code != 201:
                    assert_told_to_try_again(answer)
        await hold_session(server)
        assert server.read_session(before)["reason"] == "cancelled"
    assert verify_audit(env)["is_intact"]
