"""Show what each installed model sees in a picture, a clip or before a camera."""

import os
import sys
import tempfile
from argparse import RawDescriptionHelpFormatter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import takewhile
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.markup import escape
from rich.progress import MofNCompleteColumn, Progress
from rich.table import Table

from verification.conf import get_model_paths
from verification.liveness.observation import SampledModel
from verification.vision.analyser import FrameAnalyser, VisionModels, load_models
from verification.vision.decode import frame_from_bgr
from verification.vision.drawing import draw_observation
from verification.vision.drawn_copy import CopyUnwritable, DrawnCopy
from verification.vision.frame_sources import MAX_SIDE_PX, FrameSource, SourceUnreadable
from verification.vision.landmarks import FaceLandmarkerMissing
from verification.vision.summary import Summary

_CAMERA_SECONDS = 10.0


class Command(BaseCommand):
    help = (
        "Run every installed model on a picture, a clip or a camera; print what each sees, and write a copy "
        "with the face's mesh, the head's axes, the expressions and the scores drawn on and beside it. "
        "Nothing leaves this machine."
    )
    # Missing models are this command's own subject.
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.epilog = (
            "examples:\n"
            "  manage.py try_models portrait.jpg\n"
            "  manage.py try_models clip.mp4 --out seen.mp4\n"
            "  manage.py try_models --camera 0 --seconds 5"
        )
        parser.add_argument("source", nargs="?", type=Path, metavar="IMAGE|CLIP")
        parser.add_argument("--camera", type=int, metavar="N", help="the camera to use; 0 is the first")
        parser.add_argument("--seconds", type=float, default=_CAMERA_SECONDS, help="how long to use a camera")
        parser.add_argument(
            "--out", type=Path, metavar="FILE", help="the drawn copy; default: NAME-seen.png or .mp4, here"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if (options["source"] is None) == (options["camera"] is None):
            raise CommandError("name a picture or a clip, or a camera with --camera N")
        console = Console(file=sys.stdout)
        try:
            # OpenCV and MediaPipe write warnings past Python; with --verbosity 2 they are seen.
            with _mute_native_output(is_muted=options["verbosity"] < 2):
                models = load_models(get_model_paths())
                summary, copy_path = _look(models, console, options)
        except (SourceUnreadable, CopyUnwritable, FaceLandmarkerMissing) as error:
            raise CommandError(str(error)) from error
        console.print(_tabulate(summary))
        _print_missing(console, models)
        console.print(f"drawn copy: {escape(str(copy_path))}", soft_wrap=True)


def _look(models: VisionModels, console: Console, options: dict[str, Any]) -> tuple[Summary, Path]:
    """Analyse and draw every frame; return what was seen, and where the drawn copy lies."""
    is_camera = options["source"] is None
    source = FrameSource(options["camera"] if is_camera else options["source"])
    path = options["out"] or _name_copy(options["source"], options["camera"], is_picture=source.is_picture)
    limit_ms = 1000 * options["seconds"] if is_camera else float("inf")
    frame_count = round(source.fps * options["seconds"]) if is_camera else source.frame_count
    summary = Summary()
    with (
        FrameAnalyser(models, max_pixels=MAX_SIDE_PX**2) as analyser,
        DrawnCopy(path, source.fps, is_picture=source.is_picture) as copy,
        Progress(
            *Progress.get_default_columns(), MofNCompleteColumn(), console=console, transient=True
        ) as bar,
    ):
        for frame in bar.track(
            takewhile(lambda frame: frame.at_ms < limit_ms, source), total=frame_count, description="looking"
        ):
            observation = analyser.analyse_decoded(
                frame_from_bgr(frame.bgr), frame.at_ms, frozenset(SampledModel)
            )
            summary.add(observation)
            copy.write(draw_observation(frame.bgr, observation))
    return summary, path


def _name_copy(source: Path | None, camera: int | None, *, is_picture: bool) -> Path:
    stem = f"camera-{camera}" if source is None else source.stem
    return Path(f"{stem}-seen{'.png' if is_picture else '.mp4'}")


def _tabulate(summary: Summary) -> Table:
    table = Table(title="What the models see", title_justify="left")
    table.add_column("model", no_wrap=True)
    table.add_column("sees")
    for finding in summary.describe():
        table.add_row(finding.model, finding.text)
    return table


def _print_missing(console: Console, models: VisionModels) -> None:
    missing = [status for status in models.status.values() if not status.is_installed]
    for status in missing:
        console.print(f"[dim]missing[/] {status.name}: {escape(status.purpose)}; {escape(status.detail)}")


@contextmanager
def _mute_native_output(*, is_muted: bool) -> Iterator[None]:
    """Keep what native libraries write to the standard error stream away from the terminal."""
    if not is_muted:
        yield
        return
    sys.stderr.flush()
    terminal = os.dup(2)
    with tempfile.TemporaryFile() as sink:
        os.dup2(sink.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(terminal, 2)
            os.close(terminal)
