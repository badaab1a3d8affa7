"""Finding faces in the clips that attacks are made from, and the stills that are worth stealing."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
import numpy.typing as npt

from verification.vision.crop import bound_landmarks
from verification.vision.landmarks import FaceLandmarkTracker

Image = npt.NDArray[np.uint8]
Points = npt.NDArray[np.float32]
Affine = npt.NDArray[np.float64]

_NOSE_TIP, _RIGHT_SIDE, _LEFT_SIDE = 1, 234, 454
_CANDIDATES = 12
# Asymmetry that a small turn makes; within it the sharper still is the better one.
_FRONTAL_SLACK = 0.08
_SHARPNESS_PX = 128


class FaceNotFound(ValueError):
    """No frame of the clip shows a face, so there is nothing to make an attack from."""


class LandmarkSource(Protocol):
    """Whatever can tell the landmarks of the largest face: a model, or what it said before."""

    def track(self, frames: Iterable[Image], fps: float) -> Iterator[Points | None]:
        """Yield for each frame float32 landmarks of shape (478, 2) in pixels, or None for no face."""
        ...


class TrackedLandmarks:
    """A LandmarkSource that runs MediaPipe's landmarker, a new one for each stream of frames.

    Raises FaceLandmarkerMissing, on `track`, when the model file is absent or damaged.
    """

    def __init__(self, model_path: Path) -> None:
        self._model_path = model_path

    def track(self, frames: Iterable[Image], fps: float) -> Iterator[Points | None]:
        with FaceLandmarkTracker(self._model_path) as tracker:
            for number, bgr in enumerate(frames):
                faces = [face.landmarks_px for face in tracker.track(bgr, round(1_000 * number / fps))]
                yield max(faces, key=measure_face_px, default=None)


@dataclass(frozen=True, slots=True)
class Still:
    """One frame of a clip with its face. landmarks_px: float32 of shape (478, 2)."""

    bgr: Image
    landmarks_px: Points

    def fit_to(self, target_px: Points, shape: tuple[int, int]) -> "Still":
        """The still as a frame of `shape` (H, W), its face about as wide as the target's, and there."""
        moved = place_over(self, target_px, shape)
        landmarks = self.landmarks_px @ moved[:, :2].T + moved[:, 2]
        return Still(move_picture(self.bgr, moved, shape), landmarks.astype(np.float32))


def place_over(still: Still, target_px: Points, shape: tuple[int, int]) -> Affine:
    """The scaling and shift, shape (2, 3), that bring a still's face to the target's place and width.

    As nearly as the still can without leaving a part of a frame of `shape` (H, W) uncovered.
    """
    height, width = still.bgr.shape[:2]
    wanted = measure_face_px(target_px) / max(1.0, measure_face_px(still.landmarks_px))
    scale = max(wanted, shape[1] / width, shape[0] / height)
    shift = target_px.mean(axis=0) - scale * still.landmarks_px.mean(axis=0)
    x, y = np.clip(shift, np.array([shape[1] - scale * width, shape[0] - scale * height]), 0.0)
    return np.array([(scale, 0, x), (0, scale, y)], np.float64)


def move_picture(bgr: Image, moved: Affine, shape: tuple[int, int]) -> Image:
    """The picture under an affine map of shape (2, 3), in a frame of `shape` (H, W)."""
    size = (shape[1], shape[0])
    warped = cv2.warpAffine(bgr, moved, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return warped.astype(np.uint8, copy=False)


def measure_face_px(landmarks_px: Points) -> float:
    """Width of the box around the landmarks, pixels."""
    return bound_landmarks(landmarks_px).width


def measure_turn(landmarks_px: Points) -> float:
    """How far the nose tip is from the middle between the face's sides, in half face widths: 0 is frontal.

    Positive towards the image's right, as yaw is.
    """
    right, left, nose = (landmarks_px[index, 0] for index in (_RIGHT_SIDE, _LEFT_SIDE, _NOSE_TIP))
    half_width = max(1.0, float(left - right) / 2)
    return float(nose - (left + right) / 2) / half_width


def list_stills(frames: Sequence[Image], landmarks: LandmarkSource, most: int = _CANDIDATES) -> list[Still]:
    """Up to `most` frames with a face, evenly spread over the clip. Raises FaceNotFound when there is none."""
    if not frames:
        raise FaceNotFound("the clip has no frames")
    chosen = sorted({round(place) for place in np.linspace(0, len(frames) - 1, most)})
    stills: list[Still] = []
    # Samples of a clip are far apart in time: said to be so, the tracker doesn't link them.
    pictures = [frames[index] for index in chosen]
    for bgr, points in zip(pictures, landmarks.track(pictures, fps=1.0), strict=True):
        if points is not None:
            stills.append(Still(bgr, points))
    if not stills:
        raise FaceNotFound("no frame of the clip shows a face")
    return stills


def choose_still(frames: Sequence[Image], landmarks: LandmarkSource) -> Still:
    """The sharpest of the most frontal frames: what an attacker would print. Raises FaceNotFound."""
    stills = list_stills(frames, landmarks)
    least_turn = min(abs(measure_turn(still.landmarks_px)) for still in stills)
    frontal = [s for s in stills if abs(measure_turn(s.landmarks_px)) <= least_turn + _FRONTAL_SLACK]
    return max(frontal, key=_measure_sharpness)


def _measure_sharpness(still: Still) -> float:
    """Variance of the Laplacian of the face at one size."""
    x, y, width, height = bound_landmarks(still.landmarks_px)
    top, left = max(0, int(y)), max(0, int(x))
    face = still.bgr[top : max(top + 1, int(y + height)), left : max(left + 1, int(x + width))]
    if face.size == 0:
        return 0.0
    luma = cv2.cvtColor(face, cv2.COLOR_BGR2GRAY)
    sized = cv2.resize(luma, (_SHARPNESS_PX, _SHARPNESS_PX), interpolation=cv2.INTER_AREA)
    return float(cv2.Laplacian(sized, cv2.CV_32F).var())
