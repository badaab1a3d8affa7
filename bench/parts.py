"""The parts by name, each at its usual, its quick and its long size."""

from typing import Any

from rich.console import Console

from bench.api import ApiOptions, measure_api
from bench.frame_cost import FrameCostOptions, measure_frame_cost
from bench.overload import OverloadOptions, measure_overload
from bench.sessions import SessionsOptions, measure_sessions
from bench.startup import measure_startup


def run_frame_cost(console: Console, *, is_quick: bool, is_long: bool) -> dict[str, Any]:
    del is_long
    options = FrameCostOptions(rounds=1, frames=30, plain_frames=5) if is_quick else FrameCostOptions()
    return measure_frame_cost(console, options)


def run_sessions(console: Console, *, is_quick: bool, is_long: bool) -> dict[str, Any]:
    if is_quick:
        return measure_sessions(console, SessionsOptions(steps=(1, 2), step_s=4, warm_s=2, in_turn=5))
    if is_long:
        return measure_sessions(console, SessionsOptions(in_turn=500, slope_s=600))
    return measure_sessions(console, SessionsOptions())


def run_overload(console: Console, *, is_quick: bool, is_long: bool) -> dict[str, Any]:
    del is_long
    return measure_overload(console, OverloadOptions(seconds=5) if is_quick else OverloadOptions())


def run_api(console: Console, *, is_quick: bool, is_long: bool) -> dict[str, Any]:
    del is_long
    return measure_api(console, ApiOptions(seconds=1.5) if is_quick else ApiOptions())


def run_startup(console: Console, *, is_quick: bool, is_long: bool) -> dict[str, Any]:
    del is_long
    return measure_startup(console, runs=1 if is_quick else 5)
