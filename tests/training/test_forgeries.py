from collections.abc import Callable

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.training.conftest import draw_landmarks
from training.autoencoder_swap import decode_face, swap_by_autoencoder
from training.generators import ALIGNED, align_face, render_mouth, swap_aligned, warp_still
from training.graphics_swap import match_colour, swap_by_graphics, warp_face
from training.masks import Region, blend, draw_mask, fill_region
from training.samples import FaceSample, Origin
from training.self_blending import Pair, self_blend

Forge = Callable[[np.ndarray, np.ndarray, np.random.Generator], Pair]
SEEDS = st.integers(0, 2**32 - 1)
FORGERIES = pytest.mark.parametrize(
    "forge", [self_blend, swap_by_autoencoder, swap_aligned, render_mouth, warp_still]
)
few = settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@FORGERIES
@few
@given(seed=SEEDS)
def test_a_forgery_changes_the_masked_face_only(sample: FaceSample, forge: Forge, seed: int) -> None:
    pair = forge(sample.image_bgr, sample.landmarks_px, np.random.default_rng(seed))
    outside = pair.mask == 0
    np.testing.assert_array_equal(pair.genuine_bgr[outside], pair.blended_bgr[outside])
    assert not np.array_equal(pair.genuine_bgr, pair.blended_bgr)


@FORGERIES
def test_the_same_draw_makes_the_same_pair_and_leaves_the_picture_alone(
    sample: FaceSample, forge: Forge
) -> None:
    before = sample.image_bgr.copy()
    first, second = (
        forge(sample.image_bgr, sample.landmarks_px, np.random.default_rng(11)) for _ in range(2)
    )
    np.testing.assert_array_equal(first.blended_bgr, second.blended_bgr)
    np.testing.assert_array_equal(first.genuine_bgr, second.genuine_bgr)
    np.testing.assert_array_equal(sample.image_bgr, before)


@few
@given(seed=SEEDS)
def test_a_mask_stays_by_the_face_and_between_0_and_1(sample: FaceSample, seed: int) -> None:
    mask = draw_mask(np.random.default_rng(seed), sample.image_bgr.shape[:2], sample.landmarks_px)
    assert mask.dtype == np.float32
    assert 0 <= mask.min() <= mask.max() <= 1
    assert mask.max() > 0.1
    assert mask[:20].max() == mask[-20:].max() == mask[:, :20].max() == mask[:, -20:].max() == 0


@pytest.mark.parametrize("region", Region)
def test_every_region_lies_within_the_face(sample: FaceSample, region: Region) -> None:
    shape = sample.image_bgr.shape[:2]
    face = fill_region(shape, sample.landmarks_px, Region.FACE)
    part = fill_region(shape, sample.landmarks_px, region)
    assert part.sum() > 0
    assert (part <= cv2.dilate(face, np.ones((3, 3), np.uint8))).all()


def test_a_blend_is_the_source_where_the_mask_is_1_and_the_target_where_it_is_0() -> None:
    target, source = np.full((2, 3, 3), 10, np.uint8), np.full((2, 3, 3), 210, np.uint8)
    mask = np.array([[0, 0.5, 1], [1, 0.25, 0]], np.float32)
    assert blend(target, source, mask)[..., 0].tolist() == [[10, 110, 210], [210, 60, 10]]


@few
@given(seed=SEEDS, side=st.integers(90, 400))
def test_a_decoded_face_has_lost_fine_detail_at_any_size(seed: int, side: int) -> None:
    rng = np.random.default_rng(seed)
    face = rng.integers(0, 256, (side, side, 3), dtype=np.uint8)
    decoded = decode_face(face, rng)
    assert decoded.shape == face.shape
    assert cv2.Laplacian(decoded, cv2.CV_64F).var() < 0.5 * cv2.Laplacian(face, cv2.CV_64F).var()


