"""The simulated capture subject shows FaceLandmarker what it is asked to show."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import mean, median

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.subject.camera_file import CHROMIUM_FPS, jpeg, write_mjpeg
from tests.subject.performance import ACTIONS, REACTION_S, Performance, record
from tests.subject.portrait import Image, find_landmarker_model
from tests.subject.pose import FRONTAL, NEUTRAL, Expression, HeadRotation
from tests.subject.subject import CaptureSubject, FlatPhoto, SimulatedSubject
from verification.vision.landmarks import FaceLandmarkTracker, TrackedFace

FPS = 12.0
FRAME_MS = round(1000 / FPS)

needs_landmarker = pytest.mark.skipif(
    not find_landmarker_model().is_file(),
    reason=f"face_landmarker.task is not installed at {find_landmarker_model()}",
)


@pytest.fixture(scope="module")
def subject() -> SimulatedSubject:
    return SimulatedSubject()


@pytest.fixture(scope="module")
def photo() -> FlatPhoto:
    return FlatPhoto()


@pytest.fixture
def tracker() -> Iterator[FaceLandmarkTracker]:
    with FaceLandmarkTracker(find_landmarker_model()) as opened:
        yield opened


def watch(
    tracker: FaceLandmarkTracker, subject: CaptureSubject, action: str
) -> tuple[list[TrackedFace], list[TrackedFace]]:
    """Film one action at 12 frames a second: the faces before the reaction, and those from then on."""
    before: list[TrackedFace] = []
    after: list[TrackedFace] = []
    for number, moment in enumerate(record(subject, [action], fps=FPS, seed=5)):
        (face,) = tracker.track(moment.frame, number * FRAME_MS)
        (before if moment.elapsed_s < REACTION_S else after).append(face)
    return before, after


def read_yaw(face: TrackedFace) -> float:
    return face.pose.yaw_deg


def read_pitch(face: TrackedFace) -> float:
    return face.pose.pitch_deg


def read_blendshapes(*names: str) -> Callable[[TrackedFace], float]:
    return lambda face: mean(face.blendshapes[name] for name in names)


read_blink = read_blendshapes("eyeBlinkLeft", "eyeBlinkRight")
read_smile = read_blendshapes("mouthSmileLeft", "mouthSmileRight")
read_jaw = read_blendshapes("jawOpen")
read_brow = read_blendshapes("browInnerUp")


@needs_landmarker
def test_at_rest_the_face_is_frontal_neutral_and_large_enough(
    subject: SimulatedSubject, tracker: FaceLandmarkTracker
) -> None:
    faces, _ = watch(tracker, subject, "look_straight")
    width_px = np.ptp(faces[-1].landmarks_px[:, 0])
    assert 180 <= width_px <= 220
    assert abs(read_yaw(faces[-1])) < 4
    assert abs(read_pitch(faces[-1])) < 6
    for read, most in ((read_blink, 0.25), (read_smile, 0.25), (read_jaw, 0.1), (read_brow, 0.2)):
        assert max(map(read, faces)) < most


@needs_landmarker
@pytest.mark.parametrize(
    ("action", "targets"),
    [
        ("turn_left", [(read_yaw, 28.0)]),
        ("turn_right", [(read_yaw, -28.0)]),
        ("look_up", [(read_pitch, 14.0)]),
        ("look_down", [(read_pitch, -14.0)]),
        ("open_mouth", [(read_jaw, 0.45)]),
        ("smile", [(read_smile, 0.4)]),
        ("raise_eyebrows", [(read_brow, 0.35)]),
        ("surprise", [(read_brow, 0.35), (read_jaw, 0.3)]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_action_goes_beyond_its_target_and_comes_back(
    subject: SimulatedSubject,
    tracker: FaceLandmarkTracker,
    action: str,
    targets: list[tuple[Callable[[TrackedFace], float], float]],
) -> None:
    before, after = watch(tracker, subject, action)
    for read, change in targets:
        baseline = median(map(read, before))
        changes = [(read(face) - baseline) / change for face in after]
        assert max(changes) > 1
        assert abs(changes[-1]) < 0.25


@needs_landmarker
def test_a_nod_goes_down_then_up(subject: SimulatedSubject, tracker: FaceLandmarkTracker) -> None:
    before, after = watch(tracker, subject, "nod")
    baseline = median(map(read_pitch, before))
    pitches = [read_pitch(face) - baseline for face in after]
    lowest = pitches.index(min(pitches))
    assert pitches[lowest] < -12
    assert max(pitches[lowest:]) > 3
    assert abs(pitches[-1]) < 4


@needs_landmarker
def test_a_blink_closes_the_eyes_once_and_opens_them_again(
    subject: SimulatedSubject, tracker: FaceLandmarkTracker
) -> None:
    before, after = watch(tracker, subject, "blink")
    is_shut = [read_blink(face) > 0.55 for face in after]
    assert max(map(read_blink, before)) < 0.25
    assert sum(shut and not was for was, shut in itertools.pairwise([False, *is_shut])) == 1
    assert read_blink(after[-1]) < 0.25


@needs_landmarker
def test_the_head_turns_as_far_as_it_is_told(subject: SimulatedSubject, tracker: FaceLandmarkTracker) -> None:
    for number, yaw_deg in enumerate(range(0, 41, 4)):
        frame = subject.render(HeadRotation(yaw_deg, 0.0, 0.0), NEUTRAL, noise_seed=number)
        (face,) = tracker.track(frame, number * FRAME_MS)
        assert read_yaw(face) == pytest.approx(yaw_deg, abs=5)


@needs_landmarker
@pytest.mark.parametrize("towards", [-1, 1])
def test_a_flat_photo_shows_no_head_turn_however_it_is_turned(
    photo: FlatPhoto, tracker: FaceLandmarkTracker, towards: int
) -> None:
    readings = []
    for number, yaw_deg in enumerate(range(0, 61, 4)):
        frame = photo.render(HeadRotation(towards * yaw_deg, 0.0, 0.0), NEUTRAL, noise_seed=number)
        readings += [read_yaw(face) for face in tracker.track(frame, number * FRAME_MS)]
    assert len(readings) > 12
    assert max(map(abs, readings)) < 20


@needs_landmarker
def test_a_flat_photo_ignores_the_expression_asked_for(photo: FlatPhoto) -> None:
    smiling = photo.render(FRONTAL, Expression(smile=1.0, close_eyes=1.0), noise_seed=1)
    assert np.array_equal(smiling, photo.render(FRONTAL, NEUTRAL, noise_seed=1))


@needs_landmarker
def test_equal_seeds_give_equal_frames_and_others_do_not(subject: SimulatedSubject) -> None:
    rotation, expression = HeadRotation(12.0, -3.0, 2.0), Expression(smile=0.3, close_eyes=0.4)
    frame = subject.render(rotation, expression, noise_seed=7)
    assert frame.shape == (480, 640, 3)
    assert frame.dtype == np.uint8
    assert np.array_equal(frame, SimulatedSubject().render(rotation, expression, noise_seed=7))
    assert np.mean(frame != subject.render(rotation, expression, noise_seed=8)) > 0.5


@needs_landmarker
def test_a_recording_runs_at_its_rate_and_repeats_under_its_seed(photo: FlatPhoto) -> None:
    first = list(record(photo, ["blink", "look_straight"], fps=4.0, seed=2))
    again = list(record(photo, ["blink", "look_straight"], fps=4.0, seed=2))
    total_s = Performance("blink").duration_s + Performance("look_straight").duration_s
    assert len(first) == int(np.ceil(total_s * 4))
    assert all(np.array_equal(a.frame, b.frame) for a, b in zip(first, again, strict=True))
    assert not any(np.array_equal(a.frame, b.frame) for a, b in itertools.pairwise(first))


def test_an_unknown_action_is_refused() -> None:
    with pytest.raises(ValueError, match="moonwalk"):
        Performance("moonwalk")


def test_a_repeated_blink_closes_the_eyes_as_often_as_asked() -> None:
    performance = Performance("blink", count=3)
    times = np.arange(0, performance.duration_s, 0.01)
    is_shut = [performance.at(float(time))[1].close_eyes > 0.9 for time in times]
    assert sum(shut and not was for was, shut in itertools.pairwise(is_shut)) == 3


def test_a_longer_hold_lengthens_the_performance_by_as_much() -> None:
    longer_s = Performance("smile", hold_s=3.0).duration_s - Performance("smile", hold_s=1.0).duration_s
    assert longer_s == pytest.approx(2.0)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_spontaneous_blinks_come_every_three_to_four_seconds(seed: int) -> None:
    performance = Performance("look_straight", seed=seed)
    is_shut = [performance.at(float(time))[1].close_eyes > 0.9 for time in np.arange(0, 30, 0.04)]
    begins = [i * 0.04 for i, (was, shut) in enumerate(itertools.pairwise(is_shut)) if shut and not was]
    assert len(begins) >= 7
    assert all(2.9 <= after - before <= 4.1 for before, after in itertools.pairwise(begins))


@given(
    action=st.sampled_from(ACTIONS),
    seed=st.integers(0, 10_000),
    began_at_s=st.floats(0, 600),
    elapsed_s=st.floats(0, 12),
)
def test_a_performance_moves_as_smoothly_as_a_person(
    action: str, seed: int, began_at_s: float, elapsed_s: float
) -> None:
    performance = Performance(action, seed=seed, began_at_s=began_at_s)
    (here, face), (there, _) = performance.at(elapsed_s), performance.at(elapsed_s + 1 / 60)
    assert abs(here.yaw_deg - there.yaw_deg) < 2.5
    assert abs(here.pitch_deg - there.pitch_deg) < 2.5
    assert all(0 <= share <= 1 for share in (face.smile, face.open_mouth, face.raise_brows, face.close_eyes))


@given(action=st.sampled_from(ACTIONS), seed=st.integers(0, 10_000), later_s=st.floats(0, 60))
def test_before_the_reaction_and_after_the_action_only_the_sway_is_left(
    action: str, seed: int, later_s: float
) -> None:
    performance = Performance(action, seed=seed)
    for elapsed_s in (min(later_s, REACTION_S - 0.01), performance.duration_s + later_s):
        rotation, expression = performance.at(elapsed_s)
        assert max(abs(rotation.yaw_deg), abs(rotation.pitch_deg), abs(rotation.roll_deg)) < 2
        assert (expression.smile, expression.open_mouth, expression.raise_brows) == (0, 0, 0)


@given(action=st.sampled_from(ACTIONS), after=st.sampled_from(ACTIONS), seed=st.integers(0, 10_000))
def test_performances_on_one_clock_join_without_a_jump(action: str, after: str, seed: int) -> None:
    first = Performance(action, seed=seed)
    second = Performance(after, seed=seed, began_at_s=first.duration_s)
    (end, _), (start, _) = first.at(first.duration_s), second.at(0.0)
    assert end.yaw_deg == pytest.approx(start.yaw_deg)
    assert end.pitch_deg == pytest.approx(start.pitch_deg)


def make_grey_frames(count: int) -> list[Image]:
    return [np.full((480, 640, 3), 10 + 20 * number, np.uint8) for number in range(count)]


def test_a_frame_survives_its_encoding_as_jpeg() -> None:
    (frame,) = make_grey_frames(1)
    decoded = cv2.imdecode(np.frombuffer(jpeg(frame), np.uint8), cv2.IMREAD_COLOR)
    assert decoded is not None
    assert np.abs(decoded.astype(int) - frame).max() <= 2


@pytest.mark.parametrize(("fps", "repeats"), [(10.0, 3), (15.0, 2), (30.0, 1)])
def test_a_camera_file_holds_each_frame_for_as_long_as_it_was_taken(
    tmp_path: Path, fps: float, repeats: int
) -> None:
    path = tmp_path / "camera.mjpeg"
    frames = make_grey_frames(5)
    assert write_mjpeg(path, frames, fps=fps) == 5 * CHROMIUM_FPS / fps
    assert path.read_bytes() == b"".join(jpeg(frame) * repeats for frame in frames)
