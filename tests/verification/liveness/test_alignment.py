from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.verification.liveness.faces import SMILE, make_emotions, make_face, make_observation, place
from verification.liveness.actions import CATALOGUE, Action
from verification.liveness.alignment import MAX_FRAMES, MIN_FRAMES, AlignmentJudge
from verification.liveness.baseline import build_baseline
from verification.liveness.observation import FaceObservation, HeadPose
from verification.liveness.vocabulary import Hint

HOLD_MS = CATALOGUE[Action.LOOK_STRAIGHT].params["hold_ms"]
FACE = make_face()
GOOD = make_observation(FACE)


def align(shown: Iterable[tuple[int, FaceObservation]]) -> tuple[AlignmentJudge, list[Hint]]:
    judge = AlignmentJudge()
    return judge, [judge.observe(observation, at_ms) for at_ms, observation in shown]


def test_a_face_held_straight_for_a_moment_is_aligned() -> None:
    judge, hints = align((at_ms, GOOD) for at_ms in range(1_000, 1_001 + HOLD_MS, 100))
    assert judge.is_done
    assert judge.progress == 1.0
    assert set(hints) == {Hint.OK}


def test_two_frames_far_apart_are_too_few_to_know_a_neutral_face() -> None:
    judge, _ = align([(number * HOLD_MS, GOOD) for number in range(MIN_FRAMES - 1)])
    assert not judge.is_done


def test_a_burst_of_frames_is_too_short_to_know_a_neutral_face() -> None:
    judge, _ = align((at_ms, GOOD) for at_ms in range(0, HOLD_MS, 10))
    assert not judge.is_done


@pytest.mark.parametrize(
    ("bad", "hint"),
    [
        (make_observation(None), Hint.NO_FACE),
        (make_observation(FACE, face_count=2), Hint.MULTIPLE_FACES),
        (make_observation(place(FACE, x=0.9, y=0.5)), Hint.CENTER_FACE),
        (make_observation(make_face(yaw_deg=20.0)), Hint.FOLLOW_INSTRUCTION),
        (make_observation(make_face(yaw_deg=11.0)), Hint.HOLD_STILL),
    ],
)
def test_one_bad_frame_starts_the_hold_anew(bad: FaceObservation, hint: Hint) -> None:
    judge, hints = align([(at_ms, GOOD) for at_ms in range(0, HOLD_MS, 100)] + [(HOLD_MS, bad)])
    assert hints[-1] is hint
    assert judge.progress == 0.0
    assert not judge.is_done


@given(st.lists(st.tuples(st.integers(1, 500), st.booleans()), max_size=40))
def test_alignment_takes_good_frames_in_a_row_for_the_whole_hold(steps: list[tuple[int, bool]]) -> None:
    judge, at_ms = AlignmentJudge(), 0
    run: list[int] = []
    for gap_ms, is_good in steps:
        at_ms += gap_ms
        judge.observe(GOOD if is_good else make_observation(None), at_ms)
        run = [*run, at_ms] if is_good else []
        assert 0.0 <= judge.progress <= 1.0
        assert judge.is_done == (len(run) >= MIN_FRAMES and run[-1] - run[0] >= HOLD_MS)


def test_the_baseline_is_the_median_of_what_was_held() -> None:
    poses = [HeadPose(yaw, 1.0, -2.0) for yaw in (0.0, 1.0, 2.0, 3.0, 2.5)]
    faces = [replace(make_face(blendshapes=dict.fromkeys(SMILE, 0.3)), pose=pose) for pose in poses]
    judge, _ = align((200 * i, make_observation(face)) for i, face in enumerate(faces))
    baseline, frontal = judge.conclude()
    assert baseline.pose == HeadPose(2.0, 1.0, -2.0)
    assert baseline.blendshapes["mouthSmileLeft"] == 0.3
    assert baseline.emotions is None
    assert frontal.pose.yaw_deg == pytest.approx(1.7)  # the mean of those within 3 degrees of the first


def test_one_blink_does_not_move_the_baseline() -> None:
    shut = make_observation(make_face(blendshapes={"eyeBlinkLeft": 0.9, "eyeBlinkRight": 0.9}))
    baseline = build_baseline([GOOD, GOOD, shut, GOOD, GOOD])
    assert baseline.blendshapes["eyeBlinkLeft"] == pytest.approx(0.02)


def test_the_emotions_of_the_baseline_are_the_mean_of_the_frames_that_have_them() -> None:
    happy = [make_observation(FACE, emotions=make_emotions(happy=share)) for share in (0.2, 0.4)]
    baseline = build_baseline([GOOD, *happy])
    assert baseline.emotions is not None
    assert baseline.emotions["happy"] == pytest.approx(0.3)
    assert sum(baseline.emotions.values()) == pytest.approx(1.0)


def test_a_baseline_without_a_face_is_an_error() -> None:
    with pytest.raises(ValueError, match="at least one face"):
        build_baseline([make_observation(None)])


def test_a_long_alignment_keeps_a_bounded_number_of_frames() -> None:
    judge = AlignmentJudge()
    late = make_observation(make_face(blendshapes=dict.fromkeys(SMILE, 0.5)))
    for at_ms in range(10):
        judge.observe(GOOD, at_ms)
    for at_ms in range(10, 10 + MAX_FRAMES):
        judge.observe(late, at_ms)
    assert judge.conclude()[0].blendshapes["mouthSmileLeft"] == 0.5


def test_a_head_held_still_a_little_off_straight_is_aligned() -> None:
    aside = make_observation(make_face(yaw_deg=9.0, pitch_deg=-9.0))
    judge, hints = align((100 * number, aside) for number in range(12))
    assert set(hints) == {Hint.OK}
    assert judge.is_done


def test_landmark_noise_from_frame_to_frame_is_not_taken_for_movement() -> None:
    shown = [make_observation(make_face(yaw_deg=2.0 * (number % 2))) for number in range(30)]
    judge, hints = align((33 * number, observation) for number, observation in enumerate(shown))
    assert set(hints) == {Hint.OK}
    assert judge.is_done


def test_a_head_that_keeps_turning_slowly_within_straight_is_told_to_hold_still() -> None:
    shown = [make_observation(make_face(yaw_deg=-11.0 + 2.0 * number)) for number in range(12)]
    judge, hints = align((33 * number, observation) for number, observation in enumerate(shown))
    assert Hint.HOLD_STILL in hints
    assert not judge.is_done
