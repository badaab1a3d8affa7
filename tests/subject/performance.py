"""How the subject moves in time when asked for an action: after a moment, smoothly, and never quite still."""

import functools
import math
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import NamedTuple

from tests.subject.portrait import Image
from tests.subject.pose import FRONTAL, NEUTRAL, Expression, HeadRotation
from tests.subject.subject import CaptureSubject

REACTION_S = 0.4
"""From the moment the action is asked for to the first movement."""

_REST_S = 0.3
_BLINK_EVERY_S, _BLINK_JITTER_S = 3.5, 0.25
_BLINK_CLOSING_S, _BLINK_SHUT_S, _BLINK_OPENING_S = 0.10, 0.08, 0.16
_SWAY_HZ = (0.11, 0.23, 0.41, 1.3)
_SWAY_DEG = (0.7, 0.4, 0.25, 0.06)


@dataclass(frozen=True, slots=True)
class _Pose:
    """A pose to reach in `ease_s` and then to hold; None holds for as long as the performance asks."""

    ease_s: float
    hold_s: float | None = 0.0
    yaw_deg: float = 0.0
    pitch_deg: float = 0.0
    expression: Expression = NEUTRAL


_NEUTRAL_AGAIN = _Pose(0.5)
_POSES: dict[str, tuple[_Pose, ...]] = {
    "look_straight": (_Pose(0.1, None),),
    "turn_left": (_Pose(0.8, None, yaw_deg=38.0), _Pose(0.8)),
    "turn_right": (_Pose(0.8, None, yaw_deg=-38.0), _Pose(0.8)),
    "look_up": (_Pose(0.7, None, pitch_deg=21.0), _Pose(0.7)),
    "look_down": (_Pose(0.7, None, pitch_deg=-21.0), _Pose(0.7)),
    "nod": (_Pose(0.5, 0.1, pitch_deg=-19.0), _Pose(0.6, 0.05, pitch_deg=7.0), _Pose(0.4)),
    "blink": (_Pose(0.14, 0.2, expression=Expression(close_eyes=1.0)), _Pose(0.18, 0.4)),
    "open_mouth": (_Pose(0.5, None, expression=Expression(open_mouth=1.0)), _NEUTRAL_AGAIN),
    "raise_eyebrows": (_Pose(0.35, None, expression=Expression(raise_brows=1.0)), _NEUTRAL_AGAIN),
    "smile": (_Pose(0.5, None, expression=Expression(smile=1.0)), _NEUTRAL_AGAIN),
    "surprise": (
        _Pose(0.35, None, expression=Expression(raise_brows=1.0, open_mouth=0.75)),
        _NEUTRAL_AGAIN,
    ),
}

ACTIONS = tuple(_POSES)
"""The actions that can be performed, by their names on the wire."""


class Performance:
    """One action, from the moment it is asked for until the subject is neutral again.

    count: how often a nod or blink is repeated. hold_s: how long any other pose is held. seed: of the sway
    and the spontaneous blinks. began_at_s: the subject's own time when the action is asked for; performances
    that follow each other on one clock, with one seed, join without a jump.
    Raises ValueError for an action not in `ACTIONS`.
    """

    def __init__(
        self, action: str, *, count: int = 1, hold_s: float = 1.0, seed: int = 0, began_at_s: float = 0.0
    ) -> None:
        if action not in _POSES:
            raise ValueError(f"no such action: {action}")
        self.action = action
        self._sway = _Sway(seed)
        self._began_at_s = began_at_s
        self._keys = [(REACTION_S, _Pose(0.0))]
        repeats = count if action in {"nod", "blink"} else 1
        for pose in _POSES[action] * repeats:
            held_s = hold_s if pose.hold_s is None else pose.hold_s
            reached_s = self._keys[-1][0] + pose.ease_s
            self._keys += [(reached_s, pose), (reached_s + held_s, pose)]

    @property
    def duration_s(self) -> float:
        """From the request to a short rest in the neutral pose."""
        return self._keys[-1][0] + _REST_S

    def at(self, elapsed_s: float) -> tuple[HeadRotation, Expression]:
        """Give the pose some seconds after the action was asked for; neutral, but for the sway, after it."""
        rotation, expression = self._intend(elapsed_s)
        now_s = self._began_at_s + elapsed_s
        swayed = self._sway.rotate(rotation, now_s)
        # Whoever blinks on request does not blink by the way as well.
        if self.action == "blink" and elapsed_s < self.duration_s:
            return swayed, expression
        return swayed, self._sway.blink(expression, now_s)

    def _intend(self, elapsed_s: float) -> tuple[HeadRotation, Expression]:
        for (from_s, start), (to_s, end) in pairwise(self._keys):
            if from_s <= elapsed_s < to_s:
                share = _ease((elapsed_s - from_s) / (to_s - from_s))
                return _mix(start, end, share)
        return FRONTAL, NEUTRAL


