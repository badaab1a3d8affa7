"""Measure the detection over labelled clips, as ISO/IEC 30107-3 asks."""

import os
import sys
from argparse import ArgumentTypeError, RawDescriptionHelpFormatter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TextIO

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, TaskID
from rich.table import Table

from verification.attacks.species import AttackSpecies
from verification.conf import get_model_paths, load_policy
from verification.evaluation.analysis import DEFAULT_FPS, AnalysisOptions
from verification.evaluation.cache import RecordingCache
from verification.evaluation.campaign import Campaign, CampaignError, Findings, Plan
from verification.evaluation.publishing import publish
from verification.evaluation.simulation import PRESENTATIONS
from verification.evaluation.tables import TableError
from verification.evaluation.workers import WorkerLost
from verification.liveness.policy import Floors, Policy, PolicyError

COULD_NOT_RUN = 3
NOTHING_MEASURED = 1


class Command(BaseCommand):
    help = (
        "Run labelled clips through the live analyser and session code, and report how many attack "
        "presentations pass (APCER) and how many living people fail (BPCER), with every signal, score and "
        "challenge action. Clips are analysed once: after that, another threshold takes seconds. A run that "
        "was broken off goes on where it was. Exit status: 0 the report is written, 1 it is written but no "
        "clip could be measured, 2 wrong options, 3 could not run."
    )

    # It needs the models only, and says itself when they are missing.
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.epilog = (
            "CLIPS.tsv has the columns path (relative to the file) and class: bona_fide, or the name of an\n"
            "attack species. EVENTS.tsv has path, action, start_s and end_s. Tab-separated, with a header.\n\n"
            "examples:\n"
            "  manage.py evaluate clips.tsv\n"
            "  manage.py evaluate clips.tsv --events events.tsv --out report\n"
            "  manage.py evaluate clips.tsv --events events.tsv --threshold 0.75 --floors 0.6,0.3,0.2\n"
            "  manage.py evaluate clips.tsv --attacks simulate --species print_flat,screen_replay"
        )
        parser.add_argument("table", type=Path, metavar="CLIPS.tsv", help="which clips, and of what class")
        parser.add_argument("--events", type=Path, metavar="EVENTS.tsv", help="what is shown when")
        parser.add_argument("--clips", type=Path, metavar="DIR", help="where paths start; default: the table")
        parser.add_argument(
            "--out", type=Path, metavar="DIR", help="for the report; default: var/evaluation/report"
        )
        parser.add_argument(
            "--page", type=Path, metavar="FILE", help="the report as FILE.md too, its pictures in FILE/"
        )
        parser.add_argument(
            "--cache", type=Path, metavar="DIR", help="of observations; default: var/evaluation"
        )
        parser.add_argument(
            "--attacks", choices=["simulate"], help="simulate attacks from the bona fide clips"
        )
        parser.add_argument(
            "--species", type=_parse_species, metavar="A,B", help="which to simulate; default: all"
        )
        parser.add_argument(
            "--presentations", type=_parse_count, default=PRESENTATIONS, help="of each species (%(default)s)"
        )
        parser.add_argument("--seeds", type=_parse_count, default=5, help="sessions a clip (%(default)s)")
        parser.add_argument(
            "--find-events",
            action="store_true",
            help="play clips whose events are too few with what the challenge judges find in them",
        )
        parser.add_argument(
            "--fps", type=_parse_fps, default=DEFAULT_FPS, help="frames a second (%(default)g)"
        )
        parser.add_argument("--jobs", type=_parse_count, help="processes; default: one a core")
        parser.add_argument("--threshold", type=float, help="in place of POL_PASS_THRESHOLD")
        parser.add_argument("--floors", type=_parse_floors, metavar="L,E,D", help="in place of POL_FLOORS")

    def handle(self, *args: Any, **options: Any) -> None:
        cache = RecordingCache(options["cache"] or settings.BASE_DIR / "var" / "evaluation")
        out = options["out"] or cache.folder / "report"
        try:
            campaign = self._plan(options, cache)
            with _keep_terminal_quiet(is_quiet=options["verbosity"] < 2) as terminal:
                jobs = options["jobs"] or os.cpu_count() or 1
                findings = self._run(campaign, jobs, Console(file=terminal))
            publish(findings, campaign.setting, out, page=options["page"])
        except (TableError, CampaignError, PolicyError, WorkerLost, ImproperlyConfigured, OSError) as error:
            raise CommandError(str(error), returncode=COULD_NOT_RUN) from error
        self._tell(findings, out, Console(file=sys.stdout))
        if not findings.metrics["clips"]["presented"]:
            raise SystemExit(NOTHING_MEASURED)

    def _plan(self, options: dict[str, Any], cache: RecordingCache) -> Campaign:
        table: Path = options["table"]
        analysis = AnalysisOptions(
            get_model_paths(),
            max_fps=options["fps"],
            max_frame_bytes=settings.POL_MAX_FRAME_BYTES,
            max_pixels=settings.POL_MAX_FRAME_PIXELS,
        )
        return Campaign(
            Plan(
                table=table,
                events=options["events"],
                folder=options["clips"] or table.parent,
                options=analysis,
                cache=cache,
                policy=_override_policy(load_policy(), options),
                seeds=options["seeds"],
                may_find_events=options["find_events"],
                species=(options["species"] or tuple(AttackSpecies)) if options["attacks"] else (),
                presentations=options["presentations"],
            )
        )

    def _run(self, campaign: Campaign, jobs: int, console: Console) -> Findings:
        columns = (*Progress.get_default_columns(), MofNCompleteColumn())
        with Progress(*columns, console=console, transient=True) as progress:
            tasks: dict[str, TaskID] = {}

            def show(stage: str, done: int, total: int) -> None:
                if stage not in tasks:
                    tasks[stage] = progress.add_task(stage)
                progress.update(tasks[stage], completed=done, total=total)

            return campaign.run(jobs=jobs, watch=show)

    def _tell(self, findings: Findings, out: Path, console: Console) -> None:
        metrics = findings.metrics
        table = Table(title="Error rates", title_justify="left")
        for column in ("class", "rate", "n", "errors", "%", "95 %"):
            table.add_column(column, justify="left" if column in ("class", "rate") else "right")
        ordered = sorted(metrics["apcer"].items(), key=lambda item: -(item[1]["rate"] or 0.0))
        for name, kind, found in [
            *((name, "APCER", found) for name, found in ordered),
            ("bona_fide", "BPCER", metrics["bpcer"]),
        ]:
            share = "" if found["rate"] is None else f"{100 * found['rate']:.1f}"
            interval = f"{100 * found['low']:.1f}-{100 * found['high']:.1f}"
            table.add_row(name, kind, str(found["n"]), str(found["errors"]), share, interval)
        console.print(table)
        unreadable = metrics["clips"]["unreadable"]
        if unreadable:
            console.print(f"{unreadable} clips could not be measured; report.md names them")
        console.print(f"report: {out / 'report.md'}", soft_wrap=True)


