"""All evidence of one session in one place: every observation goes in, scores come out."""

from collections import deque
from collections.abc import Collection, Mapping
from statistics import fmean

from verification.liveness.baseline import NeutralBaseline
from verification.liveness.continuity import ContinuityMeter
from verification.liveness.cuts import CutMeter
from verification.liveness.motion import MicroMotionMeter
from verification.liveness.observation import Face, FaceObservation
from verification.liveness.parallax import ParallaxMeter
from verification.liveness.policy import Weights
from verification.liveness.repetition import RepetitionMeter
from verification.liveness.score import Scores, Signal, fuse_liveness, fuse_scores
from verification.liveness.timing import TimingMeter
from verification.liveness.vocabulary import Reason

MAX_SAMPLES = 300
MIN_SAMPLES = 3
LOWER_SHARE = 0.25


class Evidence:
    """Meters and samples. Bounded memory whatever the length of the session."""

    def __init__(self) -> None:
        self._parallax = ParallaxMeter()
        self._motion = MicroMotionMeter()
        self._timing = TimingMeter()
        self._repetition = RepetitionMeter()
        self._cuts = CutMeter()
        self._continuity = ContinuityMeter()
        self._texture: deque[float] = deque(maxlen=MAX_SAMPLES)
        self._deepfake: deque[float] = deque(maxlen=MAX_SAMPLES)
        self._compliance: list[float] = []
        self._expressions: list[float] = []

    def begin_challenges(self, baseline: NeutralBaseline, frontal: Face) -> None:
        """Alignment is over: parallax and continuity are measured against what it saw."""
        self._parallax.set_frontal(frontal)
        self._continuity.begin(baseline, frontal)

    def note_reveal(self) -> None:
        """A challenge was revealed to the client just now."""
        self._cuts.note_reveal()
        self._repetition.note_reveal()

    def observe(self, observation: FaceObservation, *, arrived_at_ms: int, captured_at_ms: int) -> None:
        """Take one frame. Times in ms: the server's clock, and the client's own, which must agree with it."""
        self._timing.observe(observation, arrived_at_ms=arrived_at_ms, captured_at_ms=captured_at_ms)
        # The pace of a recording is its own; the way here only blurs it.
        self._repetition.observe(observation, captured_at_ms)
        if self._cuts.observe(observation, captured_at_ms):
            self._continuity.break_track()
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
            Signal.TEXTURE: take_lower_quartile(self._texture),
            Signal.COMPLIANCE: fmean(self._compliance) if self._compliance else None,
            Signal.TIMING: self._score_timing(),
            Signal.CONTINUITY: self._continuity.score,
        }

    def _score_timing(self) -> float | None:
        clocks = self._timing.score
        return None if clocks is None else min(clocks, self._repetition.score, self._cuts.score)

    @property
    def measures(self) -> dict[str, Mapping[str, float]]:
        """The numbers under the signals, for the audit event."""
        return {
            "parallax": self._parallax.measures,
            "micro_motion": self._motion.measures,
            "timing": {**self._timing.measures, **self._repetition.measures, **self._cuts.measures},
            "continuity": self._continuity.measures,
            "samples": {"texture": len(self._texture), "deepfake": len(self._deepfake)},
        }

    @property
    def contradictions(self) -> tuple[Reason, ...]:
        """What no living, single capture subject can show."""
        found = (
            (self._timing.is_frozen, Reason.INJECTION_SUSPECTED),
            (self._repetition.is_loop, Reason.INJECTION_SUSPECTED),
            (self._cuts.is_stitched, Reason.INJECTION_SUSPECTED),
            (self._continuity.has_second_face, Reason.MULTIPLE_FACES),
            (self._continuity.has_identity_changed, Reason.IDENTITY_CHANGED),
        )
        return tuple(reason for is_so, reason in found if is_so)

    def score(self, weights: Weights) -> Scores:
        return fuse_scores(
            liveness=fuse_liveness(self.signals),
            emotion=fmean(self._expressions) if self._expressions else None,
            deepfake=take_lower_quartile(self._deepfake),
            weights=weights,
        )


def take_lower_quartile(samples: Collection[float]) -> float | None:
    """The value that a quarter of the samples lie below, between neighbours by proportion; None of too few.

    Not the median: a living face is one in every frame, while a print or a swapped face need not show in all.
    The lowest sample is left out, however few there are: no single frame decides.
    """
    if len(samples) < MIN_SAMPLES:
        return None
    place = max(1.0, LOWER_SHARE * (len(samples) - 1))
    lower = int(place)
    below, above = sorted(samples)[lower : lower + 2]
    return below + (place - lower) * (above - below)
