"""Hold a session before a camera made of a video file."""

import json
import sys
from argparse import RawDescriptionHelpFormatter
from dataclasses import asdict
from pathlib import Path
from random import Random
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from verification.clips.camera import ClipCamera, open_clip
from verification.clips.in_process import InProcessSession
from verification.clips.remote import RemoteSession, open_remote_session
from verification.clips.segments import ClipError, Segment, parse_segments
from verification.clips.subject import ClipSubject, ClipVerdict
from verification.conf import load_policy
from verification.inference import open_analyser
from verification.liveness.events import ChallengeEnded, ChallengeRevealed, Event
from verification.liveness.vocabulary import ChallengeOutcome
from verification.vision.image_header import FrameRejected
from verification.vision.landmarks import FaceLandmarkerMissing

EXIT_STATUS = {"pass": 0, "fail": 1, "inconclusive": 2}
COULD_NOT_RUN = 3
ARGPARSE_ERROR = 2


class Command(BaseCommand):
    help = (
        "Make a camera of a video file and hold a session before it: for each challenge the clip is walked, "
        "forwards and backwards without a cut, to where it shows the action asked for. "
        "Exit status: 0 pass, 1 fail, 2 inconclusive, 3 could not run."
    )

    def run_from_argv(self, argv: list[str]) -> None:
        """As any command, but for argparse's own status of wrong options: its 2 is our inconclusive."""
        self._has_begun = False
        try:
            super().run_from_argv(argv)
        except SystemExit as ended:
            is_usage_error = ended.code == ARGPARSE_ERROR and not self._has_begun
            raise SystemExit(COULD_NOT_RUN if is_usage_error else ended.code) from None

    def add_arguments(self, parser: CommandParser) -> None:
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.epilog = (
            "examples:\n"
            '  manage.py verify_clip me.mp4 --actions "turn_left@7.4-10.4,turn_right@2-5.7,smile@12-14"\n'
            '  manage.py verify_clip me.mp4 --actions "nod@0-2,blink@3-4,smile@5-7" --url http://localhost:8000\n'
            "  manage.py verify_clip me.mp4 --actions ... --json | jq .scores"
        )
        parser.add_argument("clip", type=Path)
        parser.add_argument("--actions", default="", help="action@start-end in seconds, comma-separated")
        parser.add_argument("--url", help="a running server; default: in this process, faster than real time")
        parser.add_argument("--api-key", default="", help="for a server that requires one")
        parser.add_argument("--user-id", default="verify-clip", help="whom the token names (with --url)")
        parser.add_argument("--seed", type=int, help="repeat the same draw of challenges (in-process only)")
        parser.add_argument("--json", action="store_true", help="the verdict as JSON on standard output")

    def handle(self, *args: Any, **options: Any) -> None:
        self._has_begun = True
        self._console = Console(stderr=True)
        try:
            verdict = self._hold_session(options)
        except (ClipError, FrameRejected, FaceLandmarkerMissing, ImproperlyConfigured) as error:
            raise CommandError(str(error), returncode=COULD_NOT_RUN) from error
        if options["json"]:
            self.stdout.write(json.dumps(asdict(verdict), indent=2))
        else:
            _print_verdict(Console(file=sys.stdout), verdict)
        raise SystemExit(EXIT_STATUS[verdict.decision])

    def _hold_session(self, options: dict[str, Any]) -> ClipVerdict:
        segments = parse_segments(options["actions"])
        if not segments:
            raise ClipError("say what the clip shows: --actions 'nod@0-2,smile@3-4.5,turn_left@5-8'")
        subject = self._open_subject(options["clip"], segments)
        if options["url"]:
            return self._hold_remotely(subject, options)
        rng = None if options["seed"] is None else Random(options["seed"])  # noqa: S311  (a wanted repeat)
        with open_analyser() as analyser:
            return InProcessSession(
                subject, analyser.analyse, load_policy(), rng=rng, on_event=self._tell_event
            ).run()

    def _open_subject(self, clip: Path, segments: tuple[Segment, ...]) -> ClipSubject[bytes]:
        with Progress(console=self._console, transient=True) as progress:
            task = progress.add_task("reading the clip", total=None)
            camera: ClipCamera = open_clip(
                clip, max_frame_bytes=settings.POL_MAX_FRAME_BYTES, on_frame=lambda: progress.advance(task)
            )
        self._console.print(f"{clip.name}: {camera.frame_count} frames, {camera.fps:.4g} fps")
        return ClipSubject(camera, segments, load_policy().pool)

    def _hold_remotely(self, subject: ClipSubject[bytes], options: dict[str, Any]) -> ClipVerdict:
        address = open_remote_session(
            options["url"], subject, user_id=options["user_id"], api_key=options["api_key"]
        )
        return RemoteSession(subject, address, on_message=self._tell_message).run()

    def _tell_event(self, event: Event, elapsed_s: float) -> None:
        match event:
            case ChallengeRevealed():
                challenge = event.challenge
                self._tell_challenge(challenge.index, challenge.total, str(challenge.action), elapsed_s)
            case ChallengeEnded() if event.outcome is not ChallengeOutcome.ABANDONED:
                self._console.print(
                    f"   {event.fault or event.outcome} after {event.latency_ms / 1_000:.1f} s"
                )

    def _tell_message(self, message: dict[str, Any]) -> None:
        if message["type"] == "challenge":
            self._tell_challenge(message["index"], message["total"], message["action"], None)
        elif message["type"] == "challenge_result":
            self._console.print(f"   {message['reason']}")

    def _tell_challenge(self, index: int, total: int, action: str, elapsed_s: float | None) -> None:
        clock = "" if elapsed_s is None else f"{elapsed_s:6.1f} s  "
        self._console.print(f"{clock}{index}/{total} {action}")


def _print_verdict(console: Console, verdict: ClipVerdict) -> None:
    table = Table(title=f"{verdict.decision}: {verdict.reason}", title_justify="left")
    table.add_column("score or signal")
    table.add_column("value", justify="right")
    for name, value in {**(verdict.scores or {}), **(verdict.signals or {})}.items():
        table.add_row(name, "not observed" if value is None else f"{value:.3f}")
    console.print(table)
    console.print(f"{verdict.frames} frames, {verdict.elapsed_s:.1f} s of session")
    if verdict.token:
        console.print(f"token: {verdict.token}", soft_wrap=True)
