"""All evidence of one session in one place: every observation goes in, scores come out."""

from collections import deque
from collections.abc import Mapping
from statistics import fmean, median

from verification.liveness.baseline import NeutralBaseline
from verification.liveness.continuity import ContinuityMeter
from verification.liveness.motion import MicroMotionMeter
from verification.liveness.observation import Face, FaceObservation
from verification.liveness.parallax import ParallaxMeter
from verification.liveness.policy import Weights
from verification.liveness.score import Scores, Signal, fuse_liveness, fuse_scores
from verification.liveness.timing import TimingMeter
from verification.liveness.vocabulary import Reason

MAX_SAMPLES = 300
MIN_SAMPLES = 3


class Evidence:
    """Meters and samples. Bounded memory whatever the length of the session."""

    def __init__(self) -> None:
        self._parallax = ParallaxMeter()
        self._motion = MicroMotionMeter()
        self._timing = TimingMeter()
        self._continuity = ContinuityMeter()
        self._texture: deque[float] = deque(maxlen=MAX_SAMPLES)
        self._deepfake: deque[float] = deque(maxlen=MAX_SAMPLES)
        self._compliance: list[float] = []
        self._expressions: list[float] = []

    def begin_challenges(self, baseline: NeutralBaseline, frontal: Face) -> None:
        """Alignment is over: parallax and continuity are measured against what it saw."""
        self._parallax.set_frontal(frontal)
        self._continuity.begin(baseline.skin_lab)

    def observe(self, observation: FaceObservation, *, arrived_at_ms: int, captured_at_ms: int) -> None:
        self._timing.observe(observation, arrived_at_ms=arrived_at_ms, captured_at_ms=captured_at_ms)
        self._continuity.observe(observation, arrived_at_ms)
        if observation.face is not None:
            self._parallax.observe(observation.face)
            self._motion.observe(observation.face, arrived_at_ms)
        if observation.texture is not None:
            self._texture.append(observation.texture)
        if observation.deepfake is not None:
            self._deepfake.append(observation.deepfake)

    def add_compliance(self, value: float) -> None:
        """One ended challenge, 0..1: how well the answer fitted what was asked."""
        self._compliance.append(value)

    def add_expression(self, value: float) -> None:
        """One ended expression challenge, 0..1: how clearly the expression was shown."""
        self._expressions.append(value)

    @property
    def signals(self) -> dict[Signal, float | None]:
        return {
            Signal.PARALLAX: self._parallax.score,
            Signal.MICRO_MOTION: self._motion.score,
            Signal.TEXTURE: _median_of(self._texture),
            Signal.COMPLIANCE: fmean(self._compliance) if self._compliance else None,
            Signal.TIMING: self._timing.score,
            Signal.CONTINUITY: self._continuity.score,
        }

    @property
    def measures(self) -> dict[str, Mapping[str, float]]:
        """The numbers under the signals, for the audit event."""
        residual = self._parallax.residual
        return {
            "parallax": {} if residual is None else {"residual": residual},
            "micro_motion": self._motion.measures,
            "timing": self._timing.measures,
            "continuity": self._continuity.measures,
            "samples": {"texture": len(self._texture), "deepfake": len(self._deepfake)},
        }

    @property
    def contradictions(self) -> tuple[Reason, ...]:
        """What no living, single capture subject can show."""
        found = (
            (self._timing.is_frozen, Reason.INJECTION_SUSPECTED),
            (self._continuity.has_second_face, Reason.MULTIPLE_FACES),
            (self._continuity.has_identity_changed, Reason.IDENTITY_CHANGED),
        )
        return tuple(reason for is_so, reason in found if is_so)

    def score(self, weights: Weights) -> Scores:
        return fuse_scores(
            liveness=fuse_liveness(self.signals),
            emotion=fmean(self._expressions) if self._expressions else None,
            deepfake=_median_of(self._deepfake),
            weights=weights,
        )


def _median_of(samples: deque[float]) -> float | None:
    return median(samples) if len(samples) >= MIN_SAMPLES else None
