"""Which part of a clip shows which action: `turn_left@7.4-10.4,smile@1-2.5`."""

import re
from dataclasses import dataclass

from verification.liveness.actions import POOL, Action

_SEGMENT = re.compile(r"(?P<action>[a-z_]+)@(?P<start>\d+(?:\.\d+)?)-(?P<end>\d+(?:\.\d+)?)")


class ClipError(ValueError):
    """The clip or its description cannot be used; the message is one line for a person."""


@dataclass(frozen=True, slots=True)
class Segment:
    """start_s, end_s: seconds from the clip's beginning, start before end."""

    action: Action
    start_s: float
    end_s: float


def parse_segments(text: str) -> tuple[Segment, ...]:
    """Parse the list. Raises ClipError naming the part that is wrong."""
    return tuple(_parse_segment(part.strip()) for part in text.split(",") if part.strip())


def check_within(segments: tuple[Segment, ...], duration_s: float) -> None:
    """Raises ClipError for a segment that ends after the clip does."""
    for segment in segments:
        if segment.end_s > duration_s + 0.05:
            raise ClipError(
                f"{segment.action}@{segment.start_s:g}-{segment.end_s:g} lies outside the clip, "
                f"which lasts {duration_s:.1f} s"
            )


def _parse_segment(part: str) -> Segment:
    match = _SEGMENT.fullmatch(part)
    if match is None:
        raise ClipError(f"{part!r} is not like turn_left@7.4-10.4 (action@start-end, in seconds)")
    known = {str(action): action for action in (Action.LOOK_STRAIGHT, *POOL)}
    action = known.get(match["action"])
    if action is None:
        raise ClipError(f"unknown action {match['action']!r}; known are {', '.join(known)}")
    segment = Segment(action, float(match["start"]), float(match["end"]))
    if segment.end_s <= segment.start_s:
        raise ClipError(f"{part!r} ends before it starts")
    return segment
