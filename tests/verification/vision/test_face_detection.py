import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from verification.vision.face_detection import (
    ANCHOR_COUNT,
    VALUES_PER_ANCHOR,
    Letterbox,
    fit_to_detector,
    read_detections,
)

SIDE_PX = 128
WHOLE = Letterbox(1.0, 0.0, 0.0)


def see(*faces: tuple[int, float, float], size_px: float = 32) -> tuple[np.ndarray, np.ndarray]:
    """The detector's numbers for faces, each (anchor, logit, pixels its centre is to the anchor's right)."""
    values = np.zeros((ANCHOR_COUNT, VALUES_PER_ANCHOR), dtype=np.float32)
    logits = np.full(ANCHOR_COUNT, -5, dtype=np.float32)
    for anchor, logit, right_px in faces:
        values[anchor] = [right_px, 0, size_px, size_px, right_px - 8, 0, right_px + 8, 0, *[0] * 8]
        logits[anchor] = logit
    return values, logits


def test_nothing_sure_is_no_face() -> None:
    assert read_detections(*see((0, -0.1, 0)), WHOLE, SIDE_PX, SIDE_PX) == []


def test_a_box_is_read_from_its_anchor_and_widened() -> None:
    """The first anchor's cell is of 8 pixels, so its middle lies at 4."""
    (face,) = read_detections(*see((0, 3, 40)), WHOLE, SIDE_PX, SIDE_PX)
    assert (face.x * SIDE_PX, face.y * SIDE_PX) == pytest.approx((44, 4), abs=1e-3)
    assert (face.width * SIDE_PX, face.height * SIDE_PX) == pytest.approx((48, 48), abs=1e-3)
    assert face.rotation == pytest.approx(0)


def test_boxes_over_each_other_become_one_that_leans_to_the_surer() -> None:
    (face,) = read_detections(*see((0, 4, 40), (1, 0.01, 44)), WHOLE, SIDE_PX, SIDE_PX)
    assert 44 < face.x * SIDE_PX < 46


def test_faces_apart_stay_apart_the_surer_first() -> None:
    faces = read_detections(*see((0, 1, 20), (1, 4, 90)), WHOLE, SIDE_PX, SIDE_PX)
    assert [round(face.x * SIDE_PX) for face in faces] == [94, 24]


def test_a_wide_frame_lies_in_the_middle_of_the_square() -> None:
    square, fit = fit_to_detector(np.full((240, 640, 3), 255, dtype=np.uint8))
    assert square.shape == (128, 128, 3)
    assert fit == pytest.approx((0.2, 0, 40))
    assert square[:39].max() == 0
    assert square[41:87].min() == 255


def test_the_letterbox_is_taken_off_again() -> None:
    fit = Letterbox(0.2, 0, 40)
    (face,) = read_detections(*see((896 - 6, 3, 0)), fit, 640, 240)
    assert face.x * 640 == pytest.approx((SIDE_PX - 8) / 0.2)
    assert face.y * 240 == pytest.approx((SIDE_PX - 8 - 40) / 0.2)
    assert face.width * 640 == pytest.approx(face.height * 240)


@given(seed=st.integers(0, 2**32), spread=st.floats(0, 500), anchor=st.integers(0, ANCHOR_COUNT - 1))
def test_whatever_the_network_says_is_read(seed: int, spread: float, anchor: int) -> None:
    values = np.random.default_rng(seed).normal(0, spread, (ANCHOR_COUNT, VALUES_PER_ANCHOR))
    logits = np.full(ANCHOR_COUNT, -1, dtype=np.float32)
    logits[[anchor, 0, 5]] = 50
    faces = read_detections(values.astype(np.float32), logits, WHOLE, SIDE_PX, SIDE_PX)
    assert 1 <= len(faces) <= 3
    assert all(np.isfinite(face).all() for face in faces)