def _override_policy(policy: Policy, options: dict[str, Any]) -> Policy:
    """Raises PolicyError."""
    if options["threshold"] is not None:
        policy = replace(policy, pass_threshold=options["threshold"])
    return policy if options["floors"] is None else replace(policy, floors=options["floors"])


def _parse_count(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise ArgumentTypeError(f"{text!r} is not a number from 1 on")
    return int(text)


def _parse_fps(text: str) -> float:
    try:
        fps = float(text)
    except ValueError:
        fps = 0.0
    if not 5.0 <= fps <= 60.0:
        raise ArgumentTypeError(f"{text!r} is not a number of frames a second within 5 and 60")
    return fps


def _parse_floors(text: str) -> Floors:
    try:
        liveness, emotion, deepfake = (float(part) for part in text.split(","))
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is not three numbers like 0.5,0.3,0.05") from None
    if not all(0.0 <= floor <= 1.0 for floor in (liveness, emotion, deepfake)):
        raise ArgumentTypeError(f"{text!r} is not within 0 and 1")
    return Floors(liveness, emotion, deepfake)


def _parse_species(text: str) -> tuple[AttackSpecies, ...]:
    known = {str(species): species for species in AttackSpecies}
    unknown = [name for name in text.split(",") if name not in known]
    if unknown:
        raise ArgumentTypeError(f"unknown species {', '.join(unknown)}; known are {', '.join(known)}")
    return tuple(known[name] for name in text.split(","))


@contextmanager
def _keep_terminal_quiet(*, is_quiet: bool) -> Iterator[TextIO]:
    """The standard error stream for ourselves: what native libraries of all processes write to it is dropped."""
    if not is_quiet:
        yield sys.stderr
        return
    sys.stderr.flush()
    terminal = os.dup(2)
    with open(terminal, "w", encoding="utf-8") as ours, Path(os.devnull).open("w") as nowhere:  # noqa: PTH123  (a descriptor)
        os.dup2(nowhere.fileno(), 2)
        try:
            yield ours
        finally:
            ours.flush()
            os.dup2(terminal, 2)
