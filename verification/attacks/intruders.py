"""second_face and person_swap: another person beside the one before the camera, or in their place."""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from itertools import cycle

import cv2
import numpy as np
import numpy.typing as npt

from verification.attacks.outline import blend, enclose, feather
from verification.attacks.sensor import Sensor, draw_injector
from verification.attacks.stills import (
    Image,
    LandmarkSource,
    Points,
    choose_still,
    measure_face_px,
    move_picture,
    place_over,
)

# When the other person comes, as a share of the clip.
_ARRIVAL_SHARE = (0.3, 0.6)
_SLIDE_S = (0.5, 1.5)
_SIZE_SHARE = (0.7, 1.0)
_LEAST_FACE_PX = 64.0
_LARGEST_FACE_SHARE = 0.3
_PLACE_SHARE = (0.15, 0.22)
_CHANGE_S = (0.2, 0.7)


class Change(StrEnum):
    """How one person gives way to another: a cut, a cross-fade, or the dark of a covered lens."""

    CUT = "cut"
    FADE = "fade"
    DARK = "dark"


class Guest:
    """A person cut out of a clip, head and shoulders, and put into the frames of another of shape (H, W).

    face_px: how wide the face is to be. Raises FaceNotFound when the clip shows none.
    """

    def __init__(
        self,
        clip: Sequence[Image],
        fps: float,
        landmarks: LandmarkSource,
        shape: tuple[int, int],
        face_px: float,
    ) -> None:
        self._clip = clip
        self._shape = shape
        self._reference = choose_still(clip, landmarks).landmarks_px
        self._last = self._reference
        self._scale = face_px / max(1.0, measure_face_px(self._reference))
        order = list(range(len(clip)))
        pictures = (clip[index] for index in cycle(order))
        self._moments = zip(cycle(order), landmarks.track(pictures, fps), strict=False)

    @property
    def reach_px(self) -> float:
        """From the middle of the face down to where the guest's own picture ends, in the other clip's pixels."""
        return float(self._clip[0].shape[0] - self._reference[:, 1].mean()) * self._scale

    def join(self, frame: Image, middle: npt.NDArray[np.float64]) -> Image:
        """The frame with the guest's next moment in it, the still face's middle at `middle`, pixels."""
        index, points = next(self._moments)
        self._last = self._last if points is None else points
        shift = middle - self._scale * self._reference.mean(axis=0)
        placed = (self._last * self._scale + shift).astype(np.float32)
        if enclose(placed, self._shape, 0.5) is None:
            return frame
        moved = np.array([(self._scale, 0, shift[0]), (0, self._scale, shift[1])])
        size = (self._shape[1], self._shape[0])
        picture = self._clip[index]
        warped = cv2.warpAffine(picture, moved, size, flags=cv2.INTER_LINEAR).astype(np.uint8, copy=False)
        within = cv2.warpAffine(np.ones(picture.shape[:2], np.float32), moved, size)
        return blend(
            frame, warped, _outline_person(self._shape, placed) * within.astype(np.float32, copy=False)
        )


def add_second_face(
    frames: Sequence[Image],
    fps: float,
    accomplice: Sequence[Image],
    rng: np.random.Generator,
    landmarks: LandmarkSource,
) -> Iterator[Image]:
    """The clip, with the accomplice's head and shoulders sliding in from one side, and staying.

    Raises FaceNotFound where either clip shows no face.
    """
    height, width = frames[0].shape[:2]
    host = choose_still(frames, landmarks).landmarks_px
    widest = _LARGEST_FACE_SHARE * width
    face_px = float(np.clip(rng.uniform(*_SIZE_SHARE) * measure_face_px(host), _LEAST_FACE_PX, widest))
    guest = Guest(accomplice, fps, landmarks, (height, width), face_px)
    # As high as the host's face, but not so high that the guest's picture ends in mid-air, if that can be.
    lowest = height - 0.6 * face_px
    y_px = float(np.clip(host[:, 1].mean() + rng.normal(0, 0.1) * height, 0.6 * face_px, lowest))
    place = _PlaceAtSide(width, face_px, min(lowest, max(y_px, height - guest.reach_px)), rng)
    arrival, sensor = round(rng.uniform(*_ARRIVAL_SHARE) * len(frames)), Sensor(draw_injector(rng), rng)
    for number, frame in enumerate(frames):
        shown = frame if number < arrival else guest.join(frame, place.at((number - arrival) / fps))
        yield sensor.film(shown, number / fps)


