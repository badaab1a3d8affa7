"""Which part of a bona fide clip simulated attacks are made from."""

from dataclasses import replace

from verification.evaluation.analysis import hash_file
from verification.evaluation.clip_runs import ClipTask
from verification.evaluation.found_events import find_events
from verification.evaluation.playing import Script, Span, write_script
from verification.evaluation.recording import Recording
from verification.evaluation.rendering import Source

# How long an attack takes that answers nothing, and how long the events of one that answers may take.
PART_S = 6.0
ANSWERS_SPAN = Span(reaches_s=(5.0,), rests_s=(1.5, 3.0))
MIN_PART_S = 2.0
# A part with fewer faces than this is no material for an attack on a face.
MIN_FACE_SHARE = 0.9


def choose_source(task: ClipTask) -> Source | None:
    """The clip's part with answers for a session, else that with the most faces; None if neither will do.

    Raises OSError for a file that cannot be read.
    """
    digest = hash_file(task.file)
    place = task.cache.locate(digest, task.options.digest)
    recording = task.cache.load(place)
    if recording is None or recording.is_picture or recording.duration_s < MIN_PART_S:
        return None
    whole = Source(task.row.path, task.file, digest, place, 0, len(recording.observations), recording.fps)
    script = _write_script(task, recording)
    if script is not None and _has_faces(script.recording):
        first = round(script.start_s * recording.fps)
        return replace(whole, first=first, count=len(script.recording.observations), segments=script.segments)
    first, count = _find_faces(recording)
    part = replace(recording, observations=recording.observations[first : first + count])
    return replace(whole, first=first, count=count) if _has_faces(part) else None


def _write_script(task: ClipTask, recording: Recording) -> Script | None:
    script = write_script(recording, task.events, task.policy, span=ANSWERS_SPAN)
    if script is None and task.may_find_events:
        return write_script(recording, find_events(recording), task.policy, span=ANSWERS_SPAN)
    return script


def _has_faces(recording: Recording) -> bool:
    with_face = sum(observation.face is not None for observation in recording.observations)
    return with_face >= MIN_FACE_SHARE * max(1, len(recording.observations))


def _find_faces(recording: Recording) -> tuple[int, int]:
    """First frame and length of the earliest part with the most faces."""
    has_face = [observation.face is not None for observation in recording.observations]
    count = min(len(has_face), round(PART_S * recording.fps))
    first = max(
        range(len(has_face) - count + 1), key=lambda start: (sum(has_face[start : start + count]), -start)
    )
    return first, count
