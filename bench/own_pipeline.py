"""This project's own way of a frame, timed step by step, as sessions spend it, and over a whole verification."""

import time
from collections.abc import Sequence
from dataclasses import replace
from random import Random
from statistics import fmean
from typing import Any

from bench.frames import FPS
from bench.measure import Steps
from bench.person import make_subject
from verification.clips.in_process import InProcessSession
from verification.conf import load_policy
from verification.inference import get_models, open_analyser
from verification.liveness.observation import FaceObservation, SampledModel
from verification.liveness.session import LivenessSession, Phase
from verification.vision.analyser import FrameAnalyser
from verification.vision.crop import bound_landmarks
from verification.vision.decode import DecodedFrame, decode_image
from verification.vision.landmarks import FaceLandmarkTracker

MAX_PIXELS = 1920 * 1080
FRAME_MS = 1_000 // FPS
_WARM_UP_FRAMES = 5


class StepTimer:
    """Times every step of every frame by itself. steps: where the durations are noted."""

    def __init__(self, steps: Steps) -> None:
        self._steps = steps
        self._models = get_models()

    def measure(self, jpegs: Sequence[bytes]) -> None:
        """The first frames fill caches and are not noted."""
        assert self._models.landmarker is not None
        session = _start(seed=0)
        with FrameAnalyser(self._models, max_pixels=MAX_PIXELS) as analyser:
            tracker = FaceLandmarkTracker(self._models.landmarker)
            for index, jpeg in enumerate(jpegs):
                steps = self._steps if index >= _WARM_UP_FRAMES else Steps()
                with steps.time("decode"):
                    frame = decode_image(jpeg, max_pixels=MAX_PIXELS)
                with steps.time("landmarks"):
                    faces = tracker.track(frame.bgr, 0)
                observation = self._describe(steps, analyser, frame, index)
                if faces:
                    self._run_sampled(steps, frame, bound_landmarks(faces[0].landmarks_px))
                    with steps.time("session"):
                        _observe(session, observation, index)

    def _describe(
        self, steps: Steps, analyser: FrameAnalyser, frame: DecodedFrame, index: int
    ) -> FaceObservation:
        """What else is said of every frame: a whole analysis, less the landmarks that were just timed."""
        began = time.perf_counter()
        observation = analyser.analyse_decoded(frame, FRAME_MS * index)
        whole_ms = (time.perf_counter() - began) * 1_000
        steps.note("description", max(0.0, whole_ms - steps.durations_ms["landmarks"][-1]))
        return observation

    def _run_sampled(self, steps: Steps, frame: DecodedFrame, box: Any) -> None:
        models = self._models
        if models.texture is not None:
            with steps.time("texture"):
                models.texture.score(frame.bgr, box)
        if models.emotion is not None:
            with steps.time("emotion"):
                models.emotion.classify(frame.bgr, box)
        if models.deepfake is not None:
            with steps.time("deepfake"):
                models.deepfake.score(frame.bgr, box)


class AmortisedCost:
    """Whole frames as a server spends them: decoded, analysed with what the session asks for, and judged."""

    def __init__(self) -> None:
        self.frames_ms: list[float] = []
        self._cpu_s = 0.0
        self._asked: dict[str, int] = dict.fromkeys(map(str, SampledModel), 0)

    @property
    def mean_ms(self) -> float:
        return fmean(self.frames_ms)

    @property
    def mean_cpu_ms(self) -> float:
        """Processor time, which other work on the machine does not lengthen as much."""
        return 1_000 * self._cpu_s / len(self.frames_ms)

    @property
    def shares(self) -> dict[str, float]:
        """The share of frames that each sampled model looked at."""
        return {name: round(count / len(self.frames_ms), 3) for name, count in self._asked.items()}

    def measure(self, jpegs: Sequence[bytes], seed: int) -> None:
        """Hold sessions, one after another, before the frames."""
        session, opened_ms = _start(seed), 0
        with open_analyser() as analyser:
            analyser.analyse(jpegs[0], 0, frozenset(SampledModel))
            for index, jpeg in enumerate(jpegs, start=1):
                now_ms = FRAME_MS * index - opened_ms
                if session.phase is Phase.CONCLUDED or now_ms >= session.deadline_ms:
                    session, opened_ms, now_ms = _start(seed + index), FRAME_MS * (index - 1), FRAME_MS
                self._spend(session, analyser, jpeg, index, now_ms)

    def _spend(
        self, session: LivenessSession, analyser: FrameAnalyser, jpeg: bytes, index: int, now_ms: int
    ) -> None:
        cpu_began, began = time.process_time(), time.perf_counter()
        wanted = session.wanted_models(now_ms)
        observation = analyser.analyse(jpeg, FRAME_MS * index, wanted)
        session.observe(observation, seq=index, captured_at_ms=now_ms, arrived_at_ms=now_ms, now_ms=now_ms)
        self.frames_ms.append((time.perf_counter() - began) * 1_000)
        self._cpu_s += time.process_time() - cpu_began
        for model in wanted:
            self._asked[str(model)] += 1


def measure_verification(challenges: int) -> dict[str, Any]:
    """What a whole session of the simulated subject costs the server, the subject's own rendering aside."""
    policy = replace(load_policy(), challenge_count=(challenges, challenges))
    spent_ms: list[float] = []
    with open_analyser() as analyser:

        def observe(jpeg: bytes, at_ms: int, wanted: frozenset[SampledModel]) -> FaceObservation:
            began = time.perf_counter()
            observation = analyser.analyse(jpeg, at_ms, wanted)
            spent_ms.append((time.perf_counter() - began) * 1_000)
            return observation

        verdict = InProcessSession(make_subject(), observe, policy, rng=Random(4)).run()
    return {
        "server_ms": round(sum(spent_ms), 1),
        "frames": len(spent_ms),
        "seconds_of_capture": round(verdict.elapsed_s, 1),
        "challenges": challenges,
        "decision": verdict.decision,
        "reason": verdict.reason,
        "subject": "simulated",
    }


def _start(seed: int) -> LivenessSession:
    session = LivenessSession(load_policy(), opened_at_ms=0, rng=Random(seed))
    session.start(0)
    return session


def _observe(session: LivenessSession, observation: FaceObservation, index: int) -> None:
    at_ms = FRAME_MS * index
    session.observe(observation, seq=index + 1, captured_at_ms=at_ms, arrived_at_ms=at_ms, now_ms=at_ms)
