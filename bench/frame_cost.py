"""Part `frame_cost`: what one frame costs on one core, step by step, beside the plain pipeline on the same frames.

Rounds of the two alternate in one run on the same core, so that whatever else the machine does meets both.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

import cv2
from rich.console import Console

from bench.frames import FPS, FrameSet, load_frames
from bench.measure import Steps, summarise
from bench.own_pipeline import AmortisedCost, StepTimer, measure_verification
from bench.plain_process import PlainPipeline
from verification.inference import get_models


@dataclass(frozen=True, slots=True)
class FrameCostOptions:
    """frames, plain_frames: measured in each of the rounds. challenges: of the whole verification."""

    rounds: int = 4
    frames: int = 150
    plain_frames: int = 25
    challenges: int = 4
    bench_python: Path = Path(".venv-bench/bin/python")


def measure_frame_cost(console: Console, options: FrameCostOptions) -> dict[str, Any]:
    """Steps, amortised cost and plain cost, in milliseconds, and the cost of a whole verification."""
    cv2.setNumThreads(1)
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(cores)})
    try:
        return _measure(console, options, load_frames(options.frames))
    finally:
        os.sched_setaffinity(0, cores)


def _measure(console: Console, options: FrameCostOptions, frames: FrameSet) -> dict[str, Any]:
    console.print(f"{len(frames.jpegs)} frames of {frames.source}; loading the plain pipeline (TensorFlow)")
    steps, own, plain_ms = Steps(), AmortisedCost(), list[float]()
    with PlainPipeline(options.bench_python, frames.jpegs[: options.plain_frames]) as plain:
        for index in range(options.rounds):
            StepTimer(steps).measure(frames.jpegs)
            own.measure(frames.jpegs, seed=index)
            plain_ms += plain.run_round()
            so_far = f"{own.mean_ms:.1f} ms beside {fmean(plain_ms):.0f} ms"
            console.print(f"round {index + 1} of {options.rounds}: {so_far}")
    details = steps.summarise()
    return {
        "amortised_ms": round(own.mean_ms, 3),
        "plain_ms": round(fmean(plain_ms), 3),
        "ratio": round(fmean(plain_ms) / own.mean_ms, 1),
        "amortised": {
            **summarise(own.frames_ms),
            "cpu_mean": round(own.mean_cpu_ms, 3),
            "share_run": own.shares,
        },
        "plain": {**summarise(plain_ms), **plain.description},
        "steps": {name: entry["median"] for name, entry in details.items()},
        "step_details": details,
        "models": sorted(name for name, status in get_models().status.items() if status.is_installed),
        "frames": {"source": frames.source, "count": len(frames.jpegs), "size": "640x480", "fps": FPS},
        "verification": measure_verification(options.challenges),
    }
