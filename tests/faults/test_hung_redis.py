"""A Redis that takes connections and answers nothing: worse than one that is gone, which is known at once."""

import os
import shutil
import signal
import time
from contextlib import ExitStack
from pathlib import Path

import pytest
import redis

from tests.faults.test_outages import ask_for_session, read_health, serve, validate
from tests.server.processes import build_environment, run_redis

CALLS = 5
MOST_S = 60  # each call may wait for the cache's timeout, which is two seconds, a few times


def test_a_redis_that_hangs_costs_seconds_and_lifts_no_limit(tmp_path: Path, signing_keys_dir: Path) -> None:
    if shutil.which("redis-server") is None:
        pytest.skip("redis-server is not installed")
    with ExitStack() as stack:
        url = stack.enter_context(run_redis(tmp_path))
        with redis.Redis.from_url(url) as client:
            pid = int(client.info("server")["process_id"])
        env = build_environment(tmp_path, signing_keys_dir, REDIS_URL=url, POL_RATE_VALIDATE_TOKEN="3/day")
        server = stack.enter_context(serve(env))
        assert read_health(server) == ("ok", 200)
        stack.callback(os.kill, pid, signal.SIGCONT)
        os.kill(pid, signal.SIGSTOP)
        began_s = time.monotonic()
        assert [validate(server) for _ in range(CALLS)] == [200, 200, 200, 429, 429]
        assert ask_for_session(server).status_code == 201
        assert time.monotonic() - began_s < MOST_S
        assert read_health(server) == ("unavailable", 503)
        os.kill(pid, signal.SIGCONT)
        assert read_health(server) == ("ok", 200)
