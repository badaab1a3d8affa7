"""Faces fed to a judge, at times since the reveal."""

from collections.abc import Iterable

from tests.verification.liveness.faces import make_baseline, make_face
from verification.liveness.judges import Judge
from verification.liveness.measures import FaceReading
from verification.liveness.observation import Face

NEUTRAL = make_face()
BASELINE = make_baseline(NEUTRAL)


def read(face: Face) -> FaceReading:
    return FaceReading(face, BASELINE, None)


def feed(judge: Judge, faces: Iterable[tuple[int, Face]]) -> Judge:
    for at_ms, face in faces:
        judge.observe(read(face), at_ms)
    return judge


def at_pace(steps: Iterable[tuple[int, float]]) -> list[tuple[int, float]]:
    """(gap, value) pairs to (time, value) pairs."""
    at_ms, timed = 0, []
    for gap_ms, value in steps:
        at_ms += gap_ms
        timed.append((at_ms, value))
    return timed
