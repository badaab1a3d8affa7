"""The one picture that the simulated capture subject is made of, and what FaceLandmarker sees in it.

scikit-image's `astronaut`: NASA's portrait of Eileen Collins, in the public domain. Every coordinate
authored in this package is a pixel of that 512x512 picture after levelling (a turn that makes the line
of her eyes horizontal), so that it can be checked by looking at the picture.
"""

import functools
import os
from dataclasses import dataclass
from pathlib import Path

import cv2
import mediapipe
import numpy as np
import numpy.typing as npt
from mediapipe.tasks.python import BaseOptions, vision
from skimage import data

from tests.subject.anatomy import FACE_POINTS

Image = npt.NDArray[np.uint8]
Points = npt.NDArray[np.float64]

WIDTH_PX, HEIGHT_PX = 640, 480
CENTRE = np.array([226.0, 124.0])
"""The point of the portrait that lies in the middle of a frame."""

FRAME_SCALE = 2.1
"""Frame pixels to one portrait pixel, at the depth of the eyes."""

TEXTURE_SCALE = 4.0
WINDOW = CENTRE + np.array([[-WIDTH_PX, -HEIGHT_PX], [WIDTH_PX, HEIGHT_PX]]) / (2 * FRAME_SCALE)
"""The part of the portrait that a frame shows: [[left, top], [right, bottom]]."""

_RIGHT_EYE_CORNER, _LEFT_EYE_CORNER = 33, 263
_MOUTH_CORRECTIONS = {
    61: (-0.5, -0.8), 76: (-0.8, -0.9), 62: (-1.0, -1.0), 78: (-1.2, -1.1), 191: (-1.5, -1.2),
    95: (-1.5, -1.1), 308: (0.2, -0.9), 415: (0.4, -1.1), 310: (0.0, -1.1), 311: (0.0, -0.3),
    324: (0.5, -1.0), 318: (0.0, -1.0),
}  # fmt: skip
"""Where landmarks miss the lips' edge in this picture by a pixel, read off an enlargement: right, down."""

_FACE_CROP = (slice(0, 260), slice(120, 340))


@dataclass(frozen=True)
class Portrait:
    """The levelled picture with its landmarks.

    texture: BGR, uint8, the window of the portrait at TEXTURE_SCALE.
    landmarks: float64 of shape (478, 3), levelled portrait pixels; z grows away from the camera and is
        MediaPipe's prior, in the same unit.
    level: the 2x3 affine map from pixels of the published picture to levelled ones.
    """

    texture: Image
    landmarks: Points
    level: Points

    def level_points(self, points: Points) -> Points:
        """Carry points of shape (n, 2) from the published picture to the levelled one."""
        return points @ self.level[:, :2].T + self.level[:, 2]


def find_landmarker_model() -> Path:
    """Give the path where face_landmarker.task is to be; whether it is there is the caller's question."""
    default = Path.home() / ".mediapipe_models" / "face_landmarker.task"
    return Path(os.environ.get("MEDIAPIPE_MODEL_PATH") or default)


def to_texture_px(points: Points) -> Points:
    """Carry levelled portrait pixels, shape (n, 2), to pixels of the texture (centre convention)."""
    texture_px: Points = (points - WINDOW[0] + 0.5) * TEXTURE_SCALE - 0.5
    return texture_px


@functools.cache
def load_portrait() -> Portrait:
    """Read the picture, find its 478 landmarks and level both.

    Raises RuntimeError when face_landmarker.task is absent or sees no face.
    """
    published: Image = data.astronaut()  # type: ignore[no-untyped-call]
    picture = cv2.cvtColor(published, cv2.COLOR_RGB2BGR).astype(np.uint8)
    landmarks = _find_landmarks(picture)
    across = landmarks[_LEFT_EYE_CORNER, :2] - landmarks[_RIGHT_EYE_CORNER, :2]
    roll_deg = float(np.degrees(np.arctan2(across[1], across[0])))
    level = cv2.getRotationMatrix2D((226.0, 110.0), roll_deg, 1.0).astype(np.float64)
    landmarks[:, :2] = landmarks[:, :2] @ level[:, :2].T + level[:, 2]
    to_texture = np.c_[level[:, :2], level[:, 2] - WINDOW[0] + 0.5] * TEXTURE_SCALE
    to_texture[:, 2] -= 0.5
    size = np.ceil((WINDOW[1] - WINDOW[0]) * TEXTURE_SCALE).astype(int)
    for index, correction in _MOUTH_CORRECTIONS.items():
        landmarks[index, :2] += correction
    texture = cv2.warpAffine(
        picture, to_texture, tuple(size.tolist()), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return Portrait(texture=texture.astype(np.uint8), landmarks=landmarks, level=level)


def _find_landmarks(picture: Image) -> Points:
    model = find_landmarker_model()
    if not model.is_file():
        raise RuntimeError(f"no face_landmarker.task at {model}")
    rows, columns = _FACE_CROP
    # Her face is 90 px wide in the picture; enlarged, the landmarks settle to within a third of a pixel.
    crop = cv2.resize(picture[rows, columns], None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC)
    rgb = np.ascontiguousarray(cv2.cvtColor(crop, cv2.COLOR_BGR2RGB))
    options = vision.FaceLandmarkerOptions(base_options=BaseOptions(model_asset_path=str(model)))
    with vision.FaceLandmarker.create_from_options(options) as landmarker:
        found = landmarker.detect(mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=rgb))
    if not found.face_landmarks:
        raise RuntimeError(f"{model} sees no face in the portrait")
    fractions = np.array([(point.x, point.y, point.z) for point in found.face_landmarks[0]])
    height, width = crop.shape[:2]
    landmarks: Points = fractions * (width / 4, height / 4, width / 4)
    landmarks[:, :2] += (columns.start, rows.start)
    assert len(landmarks) > FACE_POINTS
    return landmarks
