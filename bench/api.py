"""Part `api`: `POST /token/validate` and `POST /auth/verify` a second, on SQLite and PostgreSQL."""

import asyncio
import time
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

from rich.console import Console

from bench.capture_client import CaptureClient, Tally
from bench.http_client import HttpConnection
from bench.measure import percentile, summarise
from bench.repertoire import render_repertoire
from bench.server import read_cpu_s, serve
from tests.server.postgres import find_postgres, run_postgres
from tests.server.processes import Daphne

_TRIES_FOR_A_TOKEN = 5


@dataclass(frozen=True, slots=True)
class ApiOptions:
    """connections: kept open, each asking again as soon as it is answered. seconds: for each of the two calls."""

    connections: int = 8
    seconds: float = 10.0


def measure_api(console: Console, options: ApiOptions) -> dict[str, Any]:
    result: dict[str, Any] = {"connections": options.connections}
    programs = find_postgres()
    for name, database in (
        ("sqlite", nullcontext()),
        ("postgresql", run_postgres(programs) if programs else None),
    ):
        if database is None:
            console.print("PostgreSQL is not installed: left out")
            continue
        with database as postgres, serve(**({"DATABASE_URL": postgres.url} if postgres else {})) as server:
            result[name] = asyncio.run(_measure(server, options))
        for call, seen in result[name].items():
            console.print(f"{name} {call}: {seen['a_second']:.0f} a second, p99 {seen['p99_ms']:.0f} ms")
    return result


async def _measure(server: Daphne, options: ApiOptions) -> dict[str, Any]:
    token = await _get_token(server)
    return {
        "validate": await _flood(server, "/token/validate", lambda _: {"token": token}, options),
        "verify": await _flood(
            server, "/auth/verify", lambda number: {"user_id": f"flood-{number}"}, options
        ),
    }


async def _get_token(server: Daphne) -> str:
    """A token of a real session, as every other that is validated."""
    tally = Tally()
    client = CaptureClient(server.url, "token", render_repertoire(), tally)
    for number in range(_TRIES_FOR_A_TOKEN):
        await client.hold_session(f"token-{number}")
        if tally.tokens:
            return tally.tokens[0]
    raise RuntimeError(f"no session passed: {dict(tally.endings)}")


async def _flood(server: Daphne, path: str, build: Any, options: ApiOptions) -> dict[str, Any]:
    times_ms: list[float] = []
    numbers = iter(range(10**9))
    began_s, cpu_s = time.perf_counter(), read_cpu_s(server.pid)
    ends_s = began_s + options.seconds

    async def ask() -> None:
        async with HttpConnection(server.url) as http:
            while (sent_s := time.perf_counter()) < ends_s:
                await http.send(http.build_post(path, build(next(numbers))))
                times_ms.append((time.perf_counter() - sent_s) * 1_000)

    await asyncio.gather(*(ask() for _ in range(options.connections)))
    took_s = time.perf_counter() - began_s
    return {
        "a_second": round(len(times_ms) / took_s, 1),
        "p99_ms": round(percentile(times_ms, 0.99), 2),
        "latency_ms": summarise(times_ms),
        "server_cores": round((read_cpu_s(server.pid) - cpu_s) / took_s, 2),
    }
