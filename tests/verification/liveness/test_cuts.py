from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.verification.liveness.faces import make_observation
from tests.verification.liveness.moving import move_face
from verification.liveness.cuts import MAX_CUTS, MAX_GAP_MS, CutMeter
from verification.liveness.observation import Face, FaceObservation

FRAME_MS = 80
PIECE_MS = 1_600


def see(face: Face | None, picture: int, *, scene: float = 0.0) -> FaceObservation:
    """An observation whose scene changes with `scene`: a pattern that moves over the thumbnail."""
    y, x = np.mgrid[0:32, 0:32]
    pattern = 128 + 90 * np.sin(x / 3.0 + scene) * np.cos(y / 4.0 - scene / 2)
    seen = make_observation(face, picture=picture)
    return replace(seen, luma_thumbnail=pattern.astype(np.uint8))


def show(walk: Callable[[int], float], *, for_ms: int, frame_ms: int = FRAME_MS) -> CutMeter:
    meter = CutMeter()
    for number, at_ms in enumerate(range(0, for_ms, frame_ms)):
        moment_ms = walk(at_ms)
        face = move_face(moment_ms, noise_px=0.2, seed=number)
        meter.observe(see(face, number, scene=moment_ms / 4_000), at_ms)
    return meter


def stitch(at_ms: int) -> float:
    """Pieces of one performance in another order."""
    return (7 * (at_ms // PIECE_MS) % 11) * 3_000.0 + at_ms % PIECE_MS


@pytest.mark.parametrize("frame_ms", [33, 66, 100])
def test_a_person_who_moves_without_a_break_is_not_cut(frame_ms: int) -> None:
    meter = show(float, for_ms=20_000, frame_ms=frame_ms)
    assert meter.measures["cuts"] == 0.0
    assert meter.score == 1.0


def test_a_recording_that_is_put_together_is_stitched() -> None:
    meter = show(stitch, for_ms=10 * PIECE_MS)
    assert meter.is_stitched
    assert meter.score == 0.0


def test_one_cut_lowers_the_score_and_decides_nothing() -> None:
    meter = show(lambda at_ms: at_ms + 9_000.0 * (at_ms >= 4_000), for_ms=8_000)
    assert meter.measures["cuts"] == 1.0
    assert not meter.is_stitched
    assert meter.score == pytest.approx(1.0 - 1.0 / MAX_CUTS)


def test_the_same_cut_seen_again_forwards_or_backwards_is_one() -> None:
    def to_and_fro(at_ms: int) -> float:
        place = 4_000.0 - abs(4_000.0 - at_ms % 8_000)
        return place + 9_000.0 * (place >= 2_000)

    assert show(to_and_fro, for_ms=24_000).measures["cuts"] == 1.0


def test_what_lies_between_two_frames_far_apart_is_not_judged() -> None:
    assert show(stitch, for_ms=10 * PIECE_MS, frame_ms=MAX_GAP_MS + 10).measures["cuts"] == 0.0


def test_a_cut_comes_to_light_once() -> None:
    meter, found = CutMeter(), []
    for number, at_ms in enumerate(range(0, 6_000, FRAME_MS)):
        moment_ms = at_ms + 9_000.0 * (at_ms >= 3_000)
        seen = see(move_face(moment_ms), number, scene=moment_ms / 4_000)
        if meter.observe(seen, at_ms):
            found.append(at_ms)
    assert len(found) == 1
    assert 3_000 <= found[0] <= 3_000 + 4 * FRAME_MS


def test_two_cuts_on_cue_are_stitched_and_one_sharp_one_is_doubtful() -> None:
    meter, at_ms, scores = CutMeter(), 0, []
    for piece in range(3):
        meter.note_reveal()
        for _ in range(PIECE_MS // FRAME_MS):
            moment_ms = 9_000.0 * piece + at_ms
            meter.observe(see(move_face(moment_ms), at_ms, scene=moment_ms / 4_000), at_ms)
            at_ms += FRAME_MS
        scores.append((meter.score, meter.is_stitched))
    assert scores == [(1.0, False), (0.0, False), (0.0, True)]


def test_a_reveal_alone_is_no_cut() -> None:
    meter = CutMeter()
    for number, at_ms in enumerate(range(0, 10_000, FRAME_MS)):
        if number % 25 == 0:
            meter.note_reveal()
        meter.observe(see(move_face(at_ms), number, scene=at_ms / 4_000), at_ms)
    assert meter.score == 1.0


def test_a_step_of_the_exposure_is_no_cut() -> None:
    meter = CutMeter()
    for number, at_ms in enumerate(range(0, 6_000, FRAME_MS)):
        seen = see(move_face(at_ms), number, scene=at_ms / 4_000)
        brighter = np.minimum(seen.luma_thumbnail.astype(int) + (20 if at_ms > 3_000 else 0), 255)
        meter.observe(replace(seen, luma_thumbnail=brighter.astype(np.uint8)), at_ms)
    assert meter.measures["cuts"] == 0.0


def test_a_frame_sent_twice_is_not_there_twice() -> None:
    meter = CutMeter()
    for number, at_ms in enumerate(range(0, 6_000, FRAME_MS)):
        moment_ms = at_ms // (2 * FRAME_MS) * 2 * FRAME_MS
        meter.observe(see(move_face(moment_ms), number // 2, scene=moment_ms / 4_000), at_ms)
    assert meter.measures["cuts"] == 0.0


@settings(max_examples=15)
@given(st.lists(st.tuples(st.integers(1, 300), st.none() | st.floats(0.0, 30_000.0)), max_size=40))
def test_the_score_stays_within_0_and_1(steps: Iterable[tuple[int, float | None]]) -> None:
    meter, at_ms = CutMeter(), 0
    for number, (gap_ms, moment_ms) in enumerate(steps):
        at_ms += gap_ms
        meter.observe(see(None if moment_ms is None else move_face(moment_ms), number), at_ms)
    assert 0.0 <= meter.score <= 1.0
