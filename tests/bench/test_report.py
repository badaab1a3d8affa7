import json
from pathlib import Path
from xml.etree import ElementTree

from bench.plot import draw_latency
from bench.report import write_report

MACHINE = {
    "processor": "a processor",
    "cores": 2,
    "memory_gib": 8.0,
    "system": "Linux",
    "python": "3.11",
    "load_before": 0.1,
    "libraries": {"numpy": "2"},
}
SPREAD = {"median": 5.0, "p95": 7.0, "mean": 5.5, "n": 100}
FRAME_COST = {
    "amortised_ms": 9.0,
    "plain_ms": 198.0,
    "amortised": {**SPREAD, "cpu_mean": 8.9, "share_run": {"texture": 0.1, "emotion": 0.4, "deepfake": 0.1}},
    "plain": {**SPREAD, "emotion_weights": "random, for timing only"},
    "step_details": {"decode": SPREAD, "landmarks": SPREAD, "texture": SPREAD},
    "models": ["face_landmarker"],
    "frames": {"source": "the tests' simulated subject", "count": 10, "size": "640x480", "fps": 10},
    "verification": {
        "server_ms": 1_500.0,
        "frames": 120,
        "seconds_of_capture": 12.0,
        "challenges": 4,
        "decision": "pass",
        "subject": "simulated",
    },
    "machine": MACHINE,
}
STEP = {
    "clients": 2,
    "latency_ms": SPREAD,
    "answered_share": 1.0,
    "frames_a_second": 20.0,
    "server_cores": 0.4,
    "client_cores": 0.1,
    "server_mib": 300.0,
}
SESSIONS = {
    "held": 2,
    "limit_ms": 250.0,
    "mib_a_session": 1.5,
    "base_mib": 290.0,
    "steps": [STEP, {**STEP, "clients": 4, "latency_ms": None}],
    "in_turn": {"sessions": 10, "mib": [290.0, 291.0], "growth_mib_second_half": 0.0},
    "subject": "the tests' simulated subject",
    "machine": MACHINE,
}


def store(folder: Path, **parts: object) -> None:
    for name, part in parts.items():
        (folder / f"{name}.json").write_text(json.dumps(part))


def test_the_report_says_what_was_measured_on_what_and_leaves_out_the_rest(tmp_path: Path) -> None:
    results = tmp_path / "results"
    results.mkdir()
    store(results, frame_cost=FRAME_COST)
    text = write_report(results, tmp_path / "RESULTS.md").read_text()
    assert "22.0 times as much" in text
    assert "random, for timing only" in text
    assert "simulated" in text
    assert "a processor, 2 cores" in text
    assert "Sessions at once" not in text


def test_every_part_has_its_section(tmp_path: Path) -> None:
    results = tmp_path / "results"
    results.mkdir()
    overload = {
        **STEP,
        "places": 24,
        "refused": 9,
        "endings": {"pass: verified": 2},
        "failed_by_the_server": 0,
    }
    seen = {"a_second": 400.0, "p99_ms": 30.0, "latency_ms": SPREAD, "server_cores": 0.9}
    store(
        results,
        frame_cost=FRAME_COST,
        sessions=SESSIONS,
        overload={**overload, "machine": MACHINE},
        api={"connections": 8, "sqlite": {"validate": seen, "verify": seen}, "machine": MACHINE},
        startup={"seconds_to_healthy": 2.0, "runs_s": [2.0], "rest_mib": 250.0, "machine": MACHINE},
    )
    text = write_report(results, tmp_path / "RESULTS.md").read_text()
    assert [line for line in text.splitlines() if line.startswith("## ")] == [
        "## What a frame costs",
        "## Sessions at once",
        "## Twice the load",
        "## API",
        "## Start",
    ]
    assert "![Latency against sessions](results/latency.svg)" in text
    ElementTree.parse(results / "latency.svg")


def test_the_plot_is_drawn_without_an_answer_too() -> None:
    ElementTree.fromstring(draw_latency({**SESSIONS, "steps": [{**STEP, "latency_ms": None}]}))
