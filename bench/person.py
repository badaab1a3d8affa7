"""The tests' simulated subject as a camera: does what it is asked to, so that a session comes to its end."""

from bench.frames import FPS, encode_frame
from tests.subject.performance import Performance
from tests.subject.subject import SimulatedSubject
from verification.clips.camera import Camera
from verification.clips.segments import Segment
from verification.clips.subject import ClipSubject
from verification.liveness.actions import POOL, Action


class PerformingCamera(Camera[bytes]):
    """JPEG frames at ten a second; `aim` asks for the segment's action, None to look straight."""

    fps = float(FPS)
    duration_s = float(len(POOL))

    def __init__(self, seed: int = 0) -> None:
        self._subject = SimulatedSubject()
        self._seed = seed
        self._taken = 0
        self._next: Action | None = None
        self._begin(Action.LOOK_STRAIGHT)

    def aim(self, segment: Segment | None) -> None:
        """Ask for an action. What is being done is ended first: nobody jumps from one pose into another."""
        self._next = segment.action if segment else Action.LOOK_STRAIGHT

    def take(self) -> bytes:
        is_at_rest = self._elapsed_s >= self._performance.duration_s or self._is_waiting
        if self._next is not None and is_at_rest:
            self._begin(self._next)
            self._next = None
        rotation, expression = self._performance.at(self._elapsed_s)
        self._taken += 1
        noise_seed = 1_000_003 * self._seed + self._taken
        return encode_frame(self._subject.render(rotation, expression, noise_seed=noise_seed))

    @property
    def _elapsed_s(self) -> float:
        return self._taken / FPS - self._began_at_s

    @property
    def _is_waiting(self) -> bool:
        return self._performance.action == Action.LOOK_STRAIGHT

    def _begin(self, action: Action) -> None:
        self._began_at_s = self._taken / FPS
        # As often as any challenge asks for it.
        self._performance = Performance(str(action), count=2, seed=self._seed, began_at_s=self._began_at_s)


def make_subject(seed: int = 0) -> ClipSubject[bytes]:
    """A subject that can show every action."""
    segments = [Segment(action, float(index), index + 1.0) for index, action in enumerate(POOL)]
    return ClipSubject(PerformingCamera(seed), segments)