class Moment(NamedTuple):
    """A frame of a recording: what was asked for, since when, and what the camera saw."""

    action: str
    elapsed_s: float
    frame: Image


def record(
    subject: CaptureSubject, actions: Iterable[str], *, fps: float = 15.0, seed: int = 0
) -> Iterator[Moment]:
    """Have the actions performed one after another and render them, without a cut."""
    number = 0
    began_at_s = 0.0
    for action in actions:
        performance = Performance(action, seed=seed, began_at_s=began_at_s)
        while (elapsed_s := number / fps - began_at_s) < performance.duration_s:
            rotation, expression = performance.at(elapsed_s)
            frame = subject.render(rotation, expression, noise_seed=seed * 1_000_003 + number)
            yield Moment(action, elapsed_s, frame)
            number += 1
        began_at_s += performance.duration_s


class _Sway:
    """What a person does without meaning to: the head drifts and trembles a little, the eyes blink."""

    def __init__(self, seed: int) -> None:
        # A frame asks for three blinks, and a generator of its own for each is most of what a pose costs.
        self._blink_begins_s = functools.cache(functools.partial(_draw_blink_s, seed))
        phases = random.Random(f"sway {seed}")
        self._phases = [[phases.uniform(0, 2 * math.pi) for _ in _SWAY_HZ] for _ in range(3)]

    def rotate(self, rotation: HeadRotation, now_s: float) -> HeadRotation:
        yaw, pitch, roll = (
            sum(
                deg * math.sin(2 * math.pi * hz * now_s + phase)
                for hz, deg, phase in zip(_SWAY_HZ, _SWAY_DEG, phases, strict=True)
            )
            for phases in self._phases
        )
        return HeadRotation(
            rotation.yaw_deg + yaw, rotation.pitch_deg + 0.6 * pitch, rotation.roll_deg + 0.6 * roll
        )

    def blink(self, expression: Expression, now_s: float) -> Expression:
        """Close the eyes every 3 to 4 seconds, whatever else goes on."""
        nearest = max(1, round(now_s / _BLINK_EVERY_S))
        closed = max(self._close(now_s - self._blink_begins_s(nearest + step)) for step in (-1, 0, 1))
        return replace(expression, close_eyes=max(expression.close_eyes, closed))

    @staticmethod
    def _close(since_s: float) -> float:
        if since_s < 0:
            return 0.0
        if since_s < _BLINK_CLOSING_S:
            return _ease(since_s / _BLINK_CLOSING_S)
        opening_s = since_s - _BLINK_CLOSING_S - _BLINK_SHUT_S
        return 1.0 - _ease(min(1.0, max(0.0, opening_s) / _BLINK_OPENING_S))


def _draw_blink_s(seed: int, number: int) -> float:
    """When the blink of this number begins."""
    jitter = random.Random(f"blink {seed} {number}").uniform(-_BLINK_JITTER_S, _BLINK_JITTER_S)
    return number * _BLINK_EVERY_S + jitter if number > 0 else -math.inf


def _ease(share: float) -> float:
    """Give the minimum-jerk profile of a reaching movement (Flash and Hogan, 1985), 0..1 to 0..1."""
    return share**3 * (10 - 15 * share + 6 * share**2)


def _mix(start: _Pose, end: _Pose, share: float) -> tuple[HeadRotation, Expression]:
    def between(a: float, b: float) -> float:
        return a + share * (b - a)

    rotation = HeadRotation(between(start.yaw_deg, end.yaw_deg), between(start.pitch_deg, end.pitch_deg))
    a, b = start.expression, end.expression
    return rotation, Expression(
        smile=between(a.smile, b.smile),
        open_mouth=between(a.open_mouth, b.open_mouth),
        raise_brows=between(a.raise_brows, b.raise_brows),
        close_eyes=between(a.close_eyes, b.close_eyes),
    )
