"""The past of a session at even steps of time: what the face did, where it was, and what the scene looked like."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from verification.liveness.face_shape import describe_shape
from verification.liveness.geometry import find_eyes_px
from verification.liveness.landmark_indices import RIGID_FACE
from verification.liveness.observation import Face, FaceObservation
from verification.liveness.path_match import measure_away, measure_left_over

Numbers = npt.NDArray[np.float32]

TELLING_PLACE = 0.02  # inter-ocular distances
TELLING_LUMA = 2.0  # of 255, of one cell of the scene
MIN_CELLS = 8
UNSEEN = 1_000.0  # squared; further than anything that is measured
STEP_MS = 67
CAPACITY = 1_200  # steps; 80 s
MAX_SEGMENT_MS = 300  # what happened between two frames further apart was not seen


@dataclass(frozen=True, slots=True)
class Moment:
    """One instant. shape: as `describe_shape`. place: middle and eyes' axis, pixels. scene: luma less its mean."""

    at_ms: float
    shape: Numbers
    place: Numbers
    scene: Numbers

    def blend(self, later: "Moment", at_ms: float) -> "Moment":
        """The instant at a time between this and a later one."""
        share = np.float32((at_ms - self.at_ms) / max(later.at_ms - self.at_ms, 1.0))
        return Moment(
            at_ms,
            self.shape + share * (later.shape - self.shape),
            self.place + share * (later.place - self.place),
            self.scene + share * (later.scene - self.scene),
        )


def take_moment(observation: FaceObservation, face: Face, at_ms: int) -> Moment:
    """What one frame shows."""
    points = face.landmarks_px
    right, left = find_eyes_px(points)
    place = np.array([*points[RIGID_FACE].mean(axis=0), left[0] - right[0], left[1] - right[1]])
    scene = observation.luma_thumbnail.astype(np.float32).ravel()
    return Moment(
        float(at_ms),
        describe_shape(points).astype(np.float32),
        place.astype(np.float32),
        scene - scene.mean(),
    )


class Past:
    """Moments at even steps, oldest first; the oldest quarter is let go when it is full.

    A step in which nothing was seen is kept as one, with `seen` false.
    """

    def __init__(self, sizes: tuple[int, int, int]) -> None:
        self.shapes, self.places, self.scenes = (np.zeros((CAPACITY, size), np.float32) for size in sizes)
        self.seen = np.zeros(CAPACITY, dtype=bool)
        self.count = 0

    def append(self, moment: Moment | None) -> int:
        """Add a step; how many of the oldest were let go for it."""
        dropped = CAPACITY // 4 if self.count == CAPACITY else 0
        if dropped:
            for column in (self.shapes, self.places, self.scenes, self.seen):
                column[: CAPACITY - dropped] = column[dropped:].copy()
            self.count -= dropped
        self.seen[self.count] = moment is not None
        if moment is not None:
            self.shapes[self.count] = moment.shape
            self.places[self.count] = moment.place
            self.scenes[self.count] = moment.scene
        self.count += 1
        return dropped

    def measure_away(self, moment: Moment) -> Numbers:
        """Squared distances of a moment's shape from each leg before the newest step, shape (count - 2,)."""
        known = self.count - 1
        if known < 2:
            return np.empty(0, np.float32)
        seen = self.seen[: known - 1] & self.seen[1:known]
        return np.where(seen, measure_away(moment.shape, self.shapes[:known]), np.float32(UNSEEN))

    def measure_unrest(self, window: int) -> float:
        """Variance of the shape over the last steps, in all; 0 before there are so many, or with a gap in them."""
        last = slice(self.count - window, self.count)
        is_whole = self.count >= window and bool(self.seen[last].all())
        return float(self.shapes[last].var(axis=0).sum()) if is_whole else 0.0

    def compare(self, at: int, window: int, *, is_back: bool = False) -> float:
        """What is left over of shape, place and scene, the worst of them, where a stretch is laid on the last one.

        at: the step that stands beside the newest. Only what moved counts; 1 where neither place nor scene did.
        """
        now = slice(self.count - window, self.count)
        steps = np.arange(at + window - 1, at - 1, -1) if is_back else np.arange(at - window + 1, at + 1)
        if steps.min() < 0 or steps.max() + 1 >= self.count:
            return 1.0
        left = [_compare(self.shapes[now], self.shapes, steps)]
        unit_px = max(float(np.hypot(*self.places[self.count - 1, 2:])), 1.0)
        if self.places[now].var(axis=0).sum() > (TELLING_PLACE * unit_px) ** 2:
            left.append(_compare(self.places[now], self.places, steps))
        cells = self.scenes[now].var(axis=0) > TELLING_LUMA**2
        if cells.sum() >= MIN_CELLS:
            left.append(_compare(self.scenes[now], self.scenes, steps, cells))
        return max(left) if len(left) > 1 else 1.0


def _compare(
    now: Numbers, past: Numbers, steps: npt.NDArray[np.intp], columns: npt.NDArray[np.bool_] | None = None
) -> float:
    """columns: those of each step that count; all by default."""
    legs = np.stack([past[steps], past[steps + 1]])
    if columns is None:
        return measure_left_over(now, legs)
    return measure_left_over(now[:, columns], legs[:, :, columns])
