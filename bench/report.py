"""RESULTS.md and its plot, made of the JSON files that the parts wrote; nothing in it is written by hand."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.plot import draw_latency

Result = Mapping[str, Any]
PLOT = "latency.svg"
_STEPS = {
    "decode": "decode the JPEG",
    "landmarks": "landmarks, blendshapes, pose",
    "description": "digest, thumbnail, light, skin",
    "texture": "texture",
    "emotion": "emotion",
    "deepfake": "deepfake",
    "session": "session logic",
}


def write_report(results: Path, target: Path) -> Path:
    """Write the report and, where sessions were measured, the plot beside it."""
    found = {
        path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(results.glob("*.json"))
    }
    if "sessions" in found:
        (results / PLOT).write_text(draw_latency(found["sessions"]), encoding="utf-8")
    target.write_text("\n".join(render(found, plot=f"{results.name}/{PLOT}")) + "\n", encoding="utf-8")
    return target


def render(found: Mapping[str, Result], *, plot: str) -> Iterator[str]:
    """The report's lines. Parts that were not measured are left out."""
    yield from (
        "# Results",
        "",
        "Made by `make bench` from the files in `results/`; how each figure is measured: [README.md](README.md).",
        "",
    )
    if not found:
        yield "No part was measured here yet."
    sections = {
        "frame_cost": _render_frame_cost,
        "sessions": lambda result: _render_sessions(result, plot),
        "overload": _render_overload,
        "api": _render_api,
        "startup": _render_startup,
    }
    for name, section in sections.items():
        if name in found:
            yield from section(found[name])
            yield from ("", _describe(found[name]["machine"]), "")


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(str(cell) for cell in row)} |"


def _render_frame_cost(result: Result) -> Iterator[str]:
    details, shares = result["step_details"], result["amortised"]["share_run"]
    plain, own = result["plain_ms"], result["amortised_ms"]
    yield from (
        "## What a frame costs",
        "",
        (
            f"**{own:.1f} ms a frame, all models, one core. "
            f"The plain pipeline: {plain:.0f} ms, {plain / own:.1f} times as much.**"
        ),
        "",
    )
    rows = [
        (
            label,
            f"{details[name]['median']:.2f}",
            f"{details[name]['p95']:.2f}",
            f"{shares.get(name, 1.0):.0%}",
            details[name]["n"],
        )
        for name, label in _STEPS.items()
        if name in details
    ]
    yield from table(("step", "median ms", "p95 ms", "of all frames", "n"), rows)
    whole, beside = result["amortised"], result["plain"]
    yield ""
    pipelines: list[tuple[object, ...]] = [
        ("this project, amortised", f"{own:.2f}", whole["median"], whole["p95"], whole["n"], "1"),
        (
            "plain pipeline",
            f"{plain:.1f}",
            beside["median"],
            beside["p95"],
            beside["n"],
            f"{plain / own:.1f}",
        ),
    ]
    yield from table(("pipeline", "mean ms", "median ms", "p95 ms", "frames", "ratio"), pipelines)
    checked = result["verification"]
    yield from (
        "",
        (
            f"Frames: {result['frames']['source']}, {result['frames']['size']}, at {result['frames']['fps']} a second. "
            f"Processor time: {whole['cpu_mean']:.1f} ms a frame."
        ),
        "The plain pipeline is MediaPipe, `DeepFace.analyze` of emotion with its default detector, Keras `predict` of",
        f"MesoNet-4, base64 in JSON. Its emotion weights: {beside['emotion_weights']}.",
        "",
        (
            f"A whole verification of {checked['challenges']} challenges "
            f"({checked['subject']} subject, {checked['decision']}): {checked['frames']} frames in "
            f"{checked['seconds_of_capture']} s, {checked['server_ms'] / 1_000:.2f} s of the server's time."
        ),
        "",
        f"Models: {', '.join(result['models'])}.",
    )


