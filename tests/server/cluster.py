"""Two replicas as they are deployed: one PostgreSQL, one Redis, nginx in front."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from tests.server.processes import (
    PROJECT,
    Daphne,
    build_environment,
    run_daphne,
    run_nginx,
    run_redis,
)

STAFF_PASSWORD = "correct horse battery staple"
LEASE_S = 3


@dataclass(frozen=True)
class Cluster:
    """url: the load balancer's. env: what a further replica would start with."""

    url: str
    replicas: tuple[Daphne, Daphne]
    env: Mapping[str, str]

    def query(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """What the database says itself."""
        with psycopg.connect(self.env["DATABASE_URL"]) as connection:
            return connection.execute(sql, parameters).fetchall()

    def count_conclusions(self, opened: Mapping[str, str]) -> int:
        sql = "SELECT count(*) FROM audit_auditevent WHERE session_id = %s AND kind = 'session_concluded'"
        return int(self.query(sql, opened["session_id"])[0][0])

    def count_live_nonces(self, opened: Mapping[str, str]) -> int:
        sql = """SELECT count(*) FROM verification_nonce n JOIN verification_challenge c ON n.challenge_id = c.id
                 WHERE c.session_id = %s AND n.consumed_at IS NULL"""
        return int(self.query(sql, opened["session_id"])[0][0])

    @contextmanager
    def one_more(self, **changes: str) -> Iterator[Daphne]:
        """A replica that a test may treat badly; the load balancer does not know it."""
        server = Daphne({**self.env, **changes})
        try:
            yield server
        finally:
            server.stop()


@contextmanager
def run_cluster(folder: Path, signing_keys_dir: Path, database_url: str) -> Iterator[Cluster]:
    """database_url: of a migrated database in PostgreSQL."""
    with ExitStack() as stack:
        env = build_environment(
            folder,
            signing_keys_dir,
            DATABASE_URL=database_url,
            REDIS_URL=stack.enter_context(run_redis(folder)),
            DJANGO_SUPERUSER_PASSWORD=STAFF_PASSWORD,
            POL_REPLICA_LEASE_SECONDS=str(LEASE_S),
        )
        near = stack.enter_context(run_daphne(env, is_migrated=True))
        far = stack.enter_context(run_daphne(env, is_migrated=True))
        command = ["createsuperuser", "--noinput", "--username", "root", "--email", "root@example.org"]
        subprocess.run(
            [sys.executable, "manage.py", *command, "--skip-checks"], cwd=PROJECT, env=env, check=True
        )
        url = stack.enter_context(run_nginx(folder, [near.url, far.url]))
        yield Cluster(url, (near, far), env)