class _PlaceAtSide:
    """Where the middle of the guest's face is, pixels, by the time since it came."""

    def __init__(self, width_px: int, face_px: float, y_px: float, rng: np.random.Generator) -> None:
        inside, outside = float(rng.uniform(*_PLACE_SHARE)) * width_px, -0.8 * face_px
        self._ends = (outside, inside) if rng.random() < 0.5 else (width_px - outside, width_px - inside)
        self._y_px = y_px
        self._slide_s = float(rng.uniform(*_SLIDE_S))

    def at(self, since_s: float) -> npt.NDArray[np.float64]:
        share = min(1.0, since_s / self._slide_s)
        eased = share * share * (3 - 2 * share)
        return np.array([self._ends[0] + eased * (self._ends[1] - self._ends[0]), self._y_px])


def _outline_person(shape: tuple[int, int], points_px: Points) -> npt.NDArray[np.float32]:
    """An ellipse around head and hair, and a trapezoid for neck and shoulders, feathered."""
    low, high = points_px.min(axis=0), points_px.max(axis=0)
    (x, y), (face_width, face_height) = (low + high) / 2, high - low
    mask = np.zeros(shape, np.float32)
    head = (round(float(x)), round(float(y - 0.12 * face_height)))
    axes = (round(0.68 * float(face_width)), round(0.78 * float(face_height)))
    cv2.ellipse(mask, head, axes, 0, 0, 360, 1.0, cv2.FILLED)
    hem = max(float(shape[0]), y + 1.1 * face_height)
    stations = ((0.4, y + 0.45 * face_height), (1.1, y + face_height), (1.3, hem))
    right = [(x + share * face_width, level) for share, level in stations]
    left = [(x - share * face_width, level) for share, level in stations]
    cv2.fillPoly(mask, [np.array(right + left[::-1]).round().astype(np.int32)], 1.0)
    return feather(mask, 0.04 * float(face_width))


def swap_person(
    frames: Sequence[Image],
    fps: float,
    accomplice: Sequence[Image],
    rng: np.random.Generator,
    landmarks: LandmarkSource,
) -> Iterator[Image]:
    """The clip, and from a moment on the accomplice's, its face about as large and in the same place.

    The accomplice's clip starts over when it ends. Raises FaceNotFound where either clip shows no face.
    """
    shape = frames[0].shape[:2]
    first, second = choose_still(frames, landmarks), choose_still(accomplice, landmarks)
    moved = place_over(second, first.landmarks_px, shape)
    moment = round(rng.uniform(*_ARRIVAL_SHARE) * len(frames))
    change = Change(rng.choice(list(Change)))
    length = 0 if change is Change.CUT else round(rng.uniform(*_CHANGE_S) * fps)
    sensor = Sensor(draw_injector(rng), rng)
    for number, frame in enumerate(frames):
        shown, since = frame, number - moment
        if since >= 0:
            other = move_picture(accomplice[since % len(accomplice)], moved, shape)
            shown = (
                other if since >= length else _change_over(frame, other, change, (since + 1) / (length + 1))
            )
        yield sensor.film(shown, number / fps)


def _change_over(before: Image, after: Image, change: Change, share: float) -> Image:
    if change is Change.DARK:
        return np.full_like(after, 6)
    return cv2.addWeighted(before, 1 - share, after, share, 0).astype(np.uint8, copy=False)
