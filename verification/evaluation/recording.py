"""A clip as it was observed: what every later step works on, in place of pixels."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any

from verification.liveness.observation import FaceObservation, SampledModel
from verification.liveness.sampling import EXPRESSION_INTERVAL_MS, MEDIUM_INTERVAL_MS

# The field of an observation that holds a model's reading, where it isn't named like the model.
_FIELDS: Mapping[SampledModel, str] = MappingProxyType({SampledModel.EMOTION: "emotions"})


@dataclass(frozen=True)
class Recording:
    """observations: one a frame, evenly spaced at fps. is_picture: it was a single still image.

    Sampled models looked at some frames only, at the pace they have in a live session.
    """

    observations: tuple[FaceObservation, ...]
    fps: float
    is_picture: bool = False

    @property
    def duration_s(self) -> float:
        return len(self.observations) / self.fps

    def walk(self) -> Iterator[tuple[int, FaceObservation]]:
        """Every frame in order, with its time in milliseconds from the first."""
        for index, observation in enumerate(self.observations):
            yield self.at_ms(index), observation

    def at_ms(self, index: int) -> int:
        """When a frame was taken, in milliseconds from the first."""
        return round(1_000 * index / self.fps)

    def cut(self, start_s: float, end_s: float) -> "Recording":
        """The part between two times, as far as there is one."""
        first, end = (round(at_s * self.fps) for at_s in (max(0.0, start_s), end_s))
        return replace(self, observations=self.observations[first:end])

    @cached_property
    def carried(self) -> tuple[FaceObservation, ...]:
        """The observations with readings on every frame that a model looked at lately.

        A session played from here asks for a model at frames of its own choosing; it gets the newest
        reading that is no older than the interval at which the model looks in a live session.
        """
        carried = list(self.observations)
        for model in SampledModel:
            self._carry(carried, field_of(model), interval_of(model))
        return tuple(carried)

    def _carry(self, observations: list[FaceObservation], field: str, interval_ms: int) -> None:
        reading: Any = None
        read_at_ms = 0
        for index, observation in enumerate(observations):
            value = getattr(observation, field)
            if value is not None:
                reading, read_at_ms = value, self.at_ms(index)
            elif (
                observation.face is not None
                and reading is not None
                and self.at_ms(index) - read_at_ms <= interval_ms
            ):
                observations[index] = replace(observation, **{field: reading})


def field_of(model: SampledModel) -> str:
    """The name of the field of FaceObservation that the model fills."""
    return _FIELDS.get(model, str(model))


def interval_of(model: SampledModel) -> int:
    """How often the model looks in a live session, at most; milliseconds."""
    return EXPRESSION_INTERVAL_MS if model is SampledModel.EMOTION else MEDIUM_INTERVAL_MS


def recall_observation(
    observation: FaceObservation, _now_ms: int, wanted: frozenset[SampledModel]
) -> FaceObservation:
    """Observe a frame that was analysed before: only the readings that are wanted now are told."""
    unwanted = {field_of(model): None for model in SampledModel if model not in wanted}
    return replace(observation, **unwanted)  # type: ignore[arg-type]  # every field of a model may be None
