"""The alignment step: a face, well placed, looking straight, held for a moment."""

from collections import deque

from verification.liveness.actions import CATALOGUE, Action
from verification.liveness.baseline import NeutralBaseline, build_baseline
from verification.liveness.framing import is_looking_straight, judge_framing
from verification.liveness.frontal import average_frontal
from verification.liveness.observation import Face, FaceObservation, HeadPose
from verification.liveness.vocabulary import Hint

MIN_FRAMES = 5
MAX_FRAMES = 60
# Judged over a sixth of a second: from one frame to the next, landmark noise alone is 40 degrees/s.
STILL_DEG_PER_S = 40.0
SPEED_WINDOW_MS = 160


class AlignmentJudge:
    """Collects frames that are good in a row, and makes the neutral baseline of them."""

    def __init__(self) -> None:
        self._hold_ms = CATALOGUE[Action.LOOK_STRAIGHT].params["hold_ms"]
        self._good: list[FaceObservation] = []
        self._good_since_ms = 0
        self._recent: deque[tuple[int, HeadPose]] = deque(maxlen=30)
        self._progress = 0.0

    @property
    def progress(self) -> float:
        return self._progress

    @property
    def is_done(self) -> bool:
        return self._progress >= 1.0

    def observe(self, observation: FaceObservation, at_ms: int) -> Hint:
        """Take one frame and say what should change, OK while the person need only hold."""
        hint = self._judge(observation, at_ms)
        if hint is not Hint.OK:
            self._good.clear()
            self._progress = 0.0
            return hint
        self._good_since_ms = self._good_since_ms if self._good else at_ms
        self._good = [*self._good, observation][-MAX_FRAMES:]
        held = (at_ms - self._good_since_ms) / self._hold_ms
        self._progress = min(1.0, held, len(self._good) / MIN_FRAMES)
        return hint

    def conclude(self) -> tuple[NeutralBaseline, Face]:
        """The baseline, and the frontal face of the step. Raises ValueError before any good frame."""
        baseline = build_baseline(self._good)
        faces = [observation.face for observation in self._good if observation.face is not None]
        return baseline, average_frontal(faces)

    def _judge(self, observation: FaceObservation, at_ms: int) -> Hint:
        hint = judge_framing(observation)
        if hint is not Hint.OK or observation.face is None:
            return hint
        is_still = self._is_still(observation.face.pose, at_ms)
        if not is_looking_straight(observation.face):
            return Hint.FOLLOW_INSTRUCTION
        return Hint.OK if is_still else Hint.HOLD_STILL

    def _is_still(self, pose: HeadPose, at_ms: int) -> bool:
        self._recent.append((at_ms, pose))
        while len(self._recent) > 1 and at_ms - self._recent[1][0] >= SPEED_WINDOW_MS:
            self._recent.popleft()
        earliest = self._recent[0]
        is_long_enough = at_ms - earliest[0] >= SPEED_WINDOW_MS
        return not is_long_enough or _speed_deg_per_s(earliest, (at_ms, pose)) <= STILL_DEG_PER_S


def _speed_deg_per_s(before: tuple[int, HeadPose], after: tuple[int, HeadPose]) -> float:
    change = max(abs(after[1].yaw_deg - before[1].yaw_deg), abs(after[1].pitch_deg - before[1].pitch_deg))
    return 1_000.0 * change / max(after[0] - before[0], 1)
