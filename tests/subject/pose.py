"""What a simulated capture subject can be asked to show."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Expression:
    """How far each facial movement has gone, 0 (relaxed) to 1 (as far as this subject goes).

    raise_brows widens the eyes a little as well, as the forehead muscle does.
    """

    smile: float = 0.0
    open_mouth: float = 0.0
    raise_brows: float = 0.0
    close_eyes: float = 0.0


@dataclass(frozen=True, slots=True)
class HeadRotation:
    """Head rotation relative to the camera, in degrees, with the signs of `HeadPose`.

    yaw_deg: positive when the nose points to the subject's own left (the image's right).
    pitch_deg: positive when the nose points up.
    roll_deg: positive when the head tilts to the subject's own left shoulder.
    """

    yaw_deg: float = 0.0
    pitch_deg: float = 0.0
    roll_deg: float = 0.0


NEUTRAL = Expression()
FRONTAL = HeadRotation()
