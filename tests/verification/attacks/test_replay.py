import numpy as np
import pytest

from tests.verification.attacks.clips import FPS, difference
from verification.attacks.replay import ScreenReplay, replay
from verification.attacks.stills import Image, LandmarkSource


@pytest.mark.parametrize("seed", range(4))
def test_a_replay_shows_every_frame_once_in_the_clips_size(victim: list[Image], seed: int) -> None:
    shown = list(replay(victim, FPS, np.random.default_rng(seed)))
    assert [frame.shape for frame in shown] == [frame.shape for frame in victim]
    assert min(difference(frame, original) for frame, original in zip(shown, victim, strict=True)) > 2


def test_some_screens_stand_and_some_are_held() -> None:
    """Of a plain picture, what changes from one second to the next is the screen's outline."""
    grey = np.full((120, 160, 3), 200, np.uint8)
    changes = []
    for seed in range(10):
        attack = ScreenReplay((120, 160), np.random.default_rng(seed))
        changes.append(difference(attack.render(grey, 0, 0.0), attack.render(grey, 0, 1.3)))
    assert min(changes) < 0.5 * max(changes)


def test_the_replayed_face_is_found(victim: list[Image], landmarks: LandmarkSource) -> None:
    frames = [next(replay(victim, FPS, np.random.default_rng(seed))) for seed in range(8)]
    assert sum(points is not None for points in landmarks.track(frames, 1.0)) >= 6
