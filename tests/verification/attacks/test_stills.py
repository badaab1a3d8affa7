from collections.abc import Iterable, Iterator

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.verification.attacks.clips import SHAPE, draw_face_points
from verification.attacks.stills import (
    FaceNotFound,
    Image,
    LandmarkSource,
    Points,
    Still,
    choose_still,
    list_stills,
    measure_face_px,
    measure_turn,
    place_over,
)


class Recalled:
    """A LandmarkSource that was told before what each frame shows, by the frame's first pixel."""

    def __init__(self, points: dict[int, Points]) -> None:
        self._points = points

    def track(self, frames: Iterable[Image], fps: float) -> Iterator[Points | None]:
        return (self._points.get(int(frame[0, 0, 0])) for frame in frames)


def number(frame: Image, value: int) -> Image:
    numbered = frame.copy()
    numbered[0, 0] = value
    return numbered


def turn(points: Points, share: float) -> Points:
    turned = points.copy()
    turned[1, 0] += share * measure_face_px(points) / 2
    return turned


def test_the_sharpest_of_the_frontal_frames_is_chosen() -> None:
    sharp = np.random.default_rng(0).integers(0, 255, (*SHAPE, 3), dtype=np.uint8)
    soft = cv2.GaussianBlur(sharp, (0, 0), 2).astype(np.uint8)
    straight = draw_face_points()
    frames = [number(soft, 1), number(sharp, 2), number(sharp, 3), number(sharp, 4)]
    source = Recalled({1: straight, 2: turn(straight, 0.03), 3: turn(straight, -0.5)})
    assert choose_still(frames, source).bgr[0, 0, 0] == 2
    assert [still.bgr[0, 0, 0] for still in list_stills(frames, source)] == [1, 2, 3]


@pytest.mark.parametrize("frames", [[], [np.zeros((*SHAPE, 3), np.uint8)]])
def test_a_clip_without_a_face_is_refused(frames: list[Image]) -> None:
    with pytest.raises(FaceNotFound):
        choose_still(frames, Recalled({}))


@given(share=st.floats(-0.8, 0.8))
def test_a_turn_has_the_sign_of_yaw(share: float) -> None:
    assert measure_turn(turn(draw_face_points(), share)) == pytest.approx(share, abs=1e-3)


@given(
    width=st.floats(20, 300),
    x=st.floats(0, 320),
    y=st.floats(0, 240),
    height_px=st.integers(40, 500),
    width_px=st.integers(40, 500),
)
def test_a_still_laid_over_a_face_leaves_no_part_uncovered(
    width: float, x: float, y: float, height_px: int, width_px: int
) -> None:
    still = Still(
        np.zeros((height_px, width_px, 3), np.uint8), draw_face_points(40, (width_px / 2, height_px / 2))
    )
    (scale, _, left), (_, again, top) = place_over(still, draw_face_points(width, (x, y)), SHAPE)
    assert scale == again
    assert left <= 1e-6
    assert top <= 1e-6
    assert left + scale * width_px >= SHAPE[1] - 1e-6
    assert top + scale * height_px >= SHAPE[0] - 1e-6


def test_a_fitted_still_has_the_targets_width_where_it_can() -> None:
    still = Still(np.zeros((480, 640, 3), np.uint8), draw_face_points(120, (320, 240)))
    fitted = still.fit_to(draw_face_points(90, (150, 110)), SHAPE)
    assert fitted.bgr.shape == (*SHAPE, 3)
    assert measure_face_px(fitted.landmarks_px) == pytest.approx(
        measure_face_px(draw_face_points(90)), rel=1e-3
    )


def test_the_landmarker_finds_the_portrait_in_every_frame(
    victim: list[Image], landmarks: LandmarkSource
) -> None:
    found = list(landmarks.track(victim, 10.0))
    assert all(points is not None and points.shape == (478, 2) for points in found)
