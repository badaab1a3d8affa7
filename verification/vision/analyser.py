"""A picture's bytes in, a FaceObservation out: the only door from the rest of the project to the models."""

import hashlib
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

import cv2
import numpy as np
import numpy.typing as npt

from verification.liveness.observation import Box, Face, FaceObservation, HeadPose, SampledModel
from verification.vision.appearance import describe_appearance
from verification.vision.closing import Closing
from verification.vision.crop import PixelBox, bound_landmarks
from verification.vision.decode import DecodedFrame, decode_image
from verification.vision.installed import ModelStatus
from verification.vision.landmarks import FaceLandmarkerMissing, TrackedFace
from verification.vision.loading import VisionModels, load_models
from verification.vision.skin import measure_skin_lab
from verification.vision.trackers import LandmarkEngine, open_tracker
from verification.vision.weights import ModelName, ModelPaths

__all__ = ["FrameAnalyser", "ModelPaths", "ModelStatus", "VisionModels", "load_models"]

_THUMBNAIL_SIZE = (32, 32)
_DIGEST_BYTES = 16
# Views turned further are never compared with a frontal one.
_APPEARANCE_DEG = 25.0
# What measures the steps `decode`, `landmarks`, `texture`, `emotion` and `deepfake`: entered, then left.
StepTimer = Callable[[str], AbstractContextManager[None]]


def _measure_nothing(_step: str) -> AbstractContextManager[None]:
    return nullcontext()


class FrameAnalyser(Closing):
    """Analyses the frames of one capture session, in order; not for use by two threads at once.

    max_pixels: the most width * height of a frame that is decoded. engine: what runs the landmark networks.
    time_step: around each step of a frame.
    Raises FaceLandmarkerMissing when the landmarker isn't installed, or isn't the file it should be.
    """

    def __init__(
        self,
        models: VisionModels,
        *,
        max_pixels: int,
        engine: LandmarkEngine = LandmarkEngine.LITERT,
        time_step: StepTimer = _measure_nothing,
    ) -> None:
        self._time_step = time_step
        self._models = models
        self._max_pixels = max_pixels
        landmarker = models.status[ModelName.FACE_LANDMARKER]
        if not landmarker.is_installed or models.landmarker is None:
            raise FaceLandmarkerMissing(f"{landmarker.path}: {landmarker.detail}")
        self._tracker = open_tracker(models.landmarker, models.landmarker_path, engine)

    def analyse(
        self, data: bytes, captured_at_ms: int, wanted: frozenset[SampledModel] = frozenset()
    ) -> FaceObservation:
        """Decode a JPEG or WebP frame and say what it shows.

        wanted: the sampled models to run; one that isn't installed leaves its field None.
        Raises FrameRejected when the bytes are not decoded.
        """
        with self._time_step("decode"):
            frame = decode_image(data, max_pixels=self._max_pixels)
        return self.analyse_decoded(frame, captured_at_ms, wanted)

    def analyse_decoded(
        self, frame: DecodedFrame, captured_at_ms: int, wanted: frozenset[SampledModel] = frozenset()
    ) -> FaceObservation:
        """Say what a decoded frame shows, such as one of a video file; see `analyse`."""
        with self._time_step("landmarks"):
            tracked = self._tracker.track(frame.bgr, captured_at_ms)
        faces = [(face, bound_landmarks(face.landmarks_px)) for face in tracked]
        faces = [(face, box) for face, box in faces if _is_in_frame(box, frame)]
        largest = max(faces, key=lambda item: item[1].width * item[1].height, default=None)
        height_px, width_px = frame.luma.shape
        largest_box = None if largest is None else largest[1]
        return FaceObservation(
            width_px=width_px,
            height_px=height_px,
            face_count=len(faces),
            face=None if largest is None else _describe_face(*largest, frame),
            luma_digest=hashlib.sha256(frame.luma.data).digest()[:_DIGEST_BYTES],
            luma_thumbnail=_shrink(frame.luma),
            texture=self._score_texture(frame, largest_box, wanted),
            emotions=self._classify_emotions(frame, largest_box, wanted),
            deepfake=self._score_deepfake(frame, largest_box, wanted),
        )

    def close(self) -> None:
        """Let go of the session's tracker; the analyser can't be used again."""
        self._tracker.close()

    def _score_texture(
        self, frame: DecodedFrame, box: PixelBox | None, wanted: frozenset[SampledModel]
    ) -> float | None:
        model = self._models.texture
        if box is None or model is None or SampledModel.TEXTURE not in wanted:
            return None
        with self._time_step("texture"):
            return model.score(frame.bgr, box)

    def _classify_emotions(
        self, frame: DecodedFrame, box: PixelBox | None, wanted: frozenset[SampledModel]
    ) -> dict[str, float] | None:
        model = self._models.emotion
        if box is None or model is None or SampledModel.EMOTION not in wanted:
            return None
        with self._time_step("emotion"):
            return dict(model.classify(frame.bgr, box))

    def _score_deepfake(
        self, frame: DecodedFrame, box: PixelBox | None, wanted: frozenset[SampledModel]
    ) -> float | None:
        model = self._models.deepfake
        if box is None or model is None or SampledModel.DEEPFAKE not in wanted:
            return None
        with self._time_step("deepfake"):
            return model.score(frame.bgr, box)


def _is_in_frame(box: PixelBox, frame: DecodedFrame) -> bool:
    """Whether at least a pixel of the box lies in the frame; the tracker may drift out of it."""
    left, top, right, bottom = _clip_to_pixels(box, frame)
    return right > left and bottom > top


def _clip_to_pixels(box: PixelBox, frame: DecodedFrame) -> tuple[int, int, int, int]:
    height_px, width_px = frame.luma.shape
    return (
        max(0, int(box.x)),
        max(0, int(box.y)),
        min(width_px, int(np.ceil(box.x + box.width))),
        min(height_px, int(np.ceil(box.y + box.height))),
    )


def _describe_face(face: TrackedFace, box: PixelBox, frame: DecodedFrame) -> Face:
    left, top, right, bottom = _clip_to_pixels(box, frame)
    return Face(
        box=_clip_to_fractions(box, frame),
        landmarks_px=face.landmarks_px,
        pose=face.pose,
        blendshapes=face.blendshapes,
        luma_mean=float(frame.luma[top:bottom, left:right].mean()),
        skin_lab=measure_skin_lab(frame.bgr, face.landmarks_px),
        appearance=describe_appearance(frame.luma, face.landmarks_px) if _faces_camera(face.pose) else None,
    )


def _faces_camera(pose: HeadPose) -> bool:
    return max(abs(pose.yaw_deg), abs(pose.pitch_deg)) <= _APPEARANCE_DEG


def _clip_to_fractions(box: PixelBox, frame: DecodedFrame) -> Box:
    height_px, width_px = frame.luma.shape
    left, top = max(0.0, box.x / width_px), max(0.0, box.y / height_px)
    right = min(1.0, (box.x + box.width) / width_px)
    bottom = min(1.0, (box.y + box.height) / height_px)
    return Box(x=left, y=top, width=max(0.0, right - left), height=max(0.0, bottom - top))


def _shrink(luma: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    return cv2.resize(luma, _THUMBNAIL_SIZE, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
