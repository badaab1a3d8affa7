"""A face ready for training, and who may see it: identities, and their split into three parts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import cv2
import numpy as np
import numpy.typing as npt

from verification.vision.crop import bound_landmarks

LANDMARK_COUNT = 478


class Part(StrEnum):
    """What an identity is used for; no identity is in two parts."""

    TRAIN = "train"
    CALIBRATE = "calibrate"
    EVALUATE = "evaluate"


class Origin(StrEnum):
    """Where a face comes from."""

    PORTRAIT = "portrait"
    CLIP = "clip"


@dataclass(frozen=True, slots=True)
class FaceSample:
    """A bona fide face with room around it.

    image_bgr: uint8 of shape (H, W, 3), cut from the picture or frame, never padded.
    landmarks_px: float32 of shape (478, 2), MediaPipe Face Landmarker's topology, pixels of `image_bgr`.
    identity: name of the person, as `name_identities` gives it.
    source: file name of the picture or clip.
    """

    image_bgr: npt.NDArray[np.uint8]
    landmarks_px: npt.NDArray[np.float32]
    identity: str
    source: str
    origin: Origin

    @property
    def face_px(self) -> float:
        """Width of the landmark box in pixels."""
        return float(np.ptp(self.landmarks_px[:, 0]))


def cut_face(
    image_bgr: npt.NDArray[np.uint8],
    landmarks_px: npt.NDArray[np.float32],
    *,
    margin: float = 2.1,
    max_face_px: float = 340.0,
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.float32]]:
    """The square `margin` times the landmark box, clipped to the frame, and shrunk if the face is larger.

    Clipped and not padded: serving's crop must meet the frame's true border where the face is close to it.
    """
    height, width = image_bgr.shape[:2]
    x, y, box_width, box_height = bound_landmarks(landmarks_px)
    half = margin * max(box_width, box_height) / 2
    centre_x, centre_y = x + box_width / 2, y + box_height / 2
    left, top = max(0, int(centre_x - half)), max(0, int(centre_y - half))
    right, bottom = min(width, int(centre_x + half) + 1), min(height, int(centre_y + half) + 1)
    face, points = image_bgr[top:bottom, left:right], landmarks_px - np.array([left, top], np.float32)
    if box_width > max_face_px:
        face, points = resize_face(face, points, max_face_px / box_width)
    return np.ascontiguousarray(face), points.astype(np.float32)


def resize_face(
    image_bgr: npt.NDArray[np.uint8], landmarks_px: npt.NDArray[np.float32], scale: float
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.float32]]:
    """The image and its landmarks, `scale` times as large (rounded to whole pixels)."""
    height, width = image_bgr.shape[:2]
    size = max(1, round(width * scale)), max(1, round(height * scale))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    resized = cv2.resize(image_bgr, size, interpolation=method)
    exact_scale = np.array([size[0] / width, size[1] / height], np.float32)
    return resized.astype(np.uint8, copy=False), landmarks_px * exact_scale


def name_identities(names: Iterable[str], same_person: Sequence[Sequence[str]] = ()) -> dict[str, str]:
    """File name to identity: the file's own name, or the first name of the group that holds it.

    same_person: groups of file names that show one person; groups that share a name are one group.
    """
    leader = {name: name for name in names}

    def find(name: str) -> str:
        while leader[name] != name:
            name = leader[name]
        return name

    for group in same_person:
        known = [name for name in group if name in leader]
        for name in known[1:]:
            first, second = sorted((find(known[0]), find(name)))
            leader[second] = first
    return {name: find(name) for name in leader}


def split_identities(
    identities: Iterable[str], seed: int, *, evaluate: float = 1 / 6, calibrate: float = 1 / 12
) -> dict[str, Part]:
    """Draws each identity's part: `evaluate` and `calibrate` are shares of all identities, rounded up."""
    ordered = sorted(set(identities))
    order = np.random.default_rng(seed).permutation(len(ordered))
    evaluate_count = int(np.ceil(len(ordered) * evaluate))
    calibrate_count = int(np.ceil(len(ordered) * calibrate))
    parts = dict.fromkeys(ordered, Part.TRAIN)
    for position in order[:evaluate_count]:
        parts[ordered[position]] = Part.EVALUATE
    for position in order[evaluate_count : evaluate_count + calibrate_count]:
        parts[ordered[position]] = Part.CALIBRATE
    return parts


def split_samples(samples: Sequence[FaceSample], seed: int) -> dict[Part, list[FaceSample]]:
    """The samples of each part.

    People seen in clips are drawn apart from those seen in portraits only, so that both origins are kept out
    in the same proportion; every picture of a person follows that one draw.
    """
    in_clips = {sample.identity for sample in samples if sample.origin is Origin.CLIP}
    in_portraits_only = {sample.identity for sample in samples} - in_clips
    part_of = split_identities(in_clips, seed) | split_identities(in_portraits_only, seed)
    split: dict[Part, list[FaceSample]] = {part: [] for part in Part}
    for sample in samples:
        split[part_of[sample.identity]].append(sample)
    return split
