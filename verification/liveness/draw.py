"""Drawing unpredictable challenges. `rng` is `secrets.SystemRandom()` wherever it counts."""

from collections.abc import Sequence
from itertools import pairwise
from random import Random

from verification.liveness.actions import EXPRESSIONS, HEAD_MOVEMENTS, HEAD_TURNS, Action


def draw_actions(pool: Sequence[Action], count_range: tuple[int, int], rng: Random) -> tuple[Action, ...]:
    """Draw a sequence of actions: never the same twice in a row, repeats only when the pool is small.

    At least one head turn (else another head movement) and one expression are drawn where the pool
    holds them, since they carry the parallax and the expression evidence.
    """
    count = rng.randint(*count_range)
    drawn = [rng.choice(group) for group in _required_groups(pool)][:count]
    unused = [action for action in pool if action not in drawn]
    rng.shuffle(unused)
    drawn += unused[: count - len(drawn)]
    while len(drawn) < count:
        drawn.append(rng.choice(pool))
    return _shuffle_apart(drawn, pool, rng)


def draw_replacement(
    pool: Sequence[Action], *, replaced: Action, upcoming: Sequence[Action], rng: Random
) -> Action:
    """Draw the action that takes the place of one that failed or was skipped.

    It differs from the replaced one and from the one that follows, and where the pool allows it is of
    the same group, so that the evidence a group carries is still collected.
    """
    after = upcoming[0] if upcoming else None
    others = [action for action in pool if action is not replaced]
    candidates = [action for action in others if action is not after] or others
    for group in (HEAD_TURNS, HEAD_MOVEMENTS, EXPRESSIONS):
        same_group = [action for action in candidates if action in group]
        if replaced in group and same_group:
            return rng.choice(same_group)
    return rng.choice(candidates)


def _required_groups(pool: Sequence[Action]) -> list[list[Action]]:
    turns = [action for action in pool if action in HEAD_TURNS]
    movements = [action for action in pool if action in HEAD_MOVEMENTS]
    expressions = [action for action in pool if action in EXPRESSIONS]
    return [group for group in (turns or movements, expressions) if group]


def _shuffle_apart(drawn: list[Action], pool: Sequence[Action], rng: Random) -> tuple[Action, ...]:
    """A random order in which neighbours differ; a clash that no order avoids is redrawn."""
    for _ in range(50):
        rng.shuffle(drawn)
        if all(a is not b for a, b in pairwise(drawn)):
            return tuple(drawn)
    ordered: list[Action] = []
    for action in drawn:
        clashes = bool(ordered) and ordered[-1] is action
        ordered.append(rng.choice([a for a in pool if a is not action]) if clashes else action)
    return tuple(ordered)
