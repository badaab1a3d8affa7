"""The catalogue of actions a capture subject can be asked for, and how each one is parameterised."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Action(StrEnum):
    """What is asked. The values are the wire strings of docs/protocol.md."""

    LOOK_STRAIGHT = "look_straight"
    TURN_LEFT = "turn_left"
    TURN_RIGHT = "turn_right"
    LOOK_UP = "look_up"
    LOOK_DOWN = "look_down"
    NOD = "nod"
    BLINK = "blink"
    OPEN_MOUTH = "open_mouth"
    RAISE_EYEBROWS = "raise_eyebrows"
    SMILE = "smile"
    SURPRISE = "surprise"


class ChallengeKind(StrEnum):
    ALIGN = "align"
    GESTURE = "gesture"
    EXPRESSION = "expression"


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """How an action is announced: its kind and the parameters sent with the challenge."""

    kind: ChallengeKind
    params: Mapping[str, int]


def _spec(kind: ChallengeKind, **params: int) -> ActionSpec:
    return ActionSpec(kind, MappingProxyType(params))


CATALOGUE: Mapping[Action, ActionSpec] = MappingProxyType(
    {
        Action.LOOK_STRAIGHT: _spec(ChallengeKind.ALIGN, hold_ms=600),
        Action.TURN_LEFT: _spec(ChallengeKind.GESTURE, hold_ms=200),
        Action.TURN_RIGHT: _spec(ChallengeKind.GESTURE, hold_ms=200),
        Action.LOOK_UP: _spec(ChallengeKind.GESTURE, hold_ms=200),
        Action.LOOK_DOWN: _spec(ChallengeKind.GESTURE, hold_ms=200),
        Action.NOD: _spec(ChallengeKind.GESTURE, count=1),
        Action.BLINK: _spec(ChallengeKind.GESTURE, count=2),
        Action.OPEN_MOUTH: _spec(ChallengeKind.GESTURE, hold_ms=300),
        Action.RAISE_EYEBROWS: _spec(ChallengeKind.GESTURE, hold_ms=300),
        Action.SMILE: _spec(ChallengeKind.EXPRESSION, hold_ms=400),
        Action.SURPRISE: _spec(ChallengeKind.EXPRESSION, hold_ms=400),
    }
)

POOL: tuple[Action, ...] = tuple(action for action in Action if action is not Action.LOOK_STRAIGHT)
HEAD_TURNS = frozenset({Action.TURN_LEFT, Action.TURN_RIGHT})
HEAD_MOVEMENTS = HEAD_TURNS | {Action.LOOK_UP, Action.LOOK_DOWN, Action.NOD}
EXPRESSIONS = frozenset({Action.SMILE, Action.SURPRISE})
MIN_POOL_SIZE = 3


class PoolExhaustedError(ValueError):
    """The exclusions leave too little to draw from."""


def restrict_pool(pool: Iterable[Action], exclude: Iterable[Action]) -> tuple[Action, ...]:
    """The pool without the actions a person cannot perform.

    Raises PoolExhaustedError when fewer than three actions or no head movement would be left: head
    movements carry the parallax evidence, without which a flat print cannot be told from a head.
    """
    excluded = frozenset(exclude)
    left = tuple(action for action in pool if action not in excluded)
    if len(left) < MIN_POOL_SIZE:
        raise PoolExhaustedError(f"Only {len(left)} actions are left; at least {MIN_POOL_SIZE} are needed.")
    if not HEAD_MOVEMENTS.intersection(left):
        raise PoolExhaustedError("No head movement is left; at least one is needed.")
    return left
