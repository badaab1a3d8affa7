"""Part `sessions`: how many clients at ten frames a second a server holds, and the memory each takes."""

import asyncio
from dataclasses import dataclass
from typing import Any

from rich.console import Console

from bench.capture_client import CaptureClient, Tally
from bench.crowd import MEBIBYTE, gather_crowd
from bench.repertoire import render_repertoire
from bench.server import serve
from tests.server.processes import Daphne

LIMIT_MS = 250.0
_FRAMES_A_SHORT_SESSION = 5
_SLOPE_CLIENTS = 6
_SLOPE_SAMPLE_S = 20.0


@dataclass(frozen=True, slots=True)
class SessionsOptions:
    """steps: clients at once, until the limit is passed. step_s, warm_s: watched, and not watched, at each.

    in_turn: sessions one after another, for memory. slope_s: memory's slope while some are held; 0: not measured.
    """

    steps: tuple[int, ...] = (2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 28, 32)
    step_s: float = 15.0
    warm_s: float = 4.0
    in_turn: int = 60
    slope_s: float = 0.0


def measure_sessions(console: Console, options: SessionsOptions) -> dict[str, Any]:
    console.print("rendering what the simulated subject does")
    render_repertoire()
    with serve(POL_MAX_SESSIONS="200") as server:
        return asyncio.run(_measure(server, console, options))


async def _measure(server: Daphne, console: Console, options: SessionsOptions) -> dict[str, Any]:
    client = CaptureClient(server.url, "alone", render_repertoire(), Tally())
    for number in range(3):  # what is made once, at the first session, is no session's
        await client.hold_session(f"first-{number}", frames=_FRAMES_A_SHORT_SESSION)
    base_mib = server.resident_bytes / MEBIBYTE
    steps = await _step_up(server, console, options)
    held = max((step["clients"] for step in steps if _is_within(step)), default=0)
    largest = steps[-1]
    result: dict[str, Any] = {
        "held": held,
        "limit_ms": LIMIT_MS,
        "steps": steps,
        "base_mib": round(base_mib, 1),
        "mib_a_session": round((largest["server_mib"] - base_mib) / largest["clients"], 2),
        "subject": "the tests' simulated subject, rendered beforehand",
        "in_turn": await _hold_in_turn(server, console, options.in_turn),
    }
    if options.slope_s:
        result["slope"] = await _watch_slope(server, console, options.slope_s)
    return result


async def _step_up(server: Daphne, console: Console, options: SessionsOptions) -> list[dict[str, Any]]:
    steps: list[dict[str, Any]] = []
    async with gather_crowd(server) as crowd:
        for size in options.steps:
            await crowd.grow(size)
            await asyncio.sleep(options.warm_s)
            seen = await crowd.watch(options.step_s)
            del seen["tokens"]
            steps.append(seen)
            latency = seen["latency_ms"] or {"median": float("inf"), "p95": float("inf")}
            console.print(
                f"{size} clients: median {latency['median']:.0f} ms, p95 {latency['p95']:.0f} ms, "
                f"{seen['answered_share']:.0%} answered, {seen['server_cores']:.2f} cores, {seen['server_mib']:.0f} MiB"
            )
            if not _is_within(seen):
                break
    return steps


def _is_within(step: dict[str, Any]) -> bool:
    return step["latency_ms"] is not None and step["latency_ms"]["p95"] <= LIMIT_MS


async def _hold_in_turn(server: Daphne, console: Console, count: int) -> dict[str, Any]:
    """Short sessions one after another; memory after each tenth of them."""
    client = CaptureClient(server.url, "turn", render_repertoire(), Tally())
    samples = [round(server.resident_bytes / MEBIBYTE, 1)]
    for number in range(1, count + 1):
        await client.hold_session(f"turn-{number}", frames=_FRAMES_A_SHORT_SESSION)
        if number % max(1, count // 10) == 0:
            samples.append(round(server.resident_bytes / MEBIBYTE, 1))
            console.print(f"{number} sessions in turn: {samples[-1]:.0f} MiB")
    half = len(samples) // 2
    growth = samples[-1] - samples[half]
    return {"sessions": count, "mib": samples, "growth_mib_second_half": round(growth, 1)}


async def _watch_slope(server: Daphne, console: Console, seconds: float) -> dict[str, Any]:
    samples: list[tuple[float, float]] = []
    async with gather_crowd(server) as crowd:
        await crowd.grow(_SLOPE_CLIENTS)
        elapsed_s = 0.0
        while elapsed_s < seconds:
            seen = await crowd.watch(_SLOPE_SAMPLE_S)
            elapsed_s += _SLOPE_SAMPLE_S
            samples.append((elapsed_s, seen["server_mib"]))
            console.print(f"{elapsed_s:.0f} s: {seen['server_mib']:.0f} MiB")
    return {"clients": _SLOPE_CLIENTS, "samples": samples, "mib_a_minute": round(60 * fit_slope(samples), 3)}


def fit_slope(points: list[tuple[float, float]]) -> float:
    """The slope of the least-squares line through points; 0 for fewer than two."""
    if len(points) < 2:
        return 0.0
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / spread if spread else 0.0
