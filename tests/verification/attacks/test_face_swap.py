import numpy as np
import pytest

from tests.verification.attacks.clips import FPS, difference
from verification.attacks.face_swap import FaceSwapper, swap_faces
from verification.attacks.outline import fill_face
from verification.attacks.stills import FaceNotFound, Image, LandmarkSource, Still, choose_still


@pytest.fixture(scope="module")
def donor(accomplice: list[Image], landmarks: LandmarkSource) -> Still:
    return choose_still(accomplice, landmarks)


def test_the_face_is_replaced_and_nothing_around_it(still: Still, donor: Still) -> None:
    swapped = FaceSwapper([donor], np.random.default_rng(0)).swap(still.bgr, still.landmarks_px)
    face = fill_face(still.bgr.shape[:2], still.landmarks_px) > 0
    x, y = still.landmarks_px.min(axis=0) - 20
    assert difference(swapped[face], still.bgr[face]) > 2
    np.testing.assert_array_equal(swapped[: int(y)], still.bgr[: int(y)])
    np.testing.assert_array_equal(swapped[:, : int(x)], still.bgr[:, : int(x)])


def test_the_new_face_takes_on_the_colours_below(still: Still, donor: Still) -> None:
    bluer = np.clip(donor.bgr + np.array([60.0, 0, -40]), 0, 255).astype(np.uint8)
    blue = Still(bluer, donor.landmarks_px)
    swapped = FaceSwapper([blue], np.random.default_rng(0)).swap(still.bgr, still.landmarks_px)
    face = fill_face(still.bgr.shape[:2], still.landmarks_px) > 0
    assert swapped[face].mean(axis=0) == pytest.approx(still.bgr[face].mean(axis=0), abs=10)


@pytest.mark.parametrize("is_outside", [True, False])
def test_a_frame_without_a_face_stays_as_it_is(still: Still, donor: Still, is_outside: bool) -> None:
    points = still.landmarks_px + np.float32(5_000) if is_outside else None
    swapped = FaceSwapper([donor], np.random.default_rng(0)).swap(still.bgr, points)
    np.testing.assert_array_equal(swapped, still.bgr)
    assert swapped is not still.bgr


def test_a_donor_without_a_face_is_refused(victim: list[Image], landmarks: LandmarkSource) -> None:
    wall = [np.full_like(victim[0], 128)]
    with pytest.raises(FaceNotFound):
        next(swap_faces(victim, FPS, wall, np.random.default_rng(0), landmarks))
