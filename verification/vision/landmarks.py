"""Face landmarks followed over the frames of a stream: 478 points, 52 blendshapes and the head's pose.

The networks and the rules are those of MediaPipe Face Landmarker in VIDEO mode for two faces, and so are the
numbers that come out; `mediapipe_landmarks` is the original, which takes half as long again.
Source: https://ai.google.dev/edge/mediapipe/solutions/vision/face_landmarker
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from verification.liveness.observation import HeadPose
from verification.vision.closing import Closing
from verification.vision.face_networks import LANDMARK_COUNT, FaceNetworkPool, FaceNetworks
from verification.vision.face_region import FaceRegion, merge_regions, region_around
from verification.vision.onnx_session import ModelUnreadable

__all__ = ["LANDMARK_COUNT", "FaceLandmarkTracker", "FaceLandmarkerMissing", "FaceTracker", "TrackedFace"]

# One more than may be there, so that a second person before the camera is seen.
MAX_FACES = 2
_LEAST_PRESENCE = 0.5


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


class FaceTracker(Protocol):
    """Whatever follows the faces of one stream of frames; not for use by two threads at once."""

    def track(self, bgr: npt.NDArray[np.uint8], timestamp_ms: int) -> list[TrackedFace]:
        """Find up to two faces in the next frame of the stream.

        bgr: uint8, shape (height, width, 3). timestamp_ms: when it was captured.
        """
        ...

    def close(self) -> None:
        """Free what the stream needed; the tracker can't be used again."""
        ...


class FaceLandmarkTracker(Closing):
    """Follows the faces of one stream with networks that all streams of a process may share.

    networks: those; or the path of face_landmarker.task, to load a set for this stream alone.
    Where fewer faces than max_faces are followed the detector looks at the whole frame, and a face that it
    finds is looked at where it found it. Raises FaceLandmarkerMissing when the file is absent or damaged.
    """

    def __init__(self, networks: FaceNetworkPool | Path, *, max_faces: int = MAX_FACES) -> None:
        self._pool = _load_networks(networks) if isinstance(networks, Path) else networks
        self._max_faces = max_faces
        self._followed: list[FaceRegion] = []

    def track(self, bgr: npt.NDArray[np.uint8], timestamp_ms: int) -> list[TrackedFace]:
        """Find faces in the next frame of the stream; see FaceTracker. The time makes no difference."""
        with self._pool.borrow() as networks:
            regions = self._followed
            if len(regions) < self._max_faces:
                regions = merge_regions(regions, networks.find_faces(bgr)[: self._max_faces])
            self._followed = []
            faces = [self._look(networks, bgr, region) for region in regions[: self._max_faces]]
        return [face for face in faces if face is not None]

    def close(self) -> None:
        """Forget where the faces were."""
        self._followed = []

    def _look(
        self, networks: FaceNetworks, bgr: npt.NDArray[np.uint8], region: FaceRegion
    ) -> TrackedFace | None:
        """Look at one region, and remember where to look next; None where no face is."""
        if not region.has_area:
            return None
        height_px, width_px = bgr.shape[:2]
        landmarks, presence = networks.find_landmarks(bgr, region)
        if presence <= _LEAST_PRESENCE:
            return None
        pose = self._pool.canonical_face.find_pose(landmarks, width_px, height_px)
        if pose is None:
            return None
        self._followed.append(region_around(landmarks, width_px, height_px))
        landmarks_px = landmarks[:, :2] * np.array([width_px, height_px], dtype=np.float32)
        return TrackedFace(landmarks_px, pose_from_matrix(pose), networks.find_blendshapes(landmarks_px))


def pose_from_matrix(matrix: npt.NDArray[np.floating[Any]]) -> HeadPose:
    """Turn MediaPipe's facial transformation matrix, or its rotation, into angles.

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


def _load_networks(path: Path) -> FaceNetworkPool:
    if not path.is_file():
        raise FaceLandmarkerMissing(f"no face landmarker at {path}: run manage.py download_models")
    try:
        return FaceNetworkPool(path)
    except ModelUnreadable as error:
        raise FaceLandmarkerMissing(str(error)) from error
