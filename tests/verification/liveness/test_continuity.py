from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.verification.liveness.faces import SKIN_LAB, make_baseline, make_face, make_observation, place
from verification.liveness.continuity import MIN_SKIN_SAMPLES, SECOND_FACE_MS, ContinuityMeter
from verification.liveness.observation import Face

FACE = make_face()
OTHER_SKIN_LAB = (SKIN_LAB[0] - 12.0, SKIN_LAB[1] - 9.0)  # 15 away
ASIDE = place(FACE, x=0.9, y=0.5)


class Watch:
    """A meter that has begun, and its clock."""

    def __init__(self) -> None:
        self.meter = ContinuityMeter()
        self.meter.begin(make_baseline(FACE), FACE)
        self.now_ms = 0

    def show(
        self, face: Face | None, times: int = 1, *, gap_ms: int = 100, face_count: int | None = None
    ) -> None:
        for _ in range(times):
            self.now_ms += gap_ms
            self.meter.observe(make_observation(face, face_count=face_count), self.now_ms)


@pytest.fixture
def watch() -> Watch:
    return Watch()


def test_one_face_throughout_scores_1(watch: Watch) -> None:
    watch.show(FACE, 50)
    assert watch.meter.score == 1.0
    assert not watch.meter.has_second_face
    assert not watch.meter.has_identity_changed


def test_nothing_counts_before_the_challenges_begin() -> None:
    meter = ContinuityMeter()
    for at_ms in range(0, 5_000, 100):
        meter.observe(make_observation(FACE, face_count=2), at_ms)
    assert not meter.has_second_face
    assert meter.score is None
    assert meter.measures == {}


def test_a_second_face_that_stays_is_noticed(watch: Watch) -> None:
    watch.show(FACE, 1 + SECOND_FACE_MS // 100, face_count=2)
    assert watch.meter.has_second_face
    watch.show(FACE, 50)
    assert watch.meter.has_second_face  # it was there, whatever comes after


def test_somebody_who_walks_past_is_not_a_second_capture_subject(watch: Watch) -> None:
    for _ in range(5):
        watch.show(FACE, 8, face_count=2)
        watch.show(FACE, 15)
    assert not watch.meter.has_second_face


def test_a_second_face_that_is_not_found_in_every_frame_is_noticed(watch: Watch) -> None:
    for _ in range(8):
        watch.show(FACE, 2, face_count=2)
        watch.show(FACE)
    assert watch.meter.has_second_face


def test_other_looks_in_the_same_skin_are_another_person(watch: Watch) -> None:
    looks = np.zeros(900, np.float32)
    looks[0] = 1.0
    mine, other = replace(FACE, appearance=looks), replace(FACE, appearance=np.roll(looks, 1))
    meter = ContinuityMeter()
    meter.begin(make_baseline(mine), mine)
    for at_ms in range(0, 3_000, 100):
        meter.observe(make_observation(mine), at_ms)
    assert meter.strangeness < 0.1
    for at_ms in range(3_000, 8_000, 100):
        meter.observe(make_observation(other), at_ms)
    assert meter.has_identity_changed
    assert meter.measures["looks_change"] > 0.5


def test_another_skin_after_a_break_in_the_track_is_another_person(watch: Watch) -> None:
    watch.show(FACE, 10)
    watch.show(None, 15)
    watch.show(replace(FACE, skin_lab=OTHER_SKIN_LAB), 10)
    assert watch.meter.has_identity_changed


def test_a_jump_across_the_frame_is_a_break_in_the_track(watch: Watch) -> None:
    watch.show(FACE, 10)
    watch.show(replace(ASIDE, skin_lab=OTHER_SKIN_LAB), 10)
    assert watch.meter.measures["track_breaks"] == 1.0
    assert watch.meter.has_identity_changed


def test_another_light_without_a_break_is_the_same_person(watch: Watch) -> None:
    watch.show(FACE, 10)
    watch.show(replace(FACE, skin_lab=OTHER_SKIN_LAB), 100)
    assert not watch.meter.has_identity_changed
    assert (watch.meter.score or 0.0) < 1.0


def test_the_same_person_may_leave_and_come_back(watch: Watch) -> None:
    watch.show(FACE, 10)
    watch.show(None, 15)
    watch.show(FACE, 10)
    assert not watch.meter.has_identity_changed
    assert (watch.meter.score or 1.0) < 1.0


def test_a_few_frames_are_too_few_to_judge_a_skin(watch: Watch) -> None:
    watch.show(FACE, 10)
    watch.show(None, 15)
    watch.show(replace(FACE, skin_lab=OTHER_SKIN_LAB), MIN_SKIN_SAMPLES - 1)
    assert watch.meter.skin_change is None
    assert not watch.meter.has_identity_changed
    watch.show(replace(FACE, skin_lab=OTHER_SKIN_LAB))
    assert watch.meter.skin_change == pytest.approx(15.0)
    assert watch.meter.has_identity_changed


def test_a_fast_movement_over_a_slow_frame_rate_is_not_a_jump(watch: Watch) -> None:
    watch.show(FACE, 5, gap_ms=400)
    watch.show(ASIDE, 5, gap_ms=400)
    assert watch.meter.measures["track_breaks"] == 0.0


@given(st.integers(100, 8_000), st.integers(100, 8_000))
def test_a_longer_absence_never_scores_more(one_ms: int, other_ms: int) -> None:
    scores = []
    for gap_ms in sorted((one_ms, other_ms)):
        watch = Watch()
        watch.show(FACE, 5)
        watch.show(FACE, 1, gap_ms=gap_ms)
        watch.show(FACE, 5)
        scores.append(watch.meter.score)
    assert None not in scores
    assert scores == sorted(scores, key=lambda score: -(score or 0.0))


@given(
    st.lists(
        st.tuples(
            st.sampled_from([FACE, ASIDE, None]), st.integers(1, 2_000), st.integers(0, 2), st.floats(0, 255)
        ),
        max_size=60,
    )
)
def test_the_score_stays_within_0_and_1(seen: list[tuple[Face | None, int, int, float]]) -> None:
    watch = Watch()
    for face, gap_ms, face_count, skin in seen:
        shown = face and replace(face, skin_lab=(skin, skin))
        watch.show(shown, gap_ms=gap_ms, face_count=face_count)
    assert watch.meter.score is None or 0.0 <= watch.meter.score <= 1.0
    assert all(value >= 0.0 for value in watch.meter.measures.values())
