"""Many capture clients at once before one server, and what it took of the machine meanwhile."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from bench.capture_client import CaptureClient, Tally
from bench.measure import summarise
from bench.repertoire import render_repertoire
from bench.server import read_cpu_s
from tests.server.processes import Daphne

MEBIBYTE = 2**20


class Crowd:
    """A number of clients, each holding session after session."""

    def __init__(self, server: Daphne) -> None:
        self._server = server
        self._tasks: list[asyncio.Task[None]] = []
        self._clients: list[CaptureClient] = []
        self._tally = Tally()

    def __len__(self) -> int:
        return len(self._tasks)

    async def grow(self, size: int) -> None:
        """Let clients come until there are that many, spread over a second so that they don't march in step."""
        for _ in range(size - len(self._tasks)):
            client = CaptureClient(
                self._server.url, f"crowd{len(self._tasks)}", render_repertoire(), self._tally
            )
            self._clients.append(client)
            self._tasks.append(asyncio.create_task(client.run()))
            await asyncio.sleep(0.13)

    async def watch(self, seconds: float) -> dict[str, Any]:
        """What the clients see for a while, and what the server spends. Raises what a client died of."""
        tally = Tally()
        for client in self._clients:
            client.tally = tally
        began_s, cpu_s = time.perf_counter(), read_cpu_s(self._server.pid)
        own_cpu_s = time.process_time()
        await asyncio.sleep(seconds)
        took_s = time.perf_counter() - began_s
        for task in self._tasks:
            if task.done():
                task.result()
        return {
            "clients": len(self._tasks),
            "latency_ms": summarise(tally.answers_ms) if tally.answers_ms else None,
            "frames_sent": tally.sent,
            "frames_answered": len(tally.answers_ms),
            "answered_share": round(len(tally.answers_ms) / max(1, tally.sent), 3),
            "frames_a_second": round(len(tally.answers_ms) / took_s, 1),
            "server_cores": round((read_cpu_s(self._server.pid) - cpu_s) / took_s, 2),
            "client_cores": round((time.process_time() - own_cpu_s) / took_s, 2),
            "server_mib": round(self._server.resident_bytes / MEBIBYTE, 1),
            "endings": dict(tally.endings),
            "closes": {str(code): count for code, count in tally.closes.items()},
            "tokens": tally.tokens,
        }

    async def leave(self) -> None:
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with suppress(asyncio.CancelledError, OSError):
                await task


@asynccontextmanager
async def gather_crowd(server: Daphne) -> AsyncIterator[Crowd]:
    crowd = Crowd(server)
    try:
        yield crowd
    finally:
        await crowd.leave()
