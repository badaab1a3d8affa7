"""Reads bona fide faces: a folder of portraits, and frames of clips, with MediaPipe's landmarks."""

import csv
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import cv2
import mediapipe as mp
import numpy as np
import numpy.typing as npt
from mediapipe.tasks.python import BaseOptions, vision

from training.samples import LANDMARK_COUNT, FaceSample, Origin, cut_face

PICTURE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp"})
CLIP_SUFFIXES = PICTURE_SUFFIXES | {".mp4", ".mpg", ".mkv", ".mov", ".gif", ".avi", ".webm"}
MIN_FACE_PX = 60.0

Image = npt.NDArray[np.uint8]
Progress = Callable[[int, int], None]


class StillLandmarker:
    """FaceLandmarker over single pictures; a context manager.

    Raises FileNotFoundError when the model is not at `model`.
    """

    def __init__(self, model: Path) -> None:
        if not model.is_file():
            raise FileNotFoundError(f"no face landmark model at {model}")
        options = vision.FaceLandmarkerOptions(BaseOptions(model_asset_path=str(model)), num_faces=1)
        self._landmarker = vision.FaceLandmarker.create_from_options(options)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._landmarker.close()

    def find(self, image_bgr: Image) -> npt.NDArray[np.float32] | None:
        """Landmarks in pixels, float32 of shape (478, 2); None where no face is found."""
        rgb = np.ascontiguousarray(image_bgr[..., ::-1])
        faces = self._landmarker.detect(mp.Image(image_format=mp.ImageFormat.SRGB, data=rgb)).face_landmarks
        if not faces:
            return None
        height, width = image_bgr.shape[:2]
        points = np.array([(point.x * width, point.y * height) for point in faces[0]], np.float32)
        return points if len(points) == LANDMARK_COUNT else None


def list_pictures(folder: Path) -> list[Path]:
    """The folder's pictures by name, each content once: of files with equal bytes the first is kept.

    Where a `<folder>.tsv` with a `file` column lies beside the folder, only the files it names are taken.
    Raises FileNotFoundError when there is no picture.
    """
    table = folder.parent / f"{folder.name}.tsv"
    listed = None
    if table.is_file():
        with table.open(encoding="utf-8", newline="") as rows:
            listed = {row["file"] for row in csv.DictReader(rows, delimiter="\t")}
    by_content: dict[str, Path] = {}
    for path in sorted(folder.glob("*")):
        if path.suffix.lower() in PICTURE_SUFFIXES and (listed is None or path.name in listed):
            by_content.setdefault(hashlib.sha256(path.read_bytes()).hexdigest(), path)
    if not by_content:
        raise FileNotFoundError(f"no pictures in {folder}")
    return list(by_content.values())


def list_clips(folder: Path) -> list[Path]:
    """The folder's clips and pictures by name. Raises FileNotFoundError when there is none."""
    clips = [path for path in sorted(folder.glob("*")) if path.suffix.lower() in CLIP_SUFFIXES]
    if not clips:
        raise FileNotFoundError(f"no clips in {folder}")
    return clips


def read_frames(path: Path, count: int) -> Iterator[Image]:
    """At most `count` frames, evenly spread over the clip; the picture itself where `path` is one."""
    if path.suffix.lower() in PICTURE_SUFFIXES:
        picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
        if picture is not None:
            yield picture.astype(np.uint8, copy=False)
        return
    total = _count_frames(path)
    wanted = set(np.linspace(0, total - 1, min(count, total)).round().astype(int).tolist())
    capture = cv2.VideoCapture(str(path))
    for index in range(total):
        if not capture.grab():
            break
        if index in wanted:
            is_read, frame = capture.retrieve()
            if is_read:
                yield frame.astype(np.uint8, copy=False)
    capture.release()


def read_samples(
    paths: Sequence[Path],
    origin: Origin,
    landmarker: StillLandmarker,
    *,
    frames_per_clip: int,
    identities: Mapping[str, str],
    progress: Progress = lambda done, total: None,
) -> list[FaceSample]:
    """Every face of at least 60 px in `paths`; pictures and frames without one are left out.

    identities: file name to identity, as `name_identities` gives it.
    """
    samples = []
    for done, path in enumerate(paths, start=1):
        for frame in read_frames(path, frames_per_clip):
            landmarks = landmarker.find(frame)
            if landmarks is None or np.ptp(landmarks[:, 0]) < MIN_FACE_PX:
                continue
            face, points = cut_face(frame, landmarks)
            samples.append(FaceSample(face, points, identities[path.name], path.name, origin))
        progress(done, len(paths))
    return samples


def _count_frames(path: Path) -> int:
    """Counted by decoding: containers such as GIF do not always tell their length."""
    capture = cv2.VideoCapture(str(path))
    count = 0
    while capture.grab():
        count += 1
    capture.release()
    return count
