"""A recording as the capture subject of whole sessions, by the session code that runs live."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from random import Random

from verification.clips.camera import Camera, WalkingCamera
from verification.clips.in_process import InProcessSession
from verification.clips.segments import Segment
from verification.clips.subject import ClipSubject, ClipVerdict
from verification.evaluation.recording import Recording, recall_observation
from verification.evaluation.reference import find_reference
from verification.evaluation.tables import ClipEvent
from verification.liveness.actions import POOL, Action, PoolExhaustedError, restrict_pool
from verification.liveness.observation import FaceObservation
from verification.liveness.policy import Policy

# A walk from one end to the other of the part that is played, in shares of a challenge's time: a person
# who has to be fetched from the far end of a long clip would come late by no fault of theirs. At the second
# share most walks are still short enough.
REACH_SHARES = (0.8, 1.6)
# Kept around the events of that part, so that it holds a stretch at rest; the less the better.
REST_S = (3.0, 12.0)


@dataclass(frozen=True, slots=True)
class Span:
    """Lengths to try, the preferred first. reaches_s: of the events' part. rests_s: kept on both sides of it."""

    reaches_s: tuple[float, ...]
    rests_s: tuple[float, ...] = REST_S


@dataclass(frozen=True, slots=True)
class Script:
    """The part of a recording that is played, and where in it each action is answered, alignment included.

    start_s: where the part begins in the recording that it was cut from.
    """

    recording: Recording
    segments: tuple[Segment, ...]
    start_s: float


@dataclass(frozen=True, slots=True)
class _Part:
    start_s: float
    end_s: float
    events: Sequence[ClipEvent]


def write_script(
    recording: Recording, events: Sequence[ClipEvent], policy: Policy, *, span: Span | None = None
) -> Script | None:
    """How a session before the recording is answered; None where the events are too few for one.

    Enough is what `verify_clip` asks for: three actions of the pool, one of them a head movement; and a
    stretch that meets the alignment step, all of it near enough to be walked to in time. Of a long clip,
    the part with the most actions is played. span: how long it may be; by default
    what can be walked through in a challenge's time.
    """
    within = [_end_within(event, recording) for event in events if event.start_s < recording.duration_s]
    for part in _list_parts(within, policy, span or _span_of(policy)):
        inside = [_shift(event, part.start_s) for event in part.events]
        script = _script_part(recording.cut(part.start_s, part.end_s), inside, part.start_s)
        if script is not None:
            return script
    return None


def play_session(
    script: Script,
    policy: Policy,
    seed: str,
    *,
    camera: Camera[FaceObservation] | None = None,
    arrive: Callable[[float], int] = round,
) -> ClipVerdict:
    """A full session; the seed settles its draw of challenges.

    camera: what stands in for a camera that walks through the script's part. arrive: when a frame arrives
    that was captured at a time, in milliseconds. Raises ClipError for a script too short for the policy.
    """
    recording = script.recording
    subject = ClipSubject(
        camera or WalkingCamera(recording.carried, recording.fps), script.segments, policy.pool
    )
    rng = Random(seed)  # noqa: S311  (a wanted repeat)
    return InProcessSession(subject, recall_observation, policy, rng=rng, arrive=arrive).run()


def _span_of(policy: Policy) -> Span:
    return Span(tuple(share * policy.challenge_timeout_ms / 1_000 for share in REACH_SHARES))


def _is_enough(events: Sequence[ClipEvent], policy: Policy) -> bool:
    shown = {event.actions[0] for event in events}
    try:
        restrict_pool(policy.pool, [action for action in POOL if action not in shown])
    except PoolExhaustedError:
        return False
    return True


def _list_parts(events: Sequence[ClipEvent], policy: Policy, span: Span) -> Iterator[_Part]:
    """Parts with enough events, the best first."""
    for reach_s, rest_s in product(span.reaches_s, span.rests_s):
        parts = []
        for start_s in sorted({event.start_s for event in events}):
            inside = [e for e in events if e.start_s >= start_s and e.end_s <= start_s + reach_s]
            if _is_enough(inside, policy):
                end_s = max(event.end_s for event in inside)
                parts.append(_Part(max(0.0, start_s - rest_s), end_s + rest_s, inside))
        # Sorting keeps the order of parts that show as many actions: the earliest wins.
        yield from sorted(parts, key=lambda part: -len({event.actions[0] for event in part.events}))


def _script_part(recording: Recording, events: Sequence[ClipEvent], start_s: float) -> Script | None:
    reference = find_reference(recording, events)
    if reference is None or reference.segment is None:
        return None
    actions = [event.segment for event in events if event.actions[0] is not Action.LOOK_STRAIGHT]
    return Script(recording, (reference.segment, *actions), start_s)


def _end_within(event: ClipEvent, recording: Recording) -> ClipEvent:
    return replace(event, end_s=min(event.end_s, recording.duration_s))


def _shift(event: ClipEvent, start_s: float) -> ClipEvent:
    return replace(event, start_s=event.start_s - start_s, end_s=event.end_s - start_s)
