"""The capture subject a clip makes: which actions it can show, and the camera aimed at the one asked for."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Generic

from verification.clips.camera import Camera, Frame
from verification.clips.segments import ClipError, Segment, check_within
from verification.liveness.actions import POOL, Action, PoolExhaustedError, restrict_pool


@dataclass(frozen=True, slots=True)
class ChallengeRecord:
    """What came of one challenge. latency_ms: from its reveal to its end."""

    action: str
    outcome: str
    reason: str
    latency_ms: int


@dataclass(slots=True)
class ClipVerdict:
    """The end of a session held before a clip. scores and signals are None where the server hides them."""

    decision: str
    reason: str
    scores: dict[str, float | None] | None
    signals: dict[str, float | None] | None = None
    measures: dict[str, Any] = field(default_factory=dict)
    challenges: list[ChallengeRecord] = field(default_factory=list)
    frames: int = 0
    elapsed_s: float = 0.0
    token: str | None = None


class ClipSubject(Generic[Frame]):
    """Raises ClipError when the clip shows too few actions for a session."""

    def __init__(
        self, camera: Camera[Frame], segments: Sequence[Segment], pool: Sequence[Action] = POOL
    ) -> None:
        check_within(tuple(segments), camera.duration_s)
        self.camera = camera
        self._segments: dict[Action, Segment] = {}
        for segment in segments:
            self._segments.setdefault(segment.action, segment)
        try:
            self.pool = restrict_pool(pool, self.excluded)
        except PoolExhaustedError as error:
            raise ClipError(f"the clip shows too few actions: {error}") from error

    @property
    def excluded(self) -> tuple[Action, ...]:
        """The actions that the clip cannot show."""
        return tuple(action for action in POOL if action not in self._segments)

    def answer(self, action: Action) -> None:
        """Aim the camera at where the clip shows the action."""
        self.camera.aim(self._segments.get(action))