def _render_sessions(result: Result, plot: str) -> Iterator[str]:
    yield from (
        "## Sessions at once",
        "",
        (
            f"**{result['held']} clients at ten frames a second, on the same machine, with a 95th percentile of "
            f"{result['limit_ms']:.0f} ms or less from frame to feedback; {result['mib_a_session']:.1f} MiB each.**"
        ),
        "",
        f"![Latency against sessions]({plot})",
        "",
    )
    rows = [
        (
            step["clients"],
            *(
                ("–", "–")
                if step["latency_ms"] is None
                else (f"{step['latency_ms']['median']:.0f}", f"{step['latency_ms']['p95']:.0f}")
            ),
            f"{step['answered_share']:.0%}",
            step["frames_a_second"],
            step["server_cores"],
            step["client_cores"],
            f"{step['server_mib']:.0f}",
        )
        for step in result["steps"]
    ]
    head = (
        "clients",
        "median ms",
        "p95 ms",
        "answered",
        "frames/s",
        "server's cores",
        "clients' cores",
        "server MiB",
    )
    yield from table(head, rows)
    turn = result["in_turn"]
    yield from (
        "",
        (
            "Frames that are not answered were replaced by newer ones while they waited. "
            f"Memory at rest {result['base_mib']:.0f} MiB. "
            f"Over {turn['sessions']} sessions one after another it went from {turn['mib'][0]:.0f} to "
            f"{turn['mib'][-1]:.0f} MiB, {turn['growth_mib_second_half']:+.1f} in the second half."
        ),
    )
    if slope := result.get("slope"):
        minutes = slope["samples"][-1][0] / 60
        held = f"With {slope['clients']} sessions held for {minutes:.0f} minutes"
        yield f"{held}: {slope['mib_a_minute']:+.2f} MiB a minute."
    yield from ("", f"Clients play {result['subject']}.")


def _render_overload(result: Result) -> Iterator[str]:
    latency = result["latency_ms"] or {"median": 0, "p95": 0}
    yield from (
        "## Twice the load",
        "",
        (
            f"{result['clients']} clients before a server with {result['places']} places: others were told `4503` "
            f"({result['refused']} refusals). Inside: median {latency['median']:.0f} ms, p95 {latency['p95']:.0f} ms, "
            f"{result['answered_share']:.0%} of frames answered."
        ),
        "",
    )
    yield from table(("how sessions ended", "number"), sorted(result["endings"].items()))
    yield from ("", f"Ended by the server's fault: {result['failed_by_the_server']}.")


def _render_api(result: Result) -> Iterator[str]:
    yield from (
        "## API",
        "",
        f"{result['connections']} connections, each asking again as soon as it is answered.",
        "",
    )
    calls = {"validate": "`POST /token/validate`", "verify": "`POST /auth/verify`"}
    rows = [
        (
            calls[call],
            database,
            f"{seen['a_second']:.0f}",
            f"{seen['latency_ms']['median']:.1f}",
            f"{seen['p99_ms']:.1f}",
            seen["server_cores"],
        )
        for database in ("sqlite", "postgresql")
        for call, seen in result.get(database, {}).items()
    ]
    yield from table(("call", "database", "a second", "median ms", "p99 ms", "server's cores"), rows)


def _render_startup(result: Result) -> Iterator[str]:
    runs = ", ".join(f"{seconds:.2f}" for seconds in result["runs_s"])
    yield from (
        "## Start",
        "",
        (
            f"**{result['seconds_to_healthy']:.2f} s from the start of the process to the first healthy `/health`, "
            f"models loaded** (median of {runs}); {result['rest_mib']:.0f} MiB at rest."
        ),
    )


def _describe(machine: Result) -> str:
    libraries = ", ".join(f"{name} {number}" for name, number in machine["libraries"].items())
    return (
        f"<sub>{machine['processor']}, {machine['cores']} cores, {machine['memory_gib']} GiB, {machine['system']}, "
        f"Python {machine['python']}, load {machine['load_before']}; {libraries}</sub>"
    )
