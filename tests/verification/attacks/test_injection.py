from itertools import islice, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.verification.attacks.clips import FPS, difference, make_numbered_clip, read_number
from verification.attacks.injection import freeze, loop, resend, stitch
from verification.attacks.stills import Image

SEEDS = st.integers(0, 2**32 - 1)
few = settings(max_examples=15)


def read_numbers(frames: list[Image]) -> list[int]:
    return [read_number(frame) for frame in frames]


def test_a_frozen_frame_is_one_picture_in_fresh_noise(victim: list[Image]) -> None:
    for seed in range(4):
        frames = list(islice(freeze(victim[0], FPS, np.random.default_rng(seed)), 8))
        assert len({frame.tobytes() for frame in frames}) == 8
        assert max(difference(one, other) for one, other in pairwise(frames)) < 12


def test_some_frozen_frames_are_moved_as_a_whole(victim: list[Image]) -> None:
    """A picture that is moved differs more from itself two seconds later than noise makes it."""
    changes = []
    for seed in range(8):
        frames = list(islice(freeze(victim[0], FPS, np.random.default_rng(seed)), 21))
        changes.append(difference(frames[0], frames[20]))
    assert min(changes) < 4 < max(changes)


@few
@given(seed=SEEDS, count=st.integers(1, 70))
def test_a_loop_repeats_a_piece_of_the_clip(seed: int, count: int) -> None:
    clip = make_numbered_clip(count)
    # Without the drift of the gain the brightness of a frame tells its number to within one.
    numbers = read_numbers(list(islice(loop(clip, FPS, np.random.default_rng(seed)), 200)))
    assert -2 <= min(numbers) <= max(numbers) <= 1.05 * count + 2
    periods = [p for p in range(1, 121) if _repeats(numbers, p)]
    assert periods, numbers


def _repeats(numbers: list[int], period: int) -> bool:
    changes = np.abs(np.array(numbers[period:]) - np.array(numbers[:-period]))
    return bool(np.median(changes) <= 1 and changes.max() <= 7)


def test_a_loop_lasts_two_to_six_seconds_of_a_long_clip() -> None:
    clip = make_numbered_clip(70)
    for seed in range(10):
        numbers = read_numbers(list(islice(loop(clip, FPS, np.random.default_rng(seed)), 130)))
        assert 13 <= np.ptp(numbers) <= 68


@few
@given(seed=SEEDS, count=st.integers(1, 70))
def test_stitched_pieces_come_from_the_clip_with_cuts_between(seed: int, count: int) -> None:
    numbers = read_numbers(
        list(islice(stitch(make_numbered_clip(count), FPS, np.random.default_rng(seed)), 120))
    )
    steps = np.abs(np.diff(numbers))
    if count > 20:
        assert 3 <= (steps > 3).sum() <= 60
        assert np.median(steps) <= 2


def test_a_burst_sends_every_frame_once() -> None:
    clip = make_numbered_clip(30)
    numbers = read_numbers(list(resend(clip, FPS, np.random.default_rng(2))))
    assert numbers == pytest.approx(range(30), abs=2)
