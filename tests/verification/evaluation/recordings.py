"""Recordings made of numbers: the domain's own faces, carrying out actions at known times."""

from collections.abc import Sequence
from dataclasses import dataclass

from tests.verification.liveness.performance import RISE_AND_HOLD, STROKES, observe_action
from verification.evaluation.recording import Recording
from verification.evaluation.tables import ClipEvent
from verification.liveness.actions import Action
from verification.liveness.observation import SampledModel

FPS = 10.0
REST_FRAMES = 12
FALL = (0.75, 0.5, 0.25, 0.0)
PLAYABLE = (Action.TURN_LEFT, Action.SMILE, Action.OPEN_MOUTH)


@dataclass(frozen=True)
class Acted:
    """events: one for each action, from its first movement to its last."""

    recording: Recording
    events: tuple[ClipEvent, ...]


def act(actions: Sequence[Action], *, rest_frames: int = REST_FRAMES) -> Acted:
    """A person at rest who carries out each action once, at rest again after each."""
    moves: list[tuple[Action, float]] = [(Action.LOOK_STRAIGHT, 0.0)] * REST_FRAMES
    events = []
    for action in actions:
        amounts = STROKES.get(action, (*RISE_AND_HOLD, *FALL))
        first = len(moves) + sum(1 for amount in amounts[:3] if amount == 0.0)
        moves += [(action, amount) for amount in amounts]
        events.append(ClipEvent(str(action), (action,), first / FPS, len(moves) / FPS))
        moves += [(Action.LOOK_STRAIGHT, 0.0)] * rest_frames
    wanted = frozenset(SampledModel)
    observations = tuple(
        observe_action(
            action,
            amount,
            frame=frame,
            wanted=wanted if frame % 4 == 0 else frozenset({SampledModel.EMOTION}),
        )
        for frame, (action, amount) in enumerate(moves)
    )
    return Acted(Recording(observations, FPS), tuple(events))
