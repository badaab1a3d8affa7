"""Part `overload`: twice the clients that a server with its own limits lets in, and what becomes of each."""

import asyncio
from dataclasses import dataclass
from typing import Any

from rich.console import Console

from bench.crowd import gather_crowd
from bench.repertoire import render_repertoire
from bench.server import serve
from tests.server.processes import Daphne
from verification.admission import admission

# What may end a session while the server is busy: the person's doing, or the server's own admission of it.
_FAULTS_OF_THE_SERVER = ("inconclusive: disconnected", "inconclusive: session_timeout")


@dataclass(frozen=True, slots=True)
class OverloadOptions:
    """seconds: watched. clients: 0 takes twice the places of a process with default settings."""

    seconds: float = 45.0
    clients: int = 0


def measure_overload(console: Console, options: OverloadOptions) -> dict[str, Any]:
    places = admission.limit
    clients = options.clients or 2 * places
    render_repertoire()
    console.print(f"{clients} clients before {places} places")
    with serve(POL_MAX_ANSWER_MS="250") as server:  # the default, which the tests' servers do without
        seen = asyncio.run(_measure(server, clients, options.seconds))
    console.print(
        f"refused {seen['refused']}, answered {seen['answered_share']:.0%}, endings {seen['endings']}"
    )
    return {"places": places, **seen}


async def _measure(server: Daphne, clients: int, seconds: float) -> dict[str, Any]:
    async with gather_crowd(server) as crowd:
        await crowd.grow(clients)
        await asyncio.sleep(2)
        seen = await crowd.watch(seconds)
    del seen["tokens"]
    seen["refused"] = seen["closes"].get("4503", 0)
    seen["failed_by_the_server"] = sum(seen["endings"].get(name, 0) for name in _FAULTS_OF_THE_SERVER)
    return seen
