"""What the analyser saw in one frame: the only vocabulary that vision and liveness share.

Left and right are the capture subject's own. Frames are unmirrored, so the subject's own left
is the right-hand side of the image.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt


class SampledModel(StrEnum):
    """A model that need not run on every frame; the session asks for it when it wants it."""

    TEXTURE = "texture"
    EMOTION = "emotion"
    DEEPFAKE = "deepfake"


@dataclass(frozen=True, slots=True)
class HeadPose:
    """Head rotation relative to the camera, in degrees.

    yaw_deg: positive when the nose points to the subject's own left (the image's right).
    pitch_deg: positive when the nose points up.
    roll_deg: positive when the head tilts to the subject's own left shoulder.
    """

    yaw_deg: float
    pitch_deg: float
    roll_deg: float


@dataclass(frozen=True, slots=True)
class Box:
    """An axis-aligned rectangle in fractions of the frame: left, top, width, height in 0..1."""

    x: float
    y: float
    width: float
    height: float

    @property
    def centre(self) -> tuple[float, float]:
        return self.x + self.width / 2, self.y + self.height / 2


@dataclass(frozen=True, slots=True)
class Face:
    """The largest face in the frame.

    landmarks_px: float32 array of shape (478, 2), MediaPipe Face Landmarker's topology, pixels of
        the unmirrored frame. Its z is left out on purpose: it is a prior, not a measurement.
    blendshapes: MediaPipe's 52 blendshape names (`jawOpen`, `mouthSmileLeft`, ...) to 0..1.
    luma_mean: mean luma of the face box, 0..255.
    skin_lab: mean CIELAB a* and b* over the cheeks and forehead, 8-bit OpenCV scale (128 is neutral).
    appearance: what brows, eyes and nose look like, a vector of length 1, shape (900,); None where the head is
        turned away from the camera.
    """

    box: Box
    landmarks_px: npt.NDArray[np.float32]
    pose: HeadPose
    blendshapes: Mapping[str, float]
    luma_mean: float
    skin_lab: tuple[float, float]
    appearance: npt.NDArray[np.float32] | None = None


@dataclass(frozen=True, slots=True)
class FaceObservation:
    """Everything that later code may know about a frame; the pixels stay behind.

    luma_digest: first 16 bytes of the SHA-256 of the decoded luma plane; equal digests are equal pictures.
    luma_thumbnail: uint8 array of shape (32, 32), the area-averaged luma plane.
    texture: P(the medium is a live face, not paper or a screen), 0..1; None when not asked for or
        not installed. The same rule holds for the next two.
    emotions: DeepFace's seven labels (`angry`, `disgust`, `fear`, `happy`, `sad`, `surprise`,
        `neutral`) to probabilities that sum to 1.
    deepfake: P(the face is genuine, not generated), 0..1. 1 is bona fide, as for every score.
    """

    width_px: int
    height_px: int
    face_count: int
    face: Face | None
    luma_digest: bytes
    luma_thumbnail: npt.NDArray[np.uint8]
    texture: float | None = None
    emotions: Mapping[str, float] | None = None
    deepfake: float | None = None
