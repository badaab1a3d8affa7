"""Part `startup`: from the start of the process to the first `/health` that says ok, and memory at rest."""

import http.client
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console

from bench.server import build_bench_environment, prepare
from tests.server.processes import PROJECT, find_free_port

_PATIENCE_S = 60.0
_LOOK_EVERY_S = 0.02
_REST_S = 2.0


def measure_startup(console: Console, *, runs: int) -> dict[str, Any]:
    """Seconds, by run, and their median; the first run is not counted, as it fills the file cache."""
    with tempfile.TemporaryDirectory(prefix="polbench") as folder:
        env = build_bench_environment(Path(folder))
        prepare(env)
        seen = [_start_once(env) for _ in range(runs + 1)][1:]
    for seconds, mib in seen:
        console.print(f"healthy after {seconds:.2f} s, {mib:.0f} MiB at rest")
    return {
        "seconds_to_healthy": round(median(seconds for seconds, _ in seen), 3),
        "runs_s": [round(seconds, 3) for seconds, _ in seen],
        "rest_mib": round(median(mib for _, mib in seen), 1),
    }


def _start_once(env: dict[str, str]) -> tuple[float, float]:
    port = find_free_port()
    command = [
        sys.executable,
        "manage.py",
        "serve",
        "--skip-checks",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
    ]
    began_s = time.perf_counter()
    child = subprocess.Popen(
        command, cwd=PROJECT, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        while not _is_healthy(port):
            if child.poll() is not None or time.perf_counter() - began_s > _PATIENCE_S:
                raise RuntimeError("the server did not get healthy")
            time.sleep(_LOOK_EVERY_S)
        seconds = time.perf_counter() - began_s
        time.sleep(_REST_S)
        status = Path(f"/proc/{child.pid}/status").read_text(encoding="ascii")
        resident = next(line for line in status.splitlines() if line.startswith("VmRSS"))
        return seconds, int(resident.split()[1]) / 1024
    finally:
        child.terminate()
        child.wait(_PATIENCE_S)


def _is_healthy(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_PATIENCE_S)
    try:
        connection.request("GET", "/health")
        answer = connection.getresponse()
        return answer.status == 200 and json.loads(answer.read())["status"] == "ok"
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
