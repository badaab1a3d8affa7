"""Cadence: landmarks look at every frame, the other models at some.

Expressions are read more often while one is asked for. Texture and deepfake look at near-frontal
faces only, which is what they were trained on; a sparing clock lets them look less often once they have
been sure of the face for a while, and as often as before from the first look on that is not.
"""

from collections import deque
from collections.abc import Mapping

from verification.liveness.actions import EXPRESSIONS, Action
from verification.liveness.observation import FaceObservation, SampledModel

MEDIUM_INTERVAL_MS = 400
EXPRESSION_INTERVAL_MS = 150
FRONTAL_YAW_DEG = 20.0
RELAXED_INTERVAL_MS = 1_000
# So many looks in a row of at least so much are sure: far above any floor.
SURE_LOOKS = 4
SURE_SCORES: Mapping[SampledModel, float] = {SampledModel.TEXTURE: 0.9, SampledModel.DEEPFAKE: 0.5}


class SampleClock:
    """Remembers when each model last looked. Times in ms of the arrival clock.

    is_sparing: whether texture and deepfake may relax; a recording, which serves any clock, is made without.
    """

    def __init__(self, *, is_sparing: bool = False) -> None:
        self._last_ms: dict[SampledModel, int] = {}
        self._latest = {model: deque[float](maxlen=SURE_LOOKS) for model in SURE_SCORES} if is_sparing else {}
        self._is_frontal = False

    def wanted(self, action: Action, now_ms: int) -> frozenset[SampledModel]:
        wanted = set()
        if self._is_frontal:
            wanted |= {SampledModel.TEXTURE, SampledModel.DEEPFAKE}
        if action in EXPRESSIONS or action is Action.LOOK_STRAIGHT:
            wanted.add(SampledModel.EMOTION)
        return frozenset(model for model in wanted if self._is_due(model, now_ms))

    def note(self, observation: FaceObservation, now_ms: int) -> None:
        face = observation.face
        self._is_frontal = face is not None and abs(face.pose.yaw_deg) <= FRONTAL_YAW_DEG
        seen = {
            SampledModel.TEXTURE: observation.texture,
            SampledModel.EMOTION: observation.emotions,
            SampledModel.DEEPFAKE: observation.deepfake,
        }
        self._last_ms.update({model: now_ms for model, value in seen.items() if value is not None})
        for model, value in (
            (SampledModel.TEXTURE, observation.texture),
            (SampledModel.DEEPFAKE, observation.deepfake),
        ):
            if value is not None and model in self._latest:
                self._latest[model].append(value)

    def _is_due(self, model: SampledModel, now_ms: int) -> bool:
        interval_ms = self._interval_ms(model)
        return now_ms - self._last_ms.get(model, -interval_ms) >= interval_ms

    def _interval_ms(self, model: SampledModel) -> int:
        if model is SampledModel.EMOTION:
            return EXPRESSION_INTERVAL_MS
        return RELAXED_INTERVAL_MS if self._is_sure(model) else MEDIUM_INTERVAL_MS

    def _is_sure(self, model: SampledModel) -> bool:
        latest = self._latest.get(model, ())
        return len(latest) == SURE_LOOKS and min(latest) >= SURE_SCORES[model]
