"""`python -m bench`: run parts, write what they measured, and make RESULTS.md of it."""

import argparse
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import django
from rich.console import Console

FOLDER = Path(__file__).parent
RESULTS = FOLDER / "results"
EXAMPLES = """examples:
  make bench                                          every part, one after another
  make bench PART=frame_cost                          one part
  make bench PART=sessions BENCH_ARGS=--long          with ten minutes of memory and 500 sessions
  python -m bench frame_cost --quick                  a small run, to see that it works
  python -m bench report                              RESULTS.md anew from bench/results/
"""
PARTS = ("frame_cost", "sessions", "overload", "api", "startup")


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("part", nargs="*", choices=[*PARTS, "report", []], help="default: every part")
    parser.add_argument("--quick", action="store_true", help="few frames and short runs; not for publication")
    parser.add_argument(
        "--long", action="store_true", help="sessions: 500 one after another, ten minutes of memory"
    )
    parser.add_argument(
        "--results", type=Path, default=RESULTS, help="folder of the JSON files (default: %(default)s)"
    )
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "polsite.settings")
    django.setup()
    console = Console()
    for name in options.part or PARTS:
        if name != "report":
            console.rule(name)
            store(options.results, name, run_part(name, console, options))
    from bench.report import write_report  # noqa: PLC0415  (Django has to be set up first)

    written = write_report(options.results, options.results.parent / "RESULTS.md")
    console.print(f"{written} is up to date")
    return 0


def run_part(name: str, console: Console, options: argparse.Namespace) -> dict[str, Any]:
    """Measure one part. Parts are imported when they run: each needs the settings, and some pin a core."""
    from bench import parts  # noqa: PLC0415

    run: Callable[..., dict[str, Any]] = getattr(parts, f"run_{name}")
    return run(console, is_quick=options.quick, is_long=options.long)


def store(folder: Path, name: str, result: dict[str, Any]) -> None:
    from bench.machine import describe_machine  # noqa: PLC0415

    folder.mkdir(parents=True, exist_ok=True)
    whole = {"part": name, **result, "machine": describe_machine()}
    (folder / f"{name}.json").write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
