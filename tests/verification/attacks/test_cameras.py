import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from verification.attacks.cameras import BurstClock, LoopedCamera, StitchedCamera, SwappedCamera
from verification.clips.camera import WalkingCamera
from verification.clips.segments import Segment
from verification.liveness.actions import Action

FPS = 10.0
FRAMES = list(range(100))
SMILE = Segment(Action.SMILE, 3.0, 4.0)
BLINK = Segment(Action.BLINK, 7.0, 7.5)


def take(camera: StitchedCamera[int] | LoopedCamera[int] | SwappedCamera[int], count: int) -> list[int]:
    return [camera.take() for _ in range(count)]


def test_a_stitched_library_cuts_to_the_run_up_of_what_is_asked_for() -> None:
    camera = StitchedCamera(FRAMES, FPS)
    assert take(camera, 3) == [0, 1, 2]
    camera.aim(SMILE)
    assert take(camera, 23)[:3] == [25, 26, 27]
    camera.aim(BLINK)
    assert take(camera, 2) == [65, 66]
    camera.aim(None)
    assert take(camera, 2) == [67, 68]


def test_it_plays_to_and_fro_within_the_segment() -> None:
    camera = StitchedCamera(FRAMES, FPS)
    camera.aim(SMILE)
    played = take(camera, 60)
    assert set(played) == set(range(25, 46))
    assert set(np.abs(np.diff(played))) == {1}


@pytest.mark.parametrize(("head_start_s", "first"), [(0.4, 34), (0.0, 30), (-9.0, 25), (9.0, 45)])
def test_a_head_start_is_an_answer_under_way(head_start_s: float, first: int) -> None:
    camera = StitchedCamera(FRAMES, FPS, head_start_s)
    camera.aim(SMILE)
    assert camera.take() == first


def test_a_loop_does_not_listen() -> None:
    camera = LoopedCamera(FRAMES, FPS, first=20, length=3)
    assert take(camera, 4) == [20, 21, 22, 20]
    camera.aim(SMILE)
    assert take(camera, 2) == [21, 22]
    assert camera.duration_s == 10


def test_a_boomerang_comes_back_without_standing_still() -> None:
    camera = LoopedCamera(FRAMES, FPS, first=20, length=4, is_boomerang=True)
    assert take(camera, 8) == [20, 21, 22, 23, 22, 21, 20, 21]


@pytest.mark.parametrize(("first", "length"), [(0, 0), (-1, 5), (98, 3)])
def test_a_loop_beyond_the_recording_is_refused(first: int, length: int) -> None:
    with pytest.raises(ValueError, match="no loop"):
        LoopedCamera(FRAMES, FPS, first=first, length=length)


def test_the_second_person_takes_over_at_the_second_challenge() -> None:
    other = [1_000 + number for number in FRAMES]
    camera = SwappedCamera(
        WalkingCamera(FRAMES, FPS),
        StitchedCamera(other, FPS),
        after_challenges=1,
        second_segments=[Segment(Action.BLINK, 1.0, 2.0)],
    )
    camera.aim(None)  # the alignment
    camera.aim(SMILE)  # the first challenge
    assert not camera.has_swapped
    assert max(take(camera, 40)) < 1_000
    camera.aim(BLINK)
    assert camera.has_swapped
    assert take(camera, 2) == [1_005, 1_006]
    camera.aim(SMILE)  # the second clip does not show it
    assert take(camera, 2) == [1_007, 1_008]
    assert (camera.fps, camera.duration_s) == (FPS, 10)


def test_clips_of_unlike_rates_are_not_swapped() -> None:
    with pytest.raises(ValueError, match="frames a second"):
        SwappedCamera(WalkingCamera(FRAMES, 30.0), WalkingCamera(FRAMES, 12.0))


@given(seed=st.integers(0, 2**32 - 1), step_ms=st.floats(10, 100))
def test_bursts_arrive_late_in_order_and_in_clumps(seed: int, step_ms: float) -> None:
    clock = BurstClock(np.random.default_rng(seed))
    captured = [number * step_ms for number in range(1_000)]  # the longest clump at 10 ms is 370 frames
    arrived = [clock.arrive(at_ms) for at_ms in captured]
    gaps = np.diff(arrived)
    assert all(late >= early - 1 for late, early in zip(arrived, captured, strict=True))
    assert gaps.min() >= 0
    # At most one frame of a clump comes at a camera's pace: the shortest hold is 400 ms.
    assert (gaps <= 7).mean() >= 1 - 1.1 * step_ms / (400 + step_ms)
    assert gaps.max() > 5 * np.median(gaps)