@pytest.fixture
def donor() -> FaceSample:
    rng = np.random.default_rng(21)
    image = np.kron(rng.integers(120, 240, (50, 50, 3)), np.ones((8, 8, 1))).astype(np.uint8)
    return FaceSample(image, draw_landmarks((205, 190), 170), "bea", "bea.jpg", Origin.PORTRAIT)


@few
@given(seed=SEEDS)
def test_a_graphics_swap_changes_the_masked_face_only(
    sample: FaceSample, donor: FaceSample, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    pair = swap_by_graphics(donor.image_bgr, donor.landmarks_px, sample.image_bgr, sample.landmarks_px, rng)
    np.testing.assert_array_equal(pair.genuine_bgr, sample.image_bgr)
    outside = pair.mask == 0
    np.testing.assert_array_equal(pair.genuine_bgr[outside], pair.blended_bgr[outside])
    assert (pair.genuine_bgr != pair.blended_bgr)[pair.mask > 0.9].mean() > 0.5


def test_a_warped_face_has_its_landmarks_where_the_target_has_them(sample: FaceSample) -> None:
    for index in (1, 33, 291, 152):  # tip of the nose, an eye, a corner of the mouth, the chin
        marked = np.zeros_like(sample.image_bgr)
        x, y = sample.landmarks_px[index].round().astype(int)
        cv2.circle(marked, (int(x), int(y)), 3, (255, 255, 255), -1)
        moved = sample.landmarks_px * np.float32(0.8) + np.array([10, 30], np.float32)
        warped = warp_face(marked, sample.landmarks_px, moved, (420, 380))
        rows, columns = np.nonzero(warped[..., 0] > 128)
        np.testing.assert_allclose([columns.mean(), rows.mean()], moved[index], atol=1.5)


def test_matched_colour_has_the_targets_mean_over_the_face(sample: FaceSample, donor: FaceSample) -> None:
    where = np.zeros((400, 400), bool)
    where[100:300, 100:300] = True
    matched = match_colour(donor.image_bgr, sample.image_bgr, where)
    before = np.abs(donor.image_bgr[where].mean(axis=0) - sample.image_bgr[where].mean(axis=0))
    after = np.abs(matched[where].mean(axis=0) - sample.image_bgr[where].mean(axis=0))
    assert (after < 0.3 * before).all()


EYES, NOSE, MOUTH = ((33, 133, 159, 145), (263, 362, 386, 374)), 1, (61, 291)


def place_features(
    landmarks: np.ndarray, side: float, turn_deg: float, offset: tuple[float, float]
) -> np.ndarray:
    """Landmarks whose eyes, nose and mouth lie as in an aligned crop, turned and moved."""
    angle = np.radians(turn_deg)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    points = (ALIGNED * side) @ turn.T + np.array(offset)
    placed = landmarks.copy()
    for eye, point in zip(EYES, points[:2], strict=True):
        placed[list(eye)] = point
    placed[NOSE], placed[list(MOUTH)] = points[2], points[3:]
    return placed


@given(side=st.floats(60, 300), turn_deg=st.floats(-40, 40), x=st.floats(-50, 200))
def test_alignment_turns_and_scales_the_face_upright(side: float, turn_deg: float, x: float) -> None:
    landmarks = place_features(draw_landmarks((200, 200), 150), side, turn_deg, (x, 30))
    into = align_face(landmarks, 128)
    nose = into @ np.array([*landmarks[NOSE], 1.0])
    np.testing.assert_allclose(nose, ALIGNED[2] * 128, atol=0.1)
    assert np.sqrt(np.linalg.det(into[:, :2])) == pytest.approx(128 / side, rel=1e-3)


def test_a_mirrored_face_is_aligned_as_well_though_left_and_right_change_places() -> None:
    landmarks = place_features(draw_landmarks((200, 200), 150), 150, 0, (20, 30))
    mirrored = landmarks * np.array([-1, 1], np.float32) + np.array([400, 0], np.float32)
    scale = np.sqrt(np.linalg.det(align_face(mirrored, 128)[:, :2]))
    assert scale == pytest.approx(128 / 150, rel=1e-3)
