"""Continuity: one person throughout, in view throughout.

Neither the shape of the face nor the tone of the skin tells people apart well, and light changes the
second; together they do better than either (docs/detection.md). They are compared with the alignment
step's, and with less patience after a break in the track.
"""

from collections import deque
from statistics import median

from verification.liveness.baseline import NeutralBaseline
from verification.liveness.geometry import ramp
from verification.liveness.likeness import LikenessMeter
from verification.liveness.observation import Box, Face, FaceObservation

# Of the frames of so long: a face at the side is not found in each of them.
SECOND_FACE_MS, SECOND_FACE_SHARE = 1_500, 0.6
JUMP_FACE_WIDTHS = 0.6
JUMP_WINDOW_MS = 250
MAX_UNSEEN_MS = 1_000
USUAL_GAP_MS, LONGEST_GAP_MS = 700, 4_000
MANY_BREAKS = 4
MIN_SKIN_SAMPLES, SKIN_SAMPLES = 5, 60
OTHER_SHAPE = 0.030  # inter-ocular distances: half of all strangers differ by as much
OWN_LOOKS, OTHER_LOOKS = 0.04, 0.10  # 1 - cosine: what one person comes to, and most strangers exceed
OTHER_SKIN = 10.0  # CIELAB a*b* distance, 8-bit OpenCV scale
MAX_SKIN_SHARE = 1.5  # a lamp that is switched on must not make a stranger
ALIKE, STRANGER, STRANGER_AFTER_BREAK = 1.3, 2.2, 1.5


class ContinuityMeter:
    """Starts with the challenges: who sits down during alignment is not yet the capture subject."""

    def __init__(self) -> None:
        self._baseline_skin_lab: tuple[float, float] | None = None
        self._likeness: LikenessMeter | None = None
        self._skin: deque[tuple[float, float]] = deque(maxlen=SKIN_SAMPLES)
        self._last_face: tuple[int, Box] | None = None
        self._faces: deque[tuple[int, bool]] = deque()  # when, and whether there was a second one
        self._longest_gap_ms = 0
        self._breaks = 0
        self.has_second_face = False

    def begin(self, baseline: NeutralBaseline, frontal: Face) -> None:
        self._baseline_skin_lab = baseline.skin_lab
        self._likeness = LikenessMeter(frontal)

    def observe(self, observation: FaceObservation, at_ms: int) -> None:
        if self._likeness is None:
            return
        self._watch_second_face(observation.face_count, at_ms)
        if observation.face is None:
            return
        self._watch_track(observation.face, at_ms)
        self._skin.append(observation.face.skin_lab)
        self._likeness.observe(observation.face)

    def break_track(self) -> None:
        """Who is seen from here on may be another."""
        if self._likeness is not None:
            self._breaks += 1
            self._skin.clear()
            self._likeness.forget()

    def _watch_second_face(self, face_count: int, at_ms: int) -> None:
        self._faces.append((at_ms, face_count > 1))
        while len(self._faces) > 1 and at_ms - self._faces[1][0] >= SECOND_FACE_MS:
            self._faces.popleft()
        is_long_enough = at_ms - self._faces[0][0] >= SECOND_FACE_MS
        share = sum(is_second for _, is_second in self._faces) / len(self._faces)
        self.has_second_face = self.has_second_face or (is_long_enough and share >= SECOND_FACE_SHARE)

    def _watch_track(self, face: Face, at_ms: int) -> None:
        if self._last_face is not None:
            last_ms, last_box = self._last_face
            gap_ms = at_ms - last_ms
            self._longest_gap_ms = max(self._longest_gap_ms, gap_ms)
            has_jumped = gap_ms <= JUMP_WINDOW_MS and _moved_face_widths(last_box, face.box)
            if gap_ms > MAX_UNSEEN_MS or has_jumped:
                self.break_track()
        self._last_face = (at_ms, face.box)

    @property
    def skin_change(self) -> float | None:
        """Distance of the skin's tone from the baseline's; None before enough was seen."""
        if self._baseline_skin_lab is None or len(self._skin) < MIN_SKIN_SAMPLES:
            return None
        a = median(skin[0] for skin in self._skin) - self._baseline_skin_lab[0]
        b = median(skin[1] for skin in self._skin) - self._baseline_skin_lab[1]
        return float((a * a + b * b) ** 0.5)

    @property
    def strangeness(self) -> float:
        """How unlike the person of the alignment step: 0 is the same, strangers have 1.2 to 4."""
        skin = min((self.skin_change or 0.0) / OTHER_SKIN, MAX_SKIN_SHARE)
        if self._likeness is None:
            return skin
        shape = (self._likeness.change or 0.0) / OTHER_SHAPE
        looks = ((self._likeness.change_of_looks or 0.0) - OWN_LOOKS) / (OTHER_LOOKS - OWN_LOOKS)
        return skin + shape + max(0.0, looks)

    @property
    def has_identity_changed(self) -> bool:
        return self.strangeness >= (STRANGER_AFTER_BREAK if self._breaks else STRANGER)

    @property
    def measures(self) -> dict[str, float]:
        """Gaps, breaks, and the changes of skin and shape; empty before the challenges."""
        if self._likeness is None:
            return {}
        seen = {
            "skin_change": self.skin_change,
            "shape_change": self._likeness.change,
            "looks_change": self._likeness.change_of_looks,
        }
        return {
            "longest_gap_ms": float(self._longest_gap_ms),
            "track_breaks": float(self._breaks),
            **{name: value for name, value in seen.items() if value is not None},
        }

    @property
    def score(self) -> float | None:
        if self._last_face is None:
            return None
        gaps = 1.0 - ramp(self._longest_gap_ms, USUAL_GAP_MS, LONGEST_GAP_MS)
        breaks = 1.0 - ramp(self._breaks, 0, MANY_BREAKS)
        return min(gaps, breaks, 1.0 - ramp(self.strangeness, ALIKE, STRANGER))


def _moved_face_widths(before: Box, after: Box) -> bool:
    (x0, y0), (x1, y1) = before.centre, after.centre
    return max(abs(x1 - x0), abs(y1 - y0)) > JUMP_FACE_WIDTHS * max(before.width, after.width)
