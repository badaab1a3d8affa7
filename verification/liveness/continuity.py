"""Continuity: one person throughout, in view throughout.

Landmark shape alone was measured not to tell people apart (a session's own spread, 0.02-0.15, covers
the distance between people), so a change of person is only concluded from skin tone and shape of
track together: a break in the track followed by another skin tone.
"""

from statistics import median

from verification.liveness.geometry import ramp
from verification.liveness.observation import Box, Face, FaceObservation

SECOND_FACE_MS = 1_000
JUMP_FACE_WIDTHS = 0.6
JUMP_WINDOW_MS = 250
SKIN_CHANGE, OTHER_SKIN = 6.0, 14.0  # CIELAB a*b* distance, 8-bit OpenCV scale
MIN_SKIN_SAMPLES = 5


class ContinuityMeter:
    """Starts with the challenges: who sits down during alignment is not yet the capture subject."""

    def __init__(self) -> None:
        self._baseline_skin_lab: tuple[float, float] | None = None
        self._skin_since_break: list[tuple[float, float]] = []
        self._last_face: tuple[int, Box] | None = None
        self._second_face_since_ms: int | None = None
        self._longest_gap_ms = 0
        self._breaks = 0
        self.has_second_face = False

    def begin(self, skin_lab: tuple[float, float]) -> None:
        self._baseline_skin_lab = skin_lab

    def observe(self, observation: FaceObservation, at_ms: int) -> None:
        if self._baseline_skin_lab is None:
            return
        self._watch_second_face(observation.face_count, at_ms)
        if observation.face is None:
            return
        self._watch_track(observation.face, at_ms)
        self._skin_since_break.append(observation.face.skin_lab)
        del self._skin_since_break[:-60]

    def _watch_second_face(self, face_count: int, at_ms: int) -> None:
        if face_count < 2:
            self._second_face_since_ms = None
            return
        since_ms = at_ms if self._second_face_since_ms is None else self._second_face_since_ms
        self._second_face_since_ms = since_ms
        self.has_second_face = self.has_second_face or at_ms - since_ms >= SECOND_FACE_MS

    def _watch_track(self, face: Face, at_ms: int) -> None:
        if self._last_face is not None:
            last_ms, last_box = self._last_face
            gap_ms = at_ms - last_ms
            self._longest_gap_ms = max(self._longest_gap_ms, gap_ms)
            if gap_ms > 1_000 or (gap_ms <= JUMP_WINDOW_MS and _moved_face_widths(last_box, face.box)):
                self._breaks += 1
                self._skin_since_break.clear()
        self._last_face = (at_ms, face.box)

    @property
    def skin_change(self) -> float | None:
        if self._baseline_skin_lab is None or len(self._skin_since_break) < MIN_SKIN_SAMPLES:
            return None
        a = median(skin[0] for skin in self._skin_since_break) - self._baseline_skin_lab[0]
        b = median(skin[1] for skin in self._skin_since_break) - self._baseline_skin_lab[1]
        return float((a * a + b * b) ** 0.5)

    @property
    def has_identity_changed(self) -> bool:
        return self._breaks > 0 and (self.skin_change or 0.0) >= OTHER_SKIN

    @property
    def measures(self) -> dict[str, float]:
        if self._baseline_skin_lab is None:
            return {}
        measures = {"longest_gap_ms": float(self._longest_gap_ms), "track_breaks": float(self._breaks)}
        return measures | ({} if self.skin_change is None else {"skin_change": self.skin_change})

    @property
    def score(self) -> float | None:
        if self._last_face is None:
            return None
        gaps = 1.0 - ramp(self._longest_gap_ms, 700, 4_000)
        breaks = 1.0 - ramp(self._breaks, 0, 4)
        skin = 1.0 - ramp(self.skin_change or 0.0, SKIN_CHANGE, 2 * OTHER_SKIN)
        return min(gaps, breaks, skin)


def _moved_face_widths(before: Box, after: Box) -> bool:
    (x0, y0), (x1, y1) = before.centre, after.centre
    return max(abs(x1 - x0), abs(y1 - y0)) > JUMP_FACE_WIDTHS * max(before.width, after.width)
