"""Where a clip shows its person at rest: what every action and every later view is compared with."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from verification.clips.camera import MARGIN_S
from verification.clips.segments import Segment
from verification.evaluation.recording import Recording
from verification.evaluation.tables import ClipEvent
from verification.liveness.actions import Action
from verification.liveness.alignment import MIN_FRAMES, AlignmentJudge
from verification.liveness.baseline import NeutralBaseline, build_baseline
from verification.liveness.frontal import average_frontal
from verification.liveness.observation import Face, FaceObservation

_Span = tuple[int, int]  # the first frame, and the one after the last


@dataclass(frozen=True, slots=True)
class Reference:
    """segment: where the alignment step can be met; None where it cannot, and the baseline is a stopgap."""

    baseline: NeutralBaseline
    frontal: Face
    segment: Segment | None


def find_reference(recording: Recording, events: Sequence[ClipEvent] = ()) -> Reference | None:
    """The first stretch that meets the alignment step; None for a clip without any face.

    Tried in turn: what the events call straight; the stretches outside all events, the longest first,
    since nobody is at rest within one; the whole clip. Where none will do, the most frontal frames in a
    row stand in: a clip that never looks straight is still worth its other evidence.
    """
    for span in [*_find_quiet_spans(recording, events), (0, len(recording.observations))]:
        reference = _align(recording, span)
        if reference is not None:
            return reference
    return _take_most_frontal(recording)


def _find_quiet_spans(recording: Recording, events: Sequence[ClipEvent]) -> list[_Span]:
    straight = [event for event in events if Action.LOOK_STRAIGHT in event.actions]
    count = len(recording.observations)
    if straight:
        return [_to_span(event, recording.fps, 0.0, count) for event in straight]
    busy = [False] * count
    for event in events:
        first, end = _to_span(event, recording.fps, MARGIN_S, count)
        busy[first:end] = [True] * (end - first)
    return sorted(_find_runs(busy), key=lambda span: span[0] - span[1])


def _to_span(event: ClipEvent, fps: float, margin_s: float, count: int) -> _Span:
    first = min(max(0, round((event.start_s - margin_s) * fps)), count)
    return first, min(max(first, round((event.end_s + margin_s) * fps)), count)


def _find_runs(busy: Sequence[bool]) -> Iterator[_Span]:
    first: int | None = None
    for index, is_busy in enumerate([*busy, True]):
        if is_busy and first is not None:
            yield first, index
            first = None
        elif not is_busy and first is None:
            first = index


def _align(recording: Recording, span: _Span) -> Reference | None:
    judge = AlignmentJudge()
    for index in range(*span):
        judge.observe(recording.observations[index], recording.at_ms(index))
        if judge.is_done:
            baseline, frontal = judge.conclude()
            segment = Segment(Action.LOOK_STRAIGHT, span[0] / recording.fps, span[1] / recording.fps)
            return Reference(baseline, frontal, segment)
    return None


def _take_most_frontal(recording: Recording) -> Reference | None:
    with_face = [observation for observation in recording.observations if observation.face is not None]
    if not with_face:
        return None
    size = min(MIN_FRAMES, len(with_face))
    stretches = [with_face[first : first + size] for first in range(len(with_face) - size + 1)]
    best = min(stretches, key=lambda stretch: sum(_measure_turn_deg(view) for view in stretch))
    faces = [observation.face for observation in best if observation.face is not None]
    return Reference(build_baseline(best), average_frontal(faces), None)


def _measure_turn_deg(observation: FaceObservation) -> float:
    face = observation.face
    return 0.0 if face is None else abs(face.pose.yaw_deg) + abs(face.pose.pitch_deg)
