"""One challenge being attempted: its judge, what kept it from passing, and its time."""

from collections.abc import Mapping

from verification.liveness.actions import Action
from verification.liveness.baseline import NeutralBaseline, relax_baseline
from verification.liveness.events import IssuedChallenge
from verification.liveness.framing import judge_framing
from verification.liveness.geometry import ramp
from verification.liveness.judges import Judge, judge_for
from verification.liveness.measures import FaceReading
from verification.liveness.observation import FaceObservation, HeadPose
from verification.liveness.vocabulary import ChallengeFault, Hint

EMOTIONS_LAST_MS = 500
MAX_TURN_DEG_PER_S = 250.0
MIN_FACE_SHARE = 0.2
MIN_GOOD_SHARE = 0.5
PROMPT_SHARE, SLOW_SHARE = 0.5, 1.3  # of the timeout: full marks for an answer before the first


class ChallengeAttempt:
    def __init__(self, challenge: IssuedChallenge) -> None:
        self.challenge = challenge
        self._judge: Judge | None = None
        if challenge.action is not Action.LOOK_STRAIGHT:
            self._judge = judge_for(challenge.action)
        self._frames = self._frames_with_face = self._frames_well_placed = 0
        self._emotions: tuple[int, Mapping[str, float]] | None = None
        self._last_pose: tuple[int, HeadPose] | None = None
        self._relaxed: NeutralBaseline | None = None
        self._elapsed_ms = 0
        self._lost_ms = 0

    @property
    def ends_at_ms(self) -> int:
        return self.challenge.revealed_at_ms + self.challenge.timeout_ms + self._lost_ms

    def excuse(self, lost_ms: int) -> None:
        """Give back time that the server let pass."""
        self._lost_ms += lost_ms

    @property
    def progress(self) -> float:
        return self._judge.progress if self._judge else 0.0

    @property
    def peak(self) -> float:
        """The furthest the action was carried, 1 where it counts as done."""
        return self._judge.peak if self._judge else 0.0

    @property
    def is_done(self) -> bool:
        return self._judge is not None and self._judge.is_done

    @property
    def compliance(self) -> float:
        """0..1: an answer in the first half of the time has full marks, the last moment about two thirds."""
        share = max(0, self._elapsed_ms - self._lost_ms) / self.challenge.timeout_ms
        return 1.0 - 0.5 * ramp(share, PROMPT_SHARE, SLOW_SHARE)

    @property
    def expression_shown(self) -> float:
        """0..1: how clearly the expression was shown; a glimpse that was not held counts half."""
        return min(1.0, self.peak) * (1.0 if self.is_done else 0.5)

    @property
    def fault(self) -> ChallengeFault:
        """Why it failed, if it fails now."""
        if self._frames_with_face < MIN_FACE_SHARE * max(self._frames, 1):
            return ChallengeFault.NO_RESPONSE
        if self._frames_well_placed < MIN_GOOD_SHARE * self._frames:
            return ChallengeFault.POOR_CAPTURE
        return ChallengeFault.NOT_PERFORMED

    def note(self, observation: FaceObservation, hint: Hint) -> None:
        """Count a frame towards the reason a failure would have."""
        self._frames += 1
        self._frames_with_face += observation.face is not None
        self._frames_well_placed += hint in (Hint.OK, Hint.FOLLOW_INSTRUCTION, Hint.SLOW_DOWN)

    def observe(self, observation: FaceObservation, baseline: NeutralBaseline, at_ms: int) -> Hint:
        """Judge one frame that arrived at `at_ms`, on the clock of the reveal; return the hint."""
        framing = judge_framing(observation)
        # Turning the head moves the face off the middle; that is no fault of placing.
        hint = Hint.OK if framing is Hint.CENTER_FACE else framing
        self.note(observation, hint)
        if observation.emotions is not None:
            self._emotions = (at_ms, observation.emotions)
        if observation.face is None or hint is Hint.MULTIPLE_FACES or self._judge is None:
            return hint
        self._elapsed_ms = at_ms - self.challenge.revealed_at_ms
        self._relaxed = relax_baseline(self._relaxed or baseline, observation.face)
        reading = FaceReading(observation.face, self._relaxed, self._recent_emotions(at_ms))
        self._judge.observe(reading, self._elapsed_ms)
        return self._hint_for(hint, observation.face.pose, at_ms)

    def _recent_emotions(self, at_ms: int) -> Mapping[str, float] | None:
        if self._emotions is None or at_ms - self._emotions[0] > EMOTIONS_LAST_MS:
            return None
        return self._emotions[1]

    def _hint_for(self, hint: Hint, pose: HeadPose, at_ms: int) -> Hint:
        last, self._last_pose = self._last_pose, (at_ms, pose)
        if hint is not Hint.OK:
            return hint
        if last is not None:
            turned_deg = abs(pose.yaw_deg - last[1].yaw_deg)
            if turned_deg > MAX_TURN_DEG_PER_S * max(at_ms - last[0], 20) / 1_000:
                return Hint.SLOW_DOWN
        return Hint.OK if self.progress > 0.1 or self.is_done else Hint.FOLLOW_INSTRUCTION
