"""Looking for the actions that a clip without events shows, so that it can be played as a session.

The live judges do the finding, so such events say nothing about the judges: they never count in the rates
of the actions. What a session played from them measures is all that comes after.
"""

from collections.abc import Iterator

from verification.clips.camera import MARGIN_S
from verification.evaluation.recording import Recording
from verification.evaluation.reference import Reference, find_reference
from verification.evaluation.tables import ClipEvent
from verification.liveness.actions import POOL, Action
from verification.liveness.attempt import ChallengeAttempt
from verification.liveness.events import IssuedChallenge

# A long clip is searched in windows, since actions far apart cannot be played in one session.
WINDOW_S, WINDOW_STEP_S = 12.0, 6.0
# Where an action is found to end, how far back it may have begun, and in which steps that is tried.
MAX_ACTION_S, STEP_S = 4.0, 0.25

_Span = tuple[int, int]  # the first frame, and the one after the last


def find_events(recording: Recording) -> list[ClipEvent]:
    """One stretch for each action that is found in the window that shows the most; empty for none."""
    reference = find_reference(recording)
    if reference is None or reference.segment is None:
        return []
    return max((_search(recording, reference, window) for window in _list_windows(recording)), key=len)


def _list_windows(recording: Recording) -> Iterator[_Span]:
    count = len(recording.observations)
    size, step = (max(1, round(seconds * recording.fps)) for seconds in (WINDOW_S, WINDOW_STEP_S))
    for first in range(0, max(1, count - size + step), step):
        yield first, min(first + size, count)


def _search(recording: Recording, reference: Reference, window: _Span) -> list[ClipEvent]:
    found = []
    for action in POOL:
        last = _judge(recording, reference, action, window)
        event = None if last is None else _bound(recording, reference, action, last)
        if event is not None:
            found.append(event)
    return found


def _bound(recording: Recording, reference: Reference, action: Action, last: int) -> ClipEvent | None:
    """The shortest stretch up to a frame that is accepted by itself, less the margin that a camera adds."""
    for step in range(1, round(MAX_ACTION_S / STEP_S) + 1):
        first = max(0, last - round(step * STEP_S * recording.fps))
        if _judge(recording, reference, action, (first, last + 1)) is not None:
            end_s = last / recording.fps
            start_s = min(first / recording.fps + MARGIN_S, end_s - 1 / recording.fps)
            return ClipEvent("found", (action,), max(0.0, start_s), end_s)
    return None


def _judge(recording: Recording, reference: Reference, action: Action, span: _Span) -> int | None:
    """The frame at which the judge accepts, shown these frames once; None if it never does."""
    first, end = span
    duration_ms = recording.at_ms(end) - recording.at_ms(first) + 1
    attempt = ChallengeAttempt(IssuedChallenge("", 1, 1, action, b"", 0, duration_ms))
    for index in range(first, end):
        at_ms = recording.at_ms(index) - recording.at_ms(first)
        attempt.observe(recording.carried[index], reference.baseline, at_ms)
        if attempt.is_done:
            return index
    return None
