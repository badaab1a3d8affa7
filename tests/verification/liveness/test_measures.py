from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.verification.liveness.faces import (
    BLINK,
    BROWS,
    SMILE,
    make_baseline,
    make_emotions,
    make_face,
)
from tests.verification.liveness.performance import HELD, carry_out
from verification.liveness.actions import Action
from verification.liveness.baseline import relax_baseline
from verification.liveness.measures import HELD_MEASURES, MEASURE_CAP, FaceReading, measure_eye_closure
from verification.liveness.observation import HeadPose

NEUTRAL = make_face()
shares = st.floats(0.0, 1.0)
degrees = st.floats(-60.0, 60.0)


def smile(now: float, neutral: float, *, happy: float | None = None, happy_at_rest: float = 0.0) -> float:
    face, rest = (make_face(blendshapes=dict.fromkeys(SMILE, level)) for level in (now, neutral))
    baseline = make_baseline(rest, emotions=make_emotions(happy=happy_at_rest))
    emotions = None if happy is None else make_emotions(happy=happy)
    return HELD_MEASURES[Action.SMILE](FaceReading(face, baseline, emotions))


@pytest.mark.parametrize("action", HELD)
def test_a_neutral_face_measures_0_and_a_clear_action_at_least_1(action: Action) -> None:
    baseline = make_baseline(NEUTRAL)
    measure = HELD_MEASURES[action]
    assert measure(FaceReading(NEUTRAL, baseline, None)) == pytest.approx(0.0)
    assert measure(FaceReading(carry_out(action, 1.0), baseline, None)) >= 1.0


@given(st.sampled_from([Action.TURN_LEFT, Action.TURN_RIGHT]), degrees, st.floats(-12.0, 12.0))
def test_a_turn_is_done_only_22_degrees_from_neutral_and_20_from_the_camera(
    action: Action, yaw_deg: float, neutral_yaw_deg: float
) -> None:
    face = replace(NEUTRAL, pose=HeadPose(yaw_deg, 0.0, 0.0))
    baseline = replace(make_baseline(NEUTRAL), pose=HeadPose(neutral_yaw_deg, 0.0, 0.0))
    direction = 1 if action is Action.TURN_LEFT else -1
    is_done = HELD_MEASURES[action](FaceReading(face, baseline, None)) >= 1.0
    assert is_done == (direction * (yaw_deg - neutral_yaw_deg) >= 22.0 and direction * yaw_deg >= 20.0)


def test_left_is_the_subjects_own_left() -> None:
    reading = FaceReading(make_face(yaw_deg=30.0), make_baseline(NEUTRAL), None)
    nose_x_px = reading.face.landmarks_px[:, 0].mean()
    assert nose_x_px > NEUTRAL.landmarks_px[:, 0].mean()  # the image's right, unmirrored
    assert HELD_MEASURES[Action.TURN_LEFT](reading) > 1.0 > HELD_MEASURES[Action.TURN_RIGHT](reading)


@given(shares, shares, st.floats(0.0, 0.9))
def test_a_stronger_smile_never_measures_less(one: float, other: float, neutral: float) -> None:
    weaker, stronger = sorted((one, other))
    assert smile(weaker, neutral) <= smile(stronger, neutral) <= MEASURE_CAP


@given(st.floats(0.0, 0.9))
def test_a_full_smile_is_enough_whatever_the_neutral_face_is(neutral: float) -> None:
    assert smile(1.0, neutral) >= 1.0


@given(shares)
def test_the_emotion_model_cannot_veto_a_clear_smile(happy: float) -> None:
    assert smile(0.9, 0.02, happy=happy) >= 1.0


@given(shares)
def test_the_emotion_model_cannot_make_a_smile_of_a_neutral_face(happy: float) -> None:
    assert smile(0.02, 0.02, happy=happy) < 0.6


def test_the_emotion_model_helps_a_smile_that_is_nearly_there() -> None:
    assert smile(0.34, 0.02) < 1.0 <= smile(0.34, 0.02, happy=0.9)


