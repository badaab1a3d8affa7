"""How far an action has been carried out in one frame, relative to the neutral baseline.

Every measure is 0 at neutral and 1 where the action counts as done; it may go beyond. The bounds
come from clips of real people (docs/detection.md): a flat print, however it is turned, stays
under 18 degrees of yaw, and speech rarely opens the jaw as far as is asked here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from verification.liveness.actions import Action
from verification.liveness.baseline import NeutralBaseline
from verification.liveness.observation import Face

TURN_DEG = 22.0
TURN_FROM_CAMERA_DEG = 20.0
PITCH_DEG = 12.0
JAW_OPEN = 0.35
BROW_RAISE = 0.35
SMILE = 0.35
EYE_WIDE = 0.20
EMOTION_RISE = 0.40
# Of mouth and upper face, and of both with the emotion: an open mouth with the emotion alone is 0.67.
SURPRISE_OF_FACE, SURPRISE_WITH_EMOTION = 0.90, 0.75
MAX_BROW_PITCH_DEG = 10.0  # a head that is tipped back looks to the landmark model like raised brows
MAX_BROW_ROLL_DEG = 15.0
MEASURE_CAP = 1.4
# Share of the blendshapes in an expression; the emotion model has the rest. Off its own data the
# model misses one smile in six, so it supports and cannot veto a clear one.
BLENDSHAPE_SHARE = 0.75


@dataclass(frozen=True, slots=True)
class FaceReading:
    """One face beside its baseline. `emotions` may be from a frame up to half a second older."""

    face: Face
    baseline: NeutralBaseline
    emotions: Mapping[str, float] | None


Measure = Callable[[FaceReading], float]


def _rise(reading: FaceReading, names: tuple[str, ...], full: float) -> float:
    """Rise of the mean of blendshapes over neutral, over `full`, capped.

    A face whose neutral is already high has less room above it, so less is asked of it.
    """
    now = sum(reading.face.blendshapes[name] for name in names) / len(names)
    neutral = sum(reading.baseline.blendshapes[name] for name in names) / len(names)
    return min((now - neutral) / min(full, 0.6 * max(1.0 - neutral, 0.1)), MEASURE_CAP)


def _emotion_rise(reading: FaceReading, label: str) -> float | None:
    if reading.emotions is None or reading.baseline.emotions is None:
        return None
    neutral = reading.baseline.emotions[label]
    rise = reading.emotions[label] - neutral
    return max(0.0, min(rise / min(EMOTION_RISE, 0.6 * max(1.0 - neutral, 0.1)), MEASURE_CAP))


def _turn(reading: FaceReading, direction: int) -> float:
    yaw_deg = direction * reading.face.pose.yaw_deg
    relative = yaw_deg - direction * reading.baseline.pose.yaw_deg
    return min(relative / TURN_DEG, yaw_deg / TURN_FROM_CAMERA_DEG)


def _pitch(reading: FaceReading, direction: int) -> float:
    return direction * (reading.face.pose.pitch_deg - reading.baseline.pose.pitch_deg) / PITCH_DEG


def _brows(reading: FaceReading) -> float:
    pose, neutral = reading.face.pose, reading.baseline.pose
    is_tipped = abs(pose.pitch_deg - neutral.pitch_deg) > MAX_BROW_PITCH_DEG
    if is_tipped or abs(pose.roll_deg - neutral.roll_deg) > MAX_BROW_ROLL_DEG:
        return 0.0
    inner = _rise(reading, ("browInnerUp",), BROW_RAISE)
    outer = _rise(reading, ("browOuterUpLeft", "browOuterUpRight"), BROW_RAISE)
    return max(inner, outer)


def _jaw(reading: FaceReading) -> float:
    return _rise(reading, ("jawOpen",), JAW_OPEN)


def _with_emotion(blendshapes: float, emotion: float | None) -> float:
    if emotion is None:
        return blendshapes
    return BLENDSHAPE_SHARE * blendshapes + (1 - BLENDSHAPE_SHARE) * emotion


def _smile(reading: FaceReading) -> float:
    lips = _rise(reading, ("mouthSmileLeft", "mouthSmileRight"), SMILE)
    return _with_emotion(lips, _emotion_rise(reading, "happy"))


def _surprise(reading: FaceReading) -> float:
    """An open mouth is not enough, since the emotion model calls that surprise by itself."""
    eyes = _rise(reading, ("eyeWideLeft", "eyeWideRight"), EYE_WIDE)
    parts = [min(_jaw(reading), 1.0), min(max(_brows(reading), eyes), 1.0)]
    measure = sum(parts) / len(parts) / SURPRISE_OF_FACE
    emotion = _emotion_rise(reading, "surprise")
    if emotion is not None:
        parts.append(min(emotion, 1.0))
        measure = max(measure, sum(parts) / len(parts) / SURPRISE_WITH_EMOTION)
    return min(measure, MEASURE_CAP)


def measure_eye_closure(reading: FaceReading) -> float:
    """Mean closure of both eyes above neutral: 1 is closed, under 0.5 is open again."""
    return _rise(reading, ("eyeBlinkLeft", "eyeBlinkRight"), 0.30)


HELD_MEASURES: Mapping[Action, Measure] = {
    Action.TURN_LEFT: lambda reading: _turn(reading, +1),
    Action.TURN_RIGHT: lambda reading: _turn(reading, -1),
    Action.LOOK_UP: lambda reading: _pitch(reading, +1),
    Action.LOOK_DOWN: lambda reading: _pitch(reading, -1),
    Action.OPEN_MOUTH: _jaw,
    Action.RAISE_EYEBROWS: _brows,
    Action.SMILE: _smile,
    Action.SURPRISE: _surprise,
}
