from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.verification.vision.pictures import paint_gradient
from verification.liveness.observation import FaceObservation, HeadPose
from verification.vision.analyser import FrameAnalyser
from verification.vision.decode import DecodedFrame
from verification.vision.drawing import PANEL_WIDTH_PX, PICTURE_HEIGHT_PX, draw_observation

NOTHING_SEEN = FaceObservation(
    width_px=64,
    height_px=48,
    face_count=0,
    face=None,
    luma_digest=bytes(16),
    luma_thumbnail=np.zeros((32, 32), dtype=np.uint8),
)


@given(width=st.integers(1, 3000), height=st.integers(1, 400))
def test_a_drawn_frame_has_a_size_that_video_encoders_take(width: int, height: int) -> None:
    drawn = draw_observation(np.zeros((height, width, 3), dtype=np.uint8), NOTHING_SEEN)
    assert drawn.shape[0] == PICTURE_HEIGHT_PX
    assert drawn.shape[1] % 2 == 0
    assert drawn.dtype == np.uint8


def test_without_a_face_the_picture_is_left_as_it_is() -> None:
    drawn = draw_observation(np.full((720, 960, 3), 77, dtype=np.uint8), NOTHING_SEEN)
    assert (drawn[:, :960] == 77).all()


def test_the_given_frame_is_not_drawn_on(analyser: FrameAnalyser, portrait: DecodedFrame) -> None:
    before = portrait.bgr.copy()
    draw_observation(portrait.bgr, analyser.analyse_decoded(portrait, 0))
    assert np.array_equal(portrait.bgr, before)


def test_the_mesh_lies_on_the_face_and_nowhere_else(analyser: FrameAnalyser, portrait: DecodedFrame) -> None:
    seen = analyser.analyse_decoded(portrait, 0)
    assert seen.face is not None
    plain = draw_observation(portrait.bgr, replace(seen, face=None))
    changed = (draw_observation(portrait.bgr, seen) != plain).any(axis=2)[:, :-PANEL_WIDTH_PX]
    rows, columns = np.nonzero(changed)
    box = seen.face.box
    assert columns.min() / 720 == pytest.approx(box.x, abs=0.02)
    assert rows.max() / 720 == pytest.approx(box.y + box.height, abs=0.02)
    assert changed.mean() < 2 * box.width * box.height


@given(yaw=st.floats(-90, 90), pitch=st.floats(-90, 90), roll=st.floats(-180, 180))
def test_any_pose_can_be_drawn(analyser_face: FaceObservation, yaw: float, pitch: float, roll: float) -> None:
    assert analyser_face.face is not None
    face = replace(analyser_face.face, pose=HeadPose(yaw, pitch, roll))
    assert draw_observation(paint_gradient(), replace(analyser_face, face=face)).shape[0] == PICTURE_HEIGHT_PX


def test_scores_change_the_panel_only() -> None:
    picture = paint_gradient()
    plain = draw_observation(picture, NOTHING_SEEN)
    scored = draw_observation(
        picture, replace(NOTHING_SEEN, texture=0.9, deepfake=0.1, emotions={"happy": 0.8, "neutral": 0.2})
    )
    assert np.array_equal(plain[:, :-PANEL_WIDTH_PX], scored[:, :-PANEL_WIDTH_PX])
    assert (plain[:, -PANEL_WIDTH_PX:] != scored[:, -PANEL_WIDTH_PX:]).any()


@pytest.fixture
def analyser_face(analyser: FrameAnalyser, portrait: DecodedFrame) -> FaceObservation:
    return analyser.analyse_decoded(portrait, 0)
