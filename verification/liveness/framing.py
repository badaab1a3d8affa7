"""Is the face placed and lit so that it can be judged? One hint at a time, the most useful first.

The size bound is what the deepfake and texture models can still read: their crops lose the cue when
the face is under about 60 pixels wide.
"""

from verification.liveness.observation import Face, FaceObservation
from verification.liveness.vocabulary import Hint

MIN_FACE_WIDTH_PX = 56
MIN_FACE_TO_FRAME = 0.16  # face width over the frame's shorter side
MAX_FACE_TO_FRAME = 0.85
MAX_CENTRE_OFFSET = 0.22  # of the frame, from its middle
MIN_LUMA = 40.0
MAX_LUMA = 225.0
STRAIGHT_YAW_DEG = 12.0
STRAIGHT_PITCH_DEG = 15.0
STRAIGHT_ROLL_DEG = 18.0


def judge_framing(observation: FaceObservation) -> Hint:
    """The one thing that should change about how the face is placed, or OK."""
    face = observation.face
    if face is None:
        return Hint.NO_FACE
    if observation.face_count > 1:
        return Hint.MULTIPLE_FACES
    return _judge_size(observation, face) or _judge_place_and_light(face)


def is_looking_straight(face: Face) -> bool:
    pose = face.pose
    return (
        abs(pose.yaw_deg) <= STRAIGHT_YAW_DEG
        and abs(pose.pitch_deg) <= STRAIGHT_PITCH_DEG
        and abs(pose.roll_deg) <= STRAIGHT_ROLL_DEG
    )


def _judge_size(observation: FaceObservation, face: Face) -> Hint | None:
    face_width_px = face.box.width * observation.width_px
    ratio = face_width_px / min(observation.width_px, observation.height_px)
    if face_width_px < MIN_FACE_WIDTH_PX or ratio < MIN_FACE_TO_FRAME:
        return Hint.MOVE_CLOSER
    return Hint.MOVE_BACK if ratio > MAX_FACE_TO_FRAME else None


def _judge_place_and_light(face: Face) -> Hint:
    centre_x, centre_y = face.box.centre
    if max(abs(centre_x - 0.5), abs(centre_y - 0.5)) > MAX_CENTRE_OFFSET:
        return Hint.CENTER_FACE
    if face.luma_mean < MIN_LUMA:
        return Hint.TOO_DARK
    return Hint.TOO_BRIGHT if face.luma_mean > MAX_LUMA else Hint.OK
