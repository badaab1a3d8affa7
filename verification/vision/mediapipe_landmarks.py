"""MediaPipe's own Face Landmarker: what `landmarks` is measured against, and may be exchanged for.

Importing it costs half a second, and each stream 28 MB.
Source: https://ai.google.dev/edge/mediapipe/solutions/vision/face_landmarker
"""

from pathlib import Path
from typing import Any

import cv2
import mediapipe as mp
import numpy as np
import numpy.typing as npt
from mediapipe.tasks.python import BaseOptions
from mediapipe.tasks.python.vision import FaceLandmarker, FaceLandmarkerOptions, RunningMode

from verification.vision.closing import Closing
from verification.vision.landmarks import MAX_FACES, FaceLandmarkerMissing, TrackedFace, pose_from_matrix
from verification.vision.weights import MANIFEST, ModelName, is_trusted


class MediaPipeTracker(Closing):
    """One landmarker for one stream of frames; not for use by two threads at once.

    Raises FaceLandmarkerMissing when the model file is absent or damaged.
    """

    def __init__(self, model_path: Path, *, max_faces: int = MAX_FACES) -> None:
        # Its content and not its path: MediaPipe would map the file, and what is written into it later with it.
        content = _read_trusted(model_path)
        options = FaceLandmarkerOptions(
            base_options=BaseOptions(model_asset_buffer=content),
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
        """Find up to two faces in the next frame of the stream; see FaceTracker.

        A time that does not rise is moved on by a millisecond, because MediaPipe refuses frames that go back.
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
        """Free the landmarker's memory; the tracker can't be used again."""
        self._landmarker.close()


def _read_trusted(model_path: Path) -> bytes:
    """Read for each stream anew, so the file may have changed since the server began."""
    if not is_trusted(MANIFEST[ModelName.FACE_LANDMARKER], model_path):
        raise FaceLandmarkerMissing(f"no face landmarker at {model_path}: run manage.py download_models")
    return model_path.read_bytes()


def _landmarks_to_pixels(landmarks: list[Any], width_px: int, height_px: int) -> npt.NDArray[np.float32]:
    normalised = np.array([(point.x, point.y) for point in landmarks], dtype=np.float32)
    scale = np.array([width_px, height_px], dtype=np.float32)
    pixels: npt.NDArray[np.float32] = normalised * scale
    return pixels
