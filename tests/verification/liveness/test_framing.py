from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.verification.liveness.faces import make_face, make_observation, place
from verification.liveness.framing import is_looking_straight, judge_framing
from verification.liveness.observation import Box, Face
from verification.liveness.vocabulary import Hint

FACE = make_face()
fractions = st.floats(0.0, 1.0)


def sized(width: float) -> Face:
    return replace(FACE, box=Box(0.5 - width / 2, 0.3, width, 0.4))


@pytest.mark.parametrize(
    ("face", "hint"),
    [
        (FACE, Hint.OK),
        (sized(0.08), Hint.MOVE_CLOSER),  # 51 px
        (sized(0.115), Hint.MOVE_CLOSER),  # 74 px, under 16 % of 480 px
        (sized(0.125), Hint.OK),
        (sized(0.65), Hint.MOVE_BACK),
        (place(FACE, x=0.75, y=0.5), Hint.CENTER_FACE),
        (place(FACE, x=0.5, y=0.25), Hint.CENTER_FACE),
        (place(FACE, x=0.6, y=0.6), Hint.OK),
        (replace(FACE, luma_mean=30.0), Hint.TOO_DARK),
        (replace(FACE, luma_mean=240.0), Hint.TOO_BRIGHT),
        (place(replace(FACE, luma_mean=30.0), x=0.8, y=0.5), Hint.CENTER_FACE),
        (None, Hint.NO_FACE),
    ],
)
def test_the_hint_names_the_one_thing_to_change(face: Face | None, hint: Hint) -> None:
    assert judge_framing(make_observation(face)) is hint


def test_a_second_face_comes_before_all_else_about_the_first() -> None:
    assert judge_framing(make_observation(sized(0.05), face_count=2)) is Hint.MULTIPLE_FACES


def test_a_small_picture_cannot_make_a_small_face_large() -> None:
    small = replace(make_observation(sized(0.3)), width_px=160, height_px=120)
    assert judge_framing(small) is Hint.MOVE_CLOSER


@given(fractions, fractions, fractions, fractions, st.floats(0.0, 255.0), st.integers(1, 2))
def test_every_face_gets_a_hint_that_framing_may_give(
    x: float, y: float, width: float, height: float, luma_mean: float, face_count: int
) -> None:
    face = replace(FACE, box=Box(x, y, width, height), luma_mean=luma_mean)
    hint = judge_framing(make_observation(face, face_count=face_count))
    assert hint not in {Hint.NO_FACE, Hint.HOLD_STILL, Hint.SLOW_DOWN, Hint.FOLLOW_INSTRUCTION}
    assert (hint is Hint.MULTIPLE_FACES) == (face_count > 1)


@pytest.mark.parametrize(
    ("face", "is_straight"),
    [
        (make_face(), True),
        (make_face(yaw_deg=-11.0, pitch_deg=14.0, roll_deg=17.0), True),
        (make_face(yaw_deg=13.0), False),
        (make_face(pitch_deg=-16.0), False),
        (make_face(roll_deg=-19.0), False),
    ],
)
def test_straight_is_within_a_few_degrees_on_every_axis(face: Face, is_straight: bool) -> None:
    assert is_looking_straight(face) is is_straight
