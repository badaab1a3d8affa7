"""From a row of the table to its outcomes: find the file, analyse it once, present it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2

from verification.clips.segments import ClipError
from verification.evaluation.action_trials import ActionTrial, run_trials
from verification.evaluation.analysis import AnalysisOptions, analyse_clip, hash_file
from verification.evaluation.cache import RecordingCache
from verification.evaluation.found_events import find_events
from verification.evaluation.outcomes import Mode, Outcome
from verification.evaluation.playing import play_session, write_script
from verification.evaluation.recording import Recording
from verification.evaluation.tables import ClipEvent, ClipRow
from verification.evaluation.watching import watch
from verification.liveness.policy import Policy
from verification.vision.image_header import FrameRejected

# What decoders and models raise for a file that is missing, broken or not what its name says.
UNUSABLE = (ClipError, FrameRejected, OSError, ValueError, RuntimeError, cv2.error)
# A table may lie beside the folder that its paths start from.
NESTED_FOLDER = "clips"


@dataclass(frozen=True, slots=True)
class ClipTask:
    """Everything that one process needs to know about one clip; no open file, no model.

    may_find_events: where the table's events are too few, a session is played from what the judges find.
    """

    row: ClipRow
    file: Path
    events: tuple[ClipEvent, ...]
    options: AnalysisOptions
    cache: RecordingCache
    policy: Policy
    seeds: int
    may_find_events: bool = False


@dataclass(frozen=True, slots=True)
class ClipResult:
    """is_cached: no pixel was looked at. outcomes: one, without a verdict, for a clip that is unusable."""

    outcomes: tuple[Outcome, ...]
    trials: tuple[ActionTrial, ...] = ()
    is_cached: bool = False


def locate_clip(path: str, folder: Path) -> Path:
    """The clip's file under the folder, or under its `clips` folder where only that holds it."""
    direct, nested = folder / path, folder / NESTED_FOLDER / path
    return nested if nested.is_file() and not direct.is_file() else direct


def run_clip(task: ClipTask) -> ClipResult:
    """Analyse the clip, or take it from the cache, and present it. A clip that is unusable is an outcome."""
    try:
        recording, is_cached = _observe(task)
    except UNUSABLE as error:
        return ClipResult((_refuse(task.row, task.file, error),))
    outcomes = tuple(_present(task, recording))
    trials = tuple(run_trials(task.row.path, recording, task.events, task.policy))
    return ClipResult(outcomes, trials, is_cached)


def _observe(task: ClipTask) -> tuple[Recording, bool]:
    if not task.file.is_file():
        raise ClipError("the file is not there")
    place = task.cache.locate(hash_file(task.file), task.options.digest)
    recording = task.cache.load(place)
    if recording is not None:
        return recording, True
    recording = analyse_clip(task.file, task.options)
    task.cache.store(place, recording, name=task.row.path)
    return recording, False


def _present(task: ClipTask, recording: Recording) -> Iterator[Outcome]:
    row, script = task.row, write_script(recording, task.events, task.policy)
    is_found = script is None and task.may_find_events
    if is_found:
        script = write_script(recording, find_events(recording), task.policy)
    if script is None:
        verdict = watch(recording, task.events, task.policy)
        yield Outcome(row.path, row.presentation, Mode.PASSIVE, verdict, groups=row.groups)
        return
    for seed in range(1, task.seeds + 1):
        verdict = play_session(script, task.policy, f"{row.path} {seed}")
        yield Outcome(
            row.path,
            row.presentation,
            Mode.SESSION,
            verdict,
            seed=seed,
            has_found_events=is_found,
            groups=row.groups,
        )


def _refuse(row: ClipRow, file: Path, error: Exception) -> Outcome:
    # The file's place on this machine says nothing to the reader of the report.
    said = (str(error).splitlines() or [type(error).__name__])[0].replace(str(file), row.path)
    return Outcome(row.path, row.presentation, None, None, error=said)


def check_events(events: Sequence[str], rows: Sequence[ClipRow]) -> list[str]:
    """A sentence for each path of the events that no clip has."""
    known = {row.path for row in rows}
    return [f"the events name {path}, which is none of the clips" for path in events if path not in known]
