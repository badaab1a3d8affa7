"""MediaPipe Face Landmarker: 478 landmarks, 52 blendshapes and the head's pose, tracked over frames.

Source: MediaPipe Face Landmarker, https://ai.google.dev/edge/mediapipe/solutions/vision/face_landmarker
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import cv2
import mediapipe as mp
import numpy as np
import numpy.typing as npt
from mediapipe.tasks.python import BaseOptions
from mediapipe.tasks.python.vision import FaceLandmarker, FaceLandmarkerOptions, RunningMode

from verification.liveness.observation import HeadPose

LANDMARK_COUNT = 478
# One more than may be there, so that a second person before the camera is seen.
_MAX_FACES = 2


@dataclass(frozen=True, slots=True)
class TrackedFace:
    """One face of one frame.

    landmarks_px: float32 array of shape (478, 2), pixels; may lie outside the frame.
    blendshapes: MediaPipe's 52 names, `_neutral` among them, to 0..1.
    """

    landmarks_px: npt.NDArray[np.float32]
    pose: HeadPose
    blendshapes: Mapping[str, float]


class FaceLandmarkerMissing(RuntimeError):
    """The landmarker's model file is not there or can't be loaded."""


class FaceLandmarkTracker:
    """One landmarker for one stream of frames; not for use by two threads at once.

    Raises FaceLandmarkerMissing when the model file is absent or damaged.
    """

    def __init__(self, model_path: Path, *, max_faces: int = _MAX_FACES) -> None:
        if not model_path.is_file():
            raise FaceLandmarkerMissing(f"no face landmarker at {model_path}: run manage.py download_models")
        options = FaceLandmarkerOptions(
            base_options=BaseOptions(model_asset_path=str(model_path)),
            running_mode=RunningMode.VIDEO,
            num_faces=max_faces,
            output_face_blendshapes=True,
            output_facial_transformation_matrixes=True,
        )
        try:
            self._landmarker = FaceLandmarker.create_from_options(options)
        except (RuntimeError, ValueError) as error:
            raise FaceLandmarkerMissing(f"{model_path} can't be loaded as a face landmarker") from error
        self._last_timestamp_ms = -1

    def track(self, bgr: npt.NDArray[np.uint8], timestamp_ms: int) -> list[TrackedFace]:
        """Find up to two faces in the next frame of the stream.

        bgr: uint8, shape (height, width, 3). timestamp_ms: when it was captured; one that does not
        rise is moved on by a millisecond, because MediaPipe refuses frames that go back.
        """
        self._last_timestamp_ms = max(timestamp_ms, self._last_timestamp_ms + 1)
        image = mp.Image(image_format=mp.ImageFormat.SRGB, data=cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB))
        result = self._landmarker.detect_for_video(image, self._last_timestamp_ms)
        height_px, width_px = bgr.shape[:2]
        return [
            TrackedFace(
                landmarks_px=_landmarks_to_pixels(landmarks, width_px, height_px),
                pose=pose_from_matrix(matrix),
                blendshapes={shape.category_name: float(shape.score) for shape in shapes},
            )
            for landmarks, shapes, matrix in zip(
                result.face_landmarks,
                result.face_blendshapes,
                result.facial_transformation_matrixes,
                strict=True,
            )
        ]

    def close(self) -> None:
        """Free the landmarker's memory (about 28 MB); the tracker can't be used again."""
        self._landmarker.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def pose_from_matrix(matrix: npt.NDArray[np.floating[Any]]) -> HeadPose:
    """Turn MediaPipe's 4x4 facial transformation matrix into angles.

    The matrix maps the canonical face (x to the image's right, y up, z out of the face) into the
    camera's space, so its third column is where the nose points. The rotation is taken apart as
    yaw, then pitch, then roll, from the outside in.
    """
    nose_x, nose_y, nose_z = (float(value) for value in matrix[:3, 2])
    return HeadPose(
        yaw_deg=math.degrees(math.atan2(nose_x, nose_z)),
        pitch_deg=math.degrees(math.asin(min(1.0, max(-1.0, nose_y)))),
        roll_deg=math.degrees(math.atan2(-float(matrix[1, 0]), float(matrix[1, 1]))),
    )


def _landmarks_to_pixels(landmarks: list[Any], width_px: int, height_px: int) -> npt.NDArray[np.float32]:
    normalised = np.array([(point.x, point.y) for point in landmarks], dtype=np.float32)
    scale = np.array([width_px, height_px], dtype=np.float32)
    pixels: npt.NDArray[np.float32] = normalised * scale
    return pixels
