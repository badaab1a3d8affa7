"""Faces and observations made of numbers, for tests of the domain: no pixels, no models.

The solid face is a cloud of 478 points on half an ellipsoid with a nose, the flat one a picture of it,
a plane. Both are turned in space and seen through a pinhole camera. They are shapes of about the right
size, not anatomy: what is tested with them is geometry.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache

import numpy as np
import numpy.typing as npt

from verification.liveness.baseline import NeutralBaseline
from verification.liveness.landmark_indices import INNER_EYE_CORNERS, LIPS, NOSE_TIP
from verification.liveness.observation import Box, Face, FaceObservation, HeadPose

Points = npt.NDArray[np.float64]

LANDMARKS = 478
WIDTH_PX, HEIGHT_PX = 640, 480
FOCAL_PX = 600.0
DISTANCE_CM = 50.0
HALF_WIDTH_CM, HALF_HEIGHT_CM, DEPTH_CM = 7.5, 10.0, 9.0
NOSE_CM = 3.5
BEND_CM = 12.0  # the radius of a bent print
SKIN_LAB = (142.0, 150.0)
RIGHT_OUTER, RIGHT_INNER, LEFT_INNER, LEFT_OUTER = 33, 133, 362, 263
EYE_CORNERS_CM = {RIGHT_OUTER: -4.6, RIGHT_INNER: -1.6, LEFT_INNER: 1.6, LEFT_OUTER: 4.6}
EMOTIONS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
SINGLE_BLENDSHAPES = (
    *("_neutral", "browInnerUp", "cheekPuff", "jawForward", "jawLeft", "jawOpen", "jawRight", "mouthClose"),
    *("mouthFunnel", "mouthLeft", "mouthPucker", "mouthRight", "mouthRollLower", "mouthRollUpper"),
    *("mouthShrugLower", "mouthShrugUpper"),
)
PAIRED_BLENDSHAPES = (
    *("browDown", "browOuterUp", "cheekSquint", "eyeBlink", "eyeLookDown", "eyeLookIn", "eyeLookOut"),
    *("eyeLookUp", "eyeSquint", "eyeWide", "mouthDimple", "mouthFrown", "mouthLowerDown", "mouthPress"),
    *("mouthSmile", "mouthStretch", "mouthUpperUp", "noseSneer"),
)
BLENDSHAPES = (
    *SINGLE_BLENDSHAPES,
    *(f"{name}{side}" for name in PAIRED_BLENDSHAPES for side in ("Left", "Right")),
)
SMILE = ("mouthSmileLeft", "mouthSmileRight")
BLINK = ("eyeBlinkLeft", "eyeBlinkRight")
BROWS = ("browInnerUp", "browOuterUpLeft", "browOuterUpRight")
EYES_WIDE = ("eyeWideLeft", "eyeWideRight")


@cache
def solid_points_cm() -> Points:
    """The face at rest, shape (478, 3): x to the image's right, y up, z out of the face."""
    numbers = np.arange(LANDMARKS)
    radius = np.sqrt((numbers + 0.5) / LANDMARKS) * 0.93
    angle = numbers * np.pi * (3.0 - np.sqrt(5.0))  # the golden angle spreads points evenly
    x, y = HALF_WIDTH_CM * radius * np.cos(angle), HALF_HEIGHT_CM * radius * np.sin(angle)
    around = np.linspace(0.0, 2 * np.pi, len(LIPS), endpoint=False)
    x[LIPS], y[LIPS] = 2.5 * np.cos(around), -4.5 + 0.9 * np.sin(around)
    across = np.linspace(-0.4, 0.4, len(NOSE_TIP))
    x[NOSE_TIP], y[NOSE_TIP] = across, -0.5 + across / 2
    x[INNER_EYE_CORNERS], y[INNER_EYE_CORNERS] = (-1.6, -1.7, 1.6, 1.7), 2.5
    for corner, corner_x in EYE_CORNERS_CM.items():
        x[corner], y[corner] = corner_x, 2.5
    curve = np.sqrt(1.0 - (x / HALF_WIDTH_CM) ** 2 - (y / HALF_HEIGHT_CM) ** 2)
    nose = NOSE_CM * np.exp(-(x**2 / 2.0 + (y + 0.5) ** 2 / 5.0))
    return np.stack([x, y, DEPTH_CM * (curve - 0.5) + nose], axis=1)


@cache
def flat_points_cm() -> Points:
    """A picture of the face on a plane, as large as the face."""
    flattened: Points = solid_points_cm() * np.array([1.0, 1.0, 0.0])
    return flattened


@cache
def bent_points_cm() -> Points:
    """The same picture on a sheet bent to a cylinder with its hollow side away from the camera."""
    x, y, _ = flat_points_cm().T
    around = x / BEND_CM
    return np.stack([BEND_CM * np.sin(around), y, BEND_CM * (np.cos(around) - 1.0)], axis=1)


