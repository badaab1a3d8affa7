"""The simulated capture subject as a clip that shows each action at a known time."""

from collections.abc import Iterable
from dataclasses import dataclass

from tests.subject.camera_file import jpeg
from tests.subject.performance import record
from tests.subject.subject import CaptureSubject
from verification.clips.camera import ClipCamera
from verification.clips.segments import Segment
from verification.clips.subject import ClipSubject
from verification.liveness.actions import Action

FPS = 12.0
PERFORMED_ACTIONS = (Action.LOOK_STRAIGHT, Action.TURN_LEFT, Action.TURN_RIGHT, Action.SMILE)


@dataclass(frozen=True)
class PerformedClip:
    """frames: JPEGs at FPS. segments: where each action is, from the request to the rest after it."""

    frames: list[bytes]
    segments: tuple[Segment, ...]

    def as_subject(self, *, speed: float = 1.0) -> ClipSubject[bytes]:
        """A fresh camera before it. speed: how many times as fast as performed."""
        segments = tuple(
            Segment(segment.action, segment.start_s / speed, segment.end_s / speed)
            for segment in self.segments
        )
        return ClipSubject(ClipCamera(self.frames, FPS * speed), segments)


def perform(subject: CaptureSubject, actions: Iterable[Action]) -> PerformedClip:
    frames: list[bytes] = []
    spans: dict[Action, tuple[int, int]] = {}
    for moment in record(subject, [str(action) for action in actions], fps=FPS):
        action = Action(moment.action)
        first, _ = spans.get(action, (len(frames), 0))
        spans[action] = (first, len(frames))
        frames.append(jpeg(moment.frame))
    segments = (Segment(action, first / FPS, last / FPS) for action, (first, last) in spans.items())
    return PerformedClip(frames, tuple(segments))
