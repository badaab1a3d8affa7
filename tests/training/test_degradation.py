from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.degradation import (
    FACE_PX,
    JPEG_QUALITY,
    MAX_BLUR_SIGMA_PX,
    MAX_ENLARGEMENT,
    MAX_NOISE_SIGMA,
    Degradation,
    Encoding,
    apply_camera_colour,
    compress,
    degrade,
    draw_degradation,
    record,
)
from training.samples import FaceSample

SEEDS = st.integers(0, 2**32 - 1)
PLAIN = Degradation(
    recording_quality=None,
    face_px=150,
    gains_bgr=(1.0, 1.0, 1.0),
    gamma=1.0,
    softening=1.0,
    smoothing=0,
    motion_px=0,
    motion_deg=0,
    blur_sigma_px=0,
    noise_sigma=0,
    noise_seed=5,
    encoding=Encoding.JPEG,
    jpeg_quality=90,
)


@given(seed=SEEDS, native_px=st.floats(30, 2000))
def test_every_capture_stays_within_what_the_capture_page_lets_through(seed: int, native_px: float) -> None:
    drawn = draw_degradation(np.random.default_rng(seed), native_px)
    assert FACE_PX[0] - 1e-6 <= drawn.face_px <= max(FACE_PX[0], min(FACE_PX[1], native_px * 1.15)) + 1e-6
    assert 0 <= drawn.blur_sigma_px <= MAX_BLUR_SIGMA_PX
    assert 0 <= drawn.noise_sigma <= MAX_NOISE_SIGMA
    assert JPEG_QUALITY[0] <= drawn.jpeg_quality <= JPEG_QUALITY[1]
    assert drawn.recording_quality is None or 25 <= drawn.recording_quality <= 80


@given(seed=SEEDS, native_px=st.floats(85, 2000))
def test_a_face_is_hardly_enlarged(seed: int, native_px: float) -> None:
    drawn = draw_degradation(np.random.default_rng(seed), native_px)
    assert drawn.face_px <= native_px * MAX_ENLARGEMENT + 1e-6


@given(seed=SEEDS)
def test_both_members_of_a_pair_get_the_same_capture(seed: int) -> None:
    rng = np.random.default_rng(seed)
    image = rng.integers(0, 256, (64, 80, 3), dtype=np.uint8)
    drawn = draw_degradation(rng, 200)
    np.testing.assert_array_equal(degrade(image, drawn), degrade(image.copy(), drawn))


def test_where_two_members_are_equal_they_stay_equal_away_from_the_difference(sample: FaceSample) -> None:
    drawn = replace(PLAIN, blur_sigma_px=0.8, noise_sigma=2.0)
    changed = sample.image_bgr.copy()
    changed[160:240, 160:240] = 255 - changed[160:240, 160:240]
    genuine, blended = degrade(sample.image_bgr, drawn), degrade(changed, drawn)
    np.testing.assert_array_equal(genuine[:128], blended[:128])
    assert not np.array_equal(genuine, blended)


def test_a_neutral_camera_changes_no_colour_and_a_warm_one_raises_red(sample: FaceSample) -> None:
    warm = replace(PLAIN, gains_bgr=(0.9, 1.0, 1.1))
    np.testing.assert_array_equal(apply_camera_colour(sample.image_bgr, PLAIN), sample.image_bgr)
    blue, _, red = (apply_camera_colour(sample.image_bgr, warm) - sample.image_bgr.astype(np.int16)).mean(
        (0, 1)
    )
    assert blue < 0 < red


@pytest.mark.parametrize(
    "change", [{"blur_sigma_px": 0.8}, {"softening": 2.0}, {"smoothing": 40.0}, {"motion_px": 5.0}]
)
def test_softness_of_every_kind_takes_detail_away(sample: FaceSample, change: dict[str, float]) -> None:
    def detail(degradation: Degradation) -> float:
        return float(cv2.Laplacian(degrade(sample.image_bgr, degradation), cv2.CV_64F).var())

    assert detail(replace(PLAIN, **change)) < 0.9 * detail(PLAIN)


def test_a_capture_without_blur_and_noise_leaves_the_picture_as_it_is(sample: FaceSample) -> None:
    np.testing.assert_array_equal(degrade(sample.image_bgr, PLAIN), sample.image_bgr)


@given(quality=st.integers(25, 96))
def test_a_jpeg_keeps_the_size_and_the_gist(quality: int) -> None:
    image = np.random.default_rng(quality).integers(0, 256, (64, 80, 3), dtype=np.uint8)
    compressed = compress(image, quality)
    assert compressed.shape == image.shape
    assert abs(float(compressed.mean()) - float(image.mean())) < 8


def test_a_recording_leaves_its_blocks_and_no_recording_leaves_the_picture_alone(sample: FaceSample) -> None:
    assert record(sample.image_bgr, PLAIN) is sample.image_bgr
    recorded = record(sample.image_bgr, replace(PLAIN, recording_quality=25))
    edges = np.abs(np.diff(recorded.astype(np.int16).mean(axis=2), axis=1)).mean(axis=0)
    assert edges[7::8].mean() > 1.1 * np.delete(edges, np.arange(7, edges.size, 8)).mean()