def test_emotions_are_left_out_where_the_baseline_has_none() -> None:
    face = make_face(blendshapes=dict.fromkeys(SMILE, 0.2))
    measure = HELD_MEASURES[Action.SMILE]
    without = measure(FaceReading(face, make_baseline(NEUTRAL), None))
    assert measure(FaceReading(face, make_baseline(NEUTRAL), make_emotions(happy=1.0))) == without


def test_an_open_mouth_alone_is_not_surprise() -> None:
    gaping = FaceReading(make_face(blendshapes={"jawOpen": 0.45}), make_baseline(NEUTRAL), None)
    assert HELD_MEASURES[Action.SURPRISE](gaping) < 1.0


def test_an_open_mouth_is_not_surprise_even_where_the_emotion_model_says_so() -> None:
    gaping = make_face(blendshapes={"jawOpen": 0.9})
    baseline = make_baseline(NEUTRAL, emotions=make_emotions())
    reading = FaceReading(gaping, baseline, make_emotions(surprise=1.0))
    assert HELD_MEASURES[Action.SURPRISE](reading) < 1.0


@given(shares)
def test_the_emotion_model_cannot_veto_a_clear_surprise(surprise: float) -> None:
    baseline = make_baseline(NEUTRAL, emotions=make_emotions())
    reading = FaceReading(carry_out(Action.SURPRISE, 1.0), baseline, make_emotions(surprise=surprise))
    assert HELD_MEASURES[Action.SURPRISE](reading) >= 1.0


@pytest.mark.parametrize(("pitch_deg", "roll_deg"), [(14.0, 0.0), (0.0, 20.0), (0.0, -20.0)])
def test_raised_brows_of_a_head_that_is_tipped_are_not_believed(pitch_deg: float, roll_deg: float) -> None:
    raised = dict.fromkeys(BROWS, 0.8)
    upright = make_face(pitch_deg=4.0, roll_deg=4.0, blendshapes=raised)
    tipped = make_face(pitch_deg=pitch_deg, roll_deg=roll_deg, blendshapes=raised)
    measure = HELD_MEASURES[Action.RAISE_EYEBROWS]
    assert measure(FaceReading(upright, make_baseline(NEUTRAL), None)) >= 1.0
    assert measure(FaceReading(tipped, make_baseline(NEUTRAL), None)) == 0.0


def test_who_smiled_during_alignment_smiles_again_from_the_mouth_at_rest() -> None:
    smiling = make_face(blendshapes=dict.fromkeys(SMILE, 0.95))
    baseline = make_baseline(smiling)
    assert HELD_MEASURES[Action.SMILE](FaceReading(smiling, baseline, None)) < 1.0
    relaxed = relax_baseline(baseline, make_face(blendshapes=dict.fromkeys(SMILE, 0.2)))
    assert HELD_MEASURES[Action.SMILE](FaceReading(smiling, relaxed, None)) >= 1.0


@given(shares, shares)
def test_only_the_mouth_relaxes_and_only_downwards(mouth: float, brows: float) -> None:
    baseline = make_baseline(make_face(blendshapes=dict.fromkeys((*SMILE, *BROWS), 0.5)))
    seen = make_face(blendshapes={**dict.fromkeys(SMILE, mouth), **dict.fromkeys(BROWS, brows)})
    relaxed = relax_baseline(baseline, seen)
    assert relaxed.blendshapes["mouthSmileLeft"] == min(0.5, mouth)
    assert relaxed.blendshapes["browInnerUp"] == 0.5


@given(shares, shares)
def test_eye_closure_is_the_mean_of_both_eyes(left: float, right: float) -> None:
    baseline = make_baseline(NEUTRAL)
    one_each = make_face(blendshapes=dict(zip(BLINK, (left, right), strict=True)))
    both = make_face(blendshapes=dict.fromkeys(BLINK, (left + right) / 2))
    assert measure_eye_closure(FaceReading(one_each, baseline, None)) == pytest.approx(
        measure_eye_closure(FaceReading(both, baseline, None))
    )
