"""The three networks inside face_landmarker.task, run with LiteRT: detector, landmarks, blendshapes.

MediaPipe runs the same files, in a graph of its own for each stream. Here a thread borrows a set of them for
one frame, so a session costs no memory but where its faces were.
"""

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, LifoQueue
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from ai_edge_litert.interpreter import Interpreter

from verification.vision.blendshapes import BLENDSHAPE_LANDMARKS, BLENDSHAPE_NAMES
from verification.vision.face_detection import (
    ANCHOR_COUNT,
    DETECTOR_INPUT_PX,
    VALUES_PER_ANCHOR,
    fit_to_detector,
    read_detections,
)
from verification.vision.face_geometry import CanonicalFace, read_canonical_face
from verification.vision.face_region import FaceRegion, cut_region, place_in_frame
from verification.vision.onnx_session import ModelUnreadable

LANDMARK_COUNT = 478
LANDMARK_INPUT_PX = 256
_DETECTOR, _LANDMARKS, _BLENDSHAPES, _GEOMETRY = (
    "face_detector.tflite",
    "face_landmarks_detector.tflite",
    "face_blendshapes.tflite",
    "geometry_pipeline_metadata_landmarks.binarypb",
)
# What a network is fed for each of the 256 values of a pixel.
_TO_SIGNED = (np.arange(256, dtype=np.float32) / np.float32(127.5) - 1).astype(np.float32)
_TO_UNIT = np.arange(256, dtype=np.float32) / np.float32(255)

_Floats = npt.NDArray[np.float32]
_Image = npt.NDArray[np.uint8]


class FaceNetworks:
    """One set of the networks; not for use by two threads at once.

    parts: the files inside the bundle by name. Raises ModelUnreadable when they aren't those networks.
    """

    def __init__(self, parts: dict[str, bytes]) -> None:
        self._detector = _Network(parts, _DETECTOR, (1, DETECTOR_INPUT_PX, DETECTOR_INPUT_PX, 3))
        self._landmarks = _Network(parts, _LANDMARKS, (1, LANDMARK_INPUT_PX, LANDMARK_INPUT_PX, 3))
        self._blendshapes = _Network(parts, _BLENDSHAPES, (1, len(BLENDSHAPE_LANDMARKS), 2))
        self._detector.require(ANCHOR_COUNT * VALUES_PER_ANCHOR, ANCHOR_COUNT)
        self._landmarks.require(LANDMARK_COUNT * 3, 1)
        self._blendshapes.require(len(BLENDSHAPE_NAMES))

    def find_faces(self, bgr: _Image) -> list[FaceRegion]:
        """Return the regions of the faces in a BGR frame, the surest first."""
        square, fit = fit_to_detector(bgr)
        values, logits = self._detector.run(cv2.LUT(square, _TO_SIGNED))[:2]
        height_px, width_px = bgr.shape[:2]
        shape = (ANCHOR_COUNT, VALUES_PER_ANCHOR)
        return read_detections(values.reshape(shape), logits.reshape(-1), fit, width_px, height_px)

    def find_landmarks(self, bgr: _Image, region: FaceRegion) -> tuple[_Floats, float]:
        """Return landmarks, shape (478, 3) in fractions of the frame, and P(a face is there), 0..1."""
        face = cut_region(bgr, region, LANDMARK_INPUT_PX)
        values, logit = self._landmarks.run(cv2.LUT(face, _TO_UNIT))[:2]
        points = values.reshape(LANDMARK_COUNT, 3) / np.float32(LANDMARK_INPUT_PX)
        presence = 1 / (1 + np.exp(-np.clip(float(logit.reshape(-1)[0]), -100, 100)))
        return place_in_frame(points, region), float(presence)

    def find_blendshapes(self, landmarks_px: _Floats) -> dict[str, float]:
        """Return MediaPipe's 52 names to 0..1. landmarks_px: shape (478, 2), pixels."""
        scores = self._blendshapes.run(landmarks_px[BLENDSHAPE_LANDMARKS])[0].reshape(-1).tolist()
        return dict(zip(BLENDSHAPE_NAMES, scores, strict=True))


class FaceNetworkPool:
    """As many sets of the networks as threads use at once, shared by all sessions of a process.

    path: MediaPipe's face_landmarker.task. The first set is loaded at once.
    Raises ModelUnreadable when the file isn't that bundle.
    """

    def __init__(self, path: Path) -> None:
        try:
            with zipfile.ZipFile(path) as bundle:
                self._parts = {
                    name: bundle.read(name) for name in (_DETECTOR, _LANDMARKS, _BLENDSHAPES, _GEOMETRY)
                }
            self.canonical_face: CanonicalFace = read_canonical_face(self._parts[_GEOMETRY])
        except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
            raise ModelUnreadable(f"{path} can't be loaded as a face landmarker") from error
        self._idle: LifoQueue[FaceNetworks] = LifoQueue()
        self._idle.put(FaceNetworks(self._parts))

    @contextmanager
    def borrow(self) -> Iterator[FaceNetworks]:
        """Take a set that nobody uses, or a new one, for as long as the block runs."""
        try:
            networks = self._idle.get_nowait()
        except Empty:
            networks = FaceNetworks(self._parts)
        try:
            yield networks
        finally:
            self._idle.put(networks)


class _Network:
    """One LiteRT interpreter on one thread, with one float32 input."""

    def __init__(self, parts: dict[str, bytes], name: str, input_shape: tuple[int, ...]) -> None:
        self._name = name
        try:
            self._interpreter = Interpreter(model_content=parts[name], num_threads=1)
            self._interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise ModelUnreadable(f"{name} can't be loaded as a LiteRT model") from error
        entry = self._interpreter.get_input_details()[0]
        if tuple(entry["shape"]) != input_shape or entry["dtype"] is not np.float32:
            raise ModelUnreadable(f"{name} takes {tuple(entry['shape'])}, not {input_shape}")
        self._input: int = entry["index"]
        self._outputs: list[dict[str, Any]] = self._interpreter.get_output_details()
        self._shape = input_shape

    def require(self, *sizes: int) -> None:
        """Raise ModelUnreadable unless the first outputs hold this many numbers each."""
        found = tuple(int(np.prod(entry["shape"])) for entry in self._outputs[: len(sizes)])
        if found != sizes:
            raise ModelUnreadable(f"{self._name} gives {found} numbers, not {sizes}")

    def run(self, values: npt.NDArray[Any]) -> list[_Floats]:
        """Feed the input, in its shape or without the leading 1, and return copies of all outputs."""
        self._interpreter.set_tensor(self._input, values.reshape(self._shape))
        self._interpreter.invoke()
        return [self._interpreter.get_tensor(entry["index"]) for entry in self._outputs]
