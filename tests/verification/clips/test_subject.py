import pytest

from verification.clips.camera import ClipCamera
from verification.clips.segments import ClipError, parse_segments
from verification.clips.subject import ClipSubject
from verification.liveness.actions import POOL, Action

CAMERA = ClipCamera([b""] * 100, 10.0)


def test_the_actions_a_clip_can_show_limit_the_pool() -> None:
    subject = ClipSubject(CAMERA, parse_segments("nod@1-2,smile@3-4,blink@5-6,look_straight@0-1"))
    assert set(subject.pool) == {Action.NOD, Action.SMILE, Action.BLINK}
    assert set(subject.excluded) == set(POOL) - set(subject.pool)


@pytest.mark.parametrize("text", ["", "nod@1-2", "nod@1-2,smile@3-4", "smile@1-2,blink@3-4,open_mouth@5-6"])
def test_too_few_actions_for_a_session_are_an_error(text: str) -> None:
    with pytest.raises(ClipError, match="the clip shows too few actions"):
        ClipSubject(CAMERA, parse_segments(text))


def test_a_segment_outside_the_clip_is_an_error() -> None:
    with pytest.raises(ClipError, match="outside the clip"):
        ClipSubject(CAMERA, parse_segments("nod@1-2,smile@3-4,blink@5-10.2"))


def test_the_camera_is_aimed_at_the_action_asked_for() -> None:
    camera = ClipCamera([bytes([number]) for number in range(100)], 10.0)
    subject = ClipSubject(camera, parse_segments("nod@1-2,smile@3-4,blink@8-9"))
    subject.answer(Action.BLINK)
    walked = [camera.take()[0] for _ in range(120)]
    assert min(walked[90:]) >= 75
    assert max(walked) <= 95
