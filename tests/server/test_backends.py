"""The same server on Redis and on PostgreSQL, each a real one of its own."""

import asyncio
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from channels_redis.core import RedisChannelLayer
from redis import Redis

from tests.server import migrated
from tests.server.client import open_client
from tests.server.cluster import Cluster
from tests.server.postgres import Postgres
from tests.server.processes import (
    PATIENCE_S,
    PROJECT,
    Daphne,
    Process,
    build_environment,
    run_daphne,
    run_redis,
)
from tests.server.test_socket import race_for
from tests.verification.pictures import make_jpeg

OPEN_TWELVE_THAT_RAN_OUT = """
from django.utils import timezone
from verification import models, services
for _ in range(12):
    services.open_session(user_id="bob")
models.VerificationSession.objects.update(expires_at=timezone.now())
"""


@pytest.fixture(scope="module")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if shutil.which("redis-server") is None:
        pytest.skip("redis-server is not installed")
    with run_redis(tmp_path_factory.mktemp("redis")) as url:
        yield url


@pytest.fixture(scope="module")
def redis_server(
    redis_url: str, tmp_path_factory: pytest.TempPathFactory, signing_keys_dir: Path
) -> Iterator[Daphne]:
    folder = tmp_path_factory.mktemp("on_redis")
    env = build_environment(folder, signing_keys_dir, REDIS_URL=redis_url, POL_RATE_VALIDATE_TOKEN="5/min")
    with run_daphne(env) as daphne:
        yield daphne


async def hold_session(server: Daphne) -> dict[str, str]:
    """Up to analysed frames and a verdict."""
    opened = server.open_session()
    async with open_client(opened) as client:
        await client.begin()
        for seed in range(3):
            seq = await client.send_frame(make_jpeg(seed))
            assert (await client.receive())["seq"] == seq
        await client.send_json({"type": "cancel"})
        messages, code = await client.read_to_close()
    assert (messages[-1]["reason"], code) == ("cancelled", 1000)
    assert server.read_session(opened)["decision"] == "inconclusive"
    return opened


async def test_a_session_is_held_with_redis_behind_it(redis_server: Daphne) -> None:
    await hold_session(redis_server)
    health = requests.get(f"{redis_server.url}/health", timeout=30).json()
    assert health["checks"]["channel_layer"] == "ok"


def test_requests_are_counted_in_redis_where_every_replica_sees_them(
    redis_server: Daphne, redis_url: str
) -> None:
    address = f"{redis_server.url}/token/validate"
    answers = [requests.post(address, json={"token": "x"}, timeout=30) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert int(answers[-1].headers["Retry-After"]) >= 1
    with Redis.from_url(redis_url) as redis:
        assert [key for key in redis.scan_iter() if b"validate_token" in key]


def test_requests_and_the_news_that_they_send_share_their_connections(
    redis_server: Daphne, redis_url: str
) -> None:
    with Redis.from_url(redis_url) as redis:
        redis_server.open_session()
        before = redis.info("stats")["total_connections_received"]
        for _ in range(20):
            redis_server.open_session()
        assert redis.info("stats")["total_connections_received"] - before <= 2


def test_a_command_that_concludes_many_sessions_tells_of_them_over_one_connection(
    redis_url: str, tmp_path: Path, signing_keys_dir: Path
) -> None:
    env = build_environment(tmp_path, signing_keys_dir, REDIS_URL=redis_url)
    migrated.migrate(env)
    command = [sys.executable, "manage.py", "shell", "-c", OPEN_TWELVE_THAT_RAN_OUT]
    subprocess.run(command, cwd=PROJECT, env=env, check=True)
    with Redis.from_url(redis_url) as redis:
        before = redis.info("stats")["total_connections_received"]
        command = [sys.executable, "manage.py", "conclude_expired"]
        said = subprocess.run(command, cwd=PROJECT, env=env, check=True, stdout=subprocess.PIPE, text=True)
        assert "12 sessions concluded" in said.stdout
        assert redis.info("stats")["total_connections_received"] - before <= 2


async def test_a_socket_goes_on_where_nothing_comes_for_longer_than_redis_blocks(
    redis_server: Daphne,
) -> None:
    async with open_client(redis_server.open_session()) as client:
        await client.begin()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(RedisChannelLayer.brpop_timeout + 1):
                await client.receive()
        await client.send_json({"type": "cancel"})
        messages, code = await client.read_to_close()
    assert (messages[-1]["reason"], code) == ("cancelled", 1000)


async def test_a_session_is_held_with_postgresql_behind_it(cluster: Cluster) -> None:
    server, _ = cluster.replicas
    await hold_session(server)
    health = requests.get(f"{server.url}/health", timeout=30).json()
    assert health["checks"]["database"] == "ok"


async def test_on_postgresql_too_one_of_two_sockets_gets_the_ticket(cluster: Cluster) -> None:
    for _ in range(5):
        opened = cluster.replicas[0].open_session()
        assert sorted(await race_for(opened)) == ["already_connected", "session"]


def test_every_promise_of_the_services_holds_on_postgresql(
    postgres: Postgres, tmp_path: Path, signing_keys_dir: Path
) -> None:
    """Its locks differ from SQLite's: writers that race for one nonce run side by side there."""
    postgres.make_migrated("test_promises")  # named as pytest-django names it, and taken as it is
    url = postgres.make_database("promises")
    env = build_environment(tmp_path, signing_keys_dir, DATABASE_URL=url)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--no-cov", "--reuse-db"]
    ended = subprocess.run(
        [*command, "tests/verification/services", "tests/audit/test_guards.py"],
        cwd=PROJECT,
        env=env,
        capture_output=True,
        text=True,
        timeout=2 * PATIENCE_S,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_processes_that_write_and_purge_at_once_keep_one_chain_on_postgresql(
    postgres: Postgres, tmp_path: Path, signing_keys_dir: Path
) -> None:
    env = build_environment(tmp_path, signing_keys_dir, DATABASE_URL=postgres.make_migrated())
    writers = [Process([sys.executable, "-m", "tests.audit.writer", "40"], env) for _ in range(3)]
    for writer in writers:
        writer.wait_for_line("wrote 40")
        writer.stop()
    report = verify_audit(env)
    assert report["is_intact"], report
    assert report["is_guarded"]
    assert report["head_sequence"] >= 3 * 40


def verify_audit(env: dict[str, str]) -> dict[str, Any]:
    command = [sys.executable, "manage.py", "verify_audit", "--json", "--skip-checks"]
    done = subprocess.run(
        command, cwd=PROJECT, env=env, capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    report: dict[str, Any] = json.loads(done.stdout)
    return report
