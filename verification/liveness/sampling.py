"""Cadence: landmarks look at every frame, the other models at some.

Expressions are read more often while one is asked for. Texture and deepfake look at near-frontal
faces only, which is what they were trained on.
"""

from verification.liveness.actions import EXPRESSIONS, Action
from verification.liveness.observation import FaceObservation, SampledModel

MEDIUM_INTERVAL_MS = 400
EXPRESSION_INTERVAL_MS = 150
FRONTAL_YAW_DEG = 20.0


class SampleClock:
    """Remembers when each model last looked. Times in ms of the arrival clock."""

    def __init__(self) -> None:
        self._last_ms: dict[SampledModel, int] = {}
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

    def _is_due(self, model: SampledModel, now_ms: int) -> bool:
        interval_ms = EXPRESSION_INTERVAL_MS if model is SampledModel.EMOTION else MEDIUM_INTERVAL_MS
        return now_ms - self._last_ms.get(model, -interval_ms) >= interval_ms