def rotation(pose: HeadPose) -> Points:
    """The head's rotation matrix, with HeadPose's signs: yaw, then pitch, then roll from the outside in."""
    yaw, pitch, roll = np.radians([pose.yaw_deg, -pose.pitch_deg, -pose.roll_deg])
    about_y = np.array([[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(pitch), -np.sin(pitch)], [0, np.sin(pitch), np.cos(pitch)]])
    about_z = np.array([[np.cos(roll), -np.sin(roll), 0], [np.sin(roll), np.cos(roll), 0], [0, 0, 1]])
    turned: Points = about_y @ about_x @ about_z
    return turned


def project(
    points_cm: Points, pose: HeadPose, *, distance_cm: float = DISTANCE_CM
) -> npt.NDArray[np.float32]:
    """Pixels, shape (478, 2), of points turned by `pose` before a pinhole camera."""
    turned = points_cm @ rotation(pose).T
    scale = FOCAL_PX / (distance_cm - turned[:, 2])
    x = WIDTH_PX / 2 + turned[:, 0] * scale
    y = HEIGHT_PX / 2 - turned[:, 1] * scale
    return np.stack([x, y], axis=1).astype(np.float32)


def make_blendshapes(**raised: float) -> dict[str, float]:
    """All 52 at a relaxed face's level, but for those given."""
    unknown = set(raised) - set(BLENDSHAPES)
    assert not unknown, f"not MediaPipe blendshapes: {unknown}"
    return dict.fromkeys(BLENDSHAPES, 0.02) | raised


def make_emotions(**shares: float) -> dict[str, float]:
    """DeepFace's seven labels; what is not given goes to `neutral`."""
    emotions = dict.fromkeys(EMOTIONS, 0.0) | shares
    return emotions | {"neutral": 1.0 - sum(shares.values())}


def make_face(
    *,
    yaw_deg: float = 0.0,
    pitch_deg: float = 0.0,
    roll_deg: float = 0.0,
    is_flat: bool = False,
    distance_cm: float = DISTANCE_CM,
    noise_px: float = 0.0,
    noise_seed: int = 0,
    blendshapes: Mapping[str, float] | None = None,
    skin_lab: tuple[float, float] = SKIN_LAB,
) -> Face:
    """A face in the middle of the frame, well lit; `dataclasses.replace` changes the rest."""
    pose = HeadPose(yaw_deg, pitch_deg, roll_deg)
    landmarks_px = project(flat_points_cm() if is_flat else solid_points_cm(), pose, distance_cm=distance_cm)
    if noise_px:
        noise = np.random.default_rng(noise_seed).normal(0.0, noise_px, landmarks_px.shape)
        landmarks_px = landmarks_px + noise.astype(np.float32)
    return Face(
        box=bound(landmarks_px),
        landmarks_px=landmarks_px,
        pose=pose,
        blendshapes=make_blendshapes(**(blendshapes or {})),
        luma_mean=120.0,
        skin_lab=skin_lab,
    )


def bound(landmarks_px: npt.NDArray[np.float32]) -> Box:
    """The landmarks' rectangle in fractions of the frame."""
    (left, top), (right, bottom) = landmarks_px.min(axis=0), landmarks_px.max(axis=0)
    return Box(
        float(left) / WIDTH_PX,
        float(top) / HEIGHT_PX,
        float(right - left) / WIDTH_PX,
        float(bottom - top) / HEIGHT_PX,
    )


def make_observation(
    face: Face | None,
    *,
    picture: int = 0,
    face_count: int | None = None,
    texture: float | None = None,
    emotions: Mapping[str, float] | None = None,
    deepfake: float | None = None,
) -> FaceObservation:
    """What the analyser says of one frame. picture: equal numbers are equal pictures, bit for bit."""
    return FaceObservation(
        width_px=WIDTH_PX,
        height_px=HEIGHT_PX,
        face_count=(0 if face is None else 1) if face_count is None else face_count,
        face=face,
        luma_digest=picture.to_bytes(16, "big"),
        luma_thumbnail=np.full((32, 32), picture % 256, dtype=np.uint8),
        texture=texture,
        emotions=emotions,
        deepfake=deepfake,
    )


def make_baseline(
    face: Face | None = None, *, emotions: Mapping[str, float] | None = None
) -> NeutralBaseline:
    """The baseline of a person whose neutral face is `face`."""
    neutral = face or make_face()
    return NeutralBaseline(neutral.pose, neutral.blendshapes, emotions, neutral.skin_lab)


def place(face: Face, *, x: float, y: float) -> Face:
    """The same face with the middle of its box elsewhere, in fractions of the frame."""
    box = face.box
    return replace(face, box=Box(x - box.width / 2, y - box.height / 2, box.width, box.height))
