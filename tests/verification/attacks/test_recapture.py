"""The physics of screens and prints before a camera, by what can be computed by hand."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from verification.attacks.recapture import (
    KEPT_OUT_PAPERS,
    KEPT_OUT_SCREENS,
    PaperKind,
    PaperMedium,
    ScreenKind,
    ScreenMedium,
    draw_paper,
    draw_screen,
    print_on_paper,
    show_on_screen,
)
from verification.attacks.recapture.camera import Camera, pass_frequencies
from verification.attacks.recapture.sampling import TILE, Lattice, locate, read_tile

Image = npt.NDArray[np.uint8]

PLAIN_CAMERA = Camera(
    oversampling=1,
    optics_sigma=0.15,
    blur_sigma_px=0.0,
    sharpening=0.0,
    exposure=0.8,
    gains_bgr=(1.0, 1.0, 1.0),
    contrast=1.0,
    noise_sigma=0.0,
    jpeg_quality=None,
)


def plain_screen(kind: ScreenKind = ScreenKind.STRIPE, pixel_px: float = 0.5) -> ScreenMedium:
    """A screen held straight in a dark room, its sub-pixels being all there is to see."""
    return ScreenMedium(
        kind=kind,
        pixel_px=pixel_px,
        angle_deg=0.0,
        phase=(0.0, 0.0),
        fill=0.8,
        gamma=2.0,
        black=0.0,
        saturation=1.0,
        veil=0.0,
        glare=0.0,
        glare_count=1,
        seed=1,
        band_depth=0.0,
        band_period=0.5,
        band_drift=0.1,
        source_quality=None,
        camera=PLAIN_CAMERA,
    )


def plain_paper(kind: PaperKind = PaperKind.AM, dot_px: float = 4.0) -> PaperMedium:
    """A matte print, evenly lit, without grain."""
    return PaperMedium(
        kind=kind,
        dot_px=dot_px,
        angle_deg=0.0,
        phase=(0.0, 0.0),
        dot_gain=0.0,
        saturation=1.0,
        black=0.05,
        paper_bgr=(1.0, 1.0, 1.0),
        grain=0.0,
        light_slope=(0.0, 0.0),
        gloss=0.0,
        gloss_count=1,
        veil=0.0,
        seed=1,
        source_quality=None,
        print_blur_px=0.0,
        camera=PLAIN_CAMERA,
    )


def grey(level: int = 160, side: int = 128) -> Image:
    return np.full((side, side, 3), level, np.uint8)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def strongest_frequency(row: npt.NDArray[np.floating]) -> float:
    """Cycles per pixel of the strongest sinusoid in a row, its mean aside."""
    spectrum = np.abs(np.fft.rfft((row - row.mean()) * np.hanning(len(row))))
    return float(np.fft.rfftfreq(len(row))[spectrum.argmax()])


def identity_map(height: int, width: int) -> npt.NDArray[np.float32]:
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    return np.stack([x, y], axis=-1).astype(np.float32)


@settings(max_examples=15, deadline=None)
@given(height=st.integers(16, 90), width=st.integers(16, 90), seed=st.integers(0, 2**31))
def test_a_frame_has_the_pictures_size_whatever_is_drawn(height: int, width: int, seed: int) -> None:
    picture = rng(seed).integers(0, 256, (height, width, 3)).astype(np.uint8)
    for frame in (
        show_on_screen(picture, draw_screen(rng(seed)), rng(seed)),
        print_on_paper(picture, draw_paper(rng(seed)), rng(seed)),
    ):
        assert frame.shape == picture.shape
        assert frame.dtype == np.uint8


def test_the_map_gives_the_frame_its_size_and_the_picture_stays_as_it_was() -> None:
    picture = rng().integers(0, 256, (60, 80, 3)).astype(np.uint8)
    before = picture.copy()
    seen_at = identity_map(100, 120) * np.float32(0.6)
    for pixel_px in (0.4, 1.2):
        assert show_on_screen(picture, plain_screen(pixel_px=pixel_px), rng(), seen_at=seen_at).shape == (
            100,
            120,
            3,
        )
    assert print_on_paper(picture, plain_paper(), rng(), seen_at=seen_at).shape == (100, 120, 3)
    np.testing.assert_array_equal(picture, before)


@pytest.mark.parametrize("pixel_px", [0.45, 1.3])
def test_a_map_that_moves_nothing_changes_nothing_on_a_screen(pixel_px: float) -> None:
    picture = np.tile(np.linspace(20, 230, 90).astype(np.uint8)[None, :, None], (70, 1, 3))
    medium = plain_screen(pixel_px=pixel_px)
    held = show_on_screen(picture, medium, rng(), seen_at=identity_map(70, 90))
    straight = show_on_screen(picture, medium, rng())
    # A display pixel's edge may fall to either side of a camera pixel by rounding.
    assert np.mean(np.abs(held.astype(int) - straight) > 2) < 0.02


@pytest.mark.parametrize("kind", list(PaperKind))
def test_a_map_that_moves_nothing_changes_nothing_on_paper(kind: PaperKind) -> None:
    picture = grey(120, 64)
    held = print_on_paper(picture, plain_paper(kind), rng(), seen_at=identity_map(64, 64))
    straight = print_on_paper(picture, plain_paper(kind), rng())
    assert np.mean(np.abs(held.astype(int) - straight) > 2) < 0.02


def test_equal_media_and_generators_give_equal_frames() -> None:
    picture = rng().integers(0, 256, (40, 40, 3)).astype(np.uint8)
    screen, paper = draw_screen(rng(3)), draw_paper(rng(3))
    assert (draw_screen(rng(3)), draw_paper(rng(3))) == (screen, paper)
    np.testing.assert_array_equal(
        show_on_screen(picture, screen, rng(1), 5), show_on_screen(picture, screen, rng(1), 5)
    )
    np.testing.assert_array_equal(
        print_on_paper(picture, paper, rng(1)), print_on_paper(picture, paper, rng(1))
    )


def test_only_noise_tells_two_frames_of_one_print_apart() -> None:
    medium = replace(plain_paper(), grain=0.05, gloss=0.4, camera=replace(PLAIN_CAMERA, noise_sigma=2.0))
    generator = rng()
    first, second = (print_on_paper(grey(), medium, generator).astype(float) for _ in range(2))
    difference = first - second
    assert 0 < difference.std() < 4
    assert abs(difference.mean()) < 0.2


@pytest.mark.parametrize("kind", list(ScreenKind))
@pytest.mark.parametrize("pixel_px", [0.3, 3.0, 6.0])
def test_sub_pixels_take_no_light_away_on_average(kind: ScreenKind, pixel_px: float) -> None:
    medium = replace(plain_screen(kind, pixel_px), angle_deg=3.0, camera=replace(PLAIN_CAMERA, exposure=0.1))
    frame = show_on_screen(grey(), medium, rng()).astype(float)
    light = (frame / 255) ** 2
    assert light.mean() == pytest.approx((160 / 255) ** 2 * 0.1, rel=0.06)


def test_stripes_of_a_large_display_pixel_lie_side_by_side_red_first() -> None:
    frame = show_on_screen(grey(), replace(plain_screen(pixel_px=12.0), fill=0.6), rng()).astype(float)
    blue, green, red = (frame[:, :, channel].mean(axis=0)[:12].argmax() for channel in range(3))
    assert red < green < blue


def test_pixels_smaller_than_the_cameras_come_back_as_moire_at_their_alias() -> None:
    """1 / 0.9 cycles a pixel, sampled once a pixel, can't be told from 1 / 0.9 - 1."""
    medium = plain_screen(pixel_px=0.9)
    row = show_on_screen(grey(side=256), medium, rng())[:, :, 1].astype(float).mean(axis=0)
    assert strongest_frequency(row) == pytest.approx(1 / 0.9 - 1, abs=0.006)


def test_moire_moves_when_the_hand_moves_by_less_than_a_pixel() -> None:
    seen_at = identity_map(64, 256)
    medium = plain_screen(pixel_px=0.9)
    here, there = (
        show_on_screen(grey(side=256), medium, rng(), seen_at=seen_at + np.float32(shift))
        for shift in (0.0, 0.45)
    )
    rows = [frame[:, 20:230, 1].astype(float).mean(axis=0) for frame in (here, there)]
    # Half a display pixel turns bright into dark, over the whole moire.
    assert np.corrcoef(rows[0], rows[1])[0, 1] < -0.8


def test_pixels_far_too_small_to_be_seen_leave_no_trace() -> None:
    frame = show_on_screen(grey(), replace(plain_screen(pixel_px=0.23), angle_deg=4.0), rng())
    assert frame.std() < 6


def test_a_lens_out_of_focus_weakens_what_it_passes_and_a_finer_sensor_sees_higher() -> None:
    cycles = np.array([0.1, 0.4, 1.2])
    sharp = pass_frequencies(cycles, np.zeros(3), PLAIN_CAMERA)
    soft = pass_frequencies(cycles, np.zeros(3), replace(PLAIN_CAMERA, optics_sigma=0.6))
    assert (np.abs(soft) < np.abs(sharp)).all()
    assert pass_frequencies(np.zeros(1), np.zeros(1), PLAIN_CAMERA) == pytest.approx(1)


def test_large_display_pixels_are_seen_as_squares_of_one_colour() -> None:
    picture = np.tile(np.linspace(0, 255, 120).astype(np.uint8)[None, :, None], (40, 1, 3))
    medium = replace(plain_screen(pixel_px=1.5), camera=replace(PLAIN_CAMERA, optics_sigma=3.0))
    steps = np.diff(show_on_screen(picture, medium, rng())[20, :, 1].astype(int))
    assert (steps == 0).sum() > 20


def test_bands_run_through_the_rows_and_move_from_frame_to_frame() -> None:
    medium = replace(plain_screen(pixel_px=0.23), band_depth=0.5, band_period=0.5, band_drift=0.25)
    frames = [show_on_screen(grey(), medium, rng(), index).astype(float) for index in (0, 1, 4)]
    rows = [frame.mean(axis=(1, 2)) for frame in frames]
    assert rows[0].std() > 10
    assert np.abs(rows[0] - rows[1]).mean() > 5
    np.testing.assert_allclose(rows[0], rows[2], atol=1)


def test_glare_and_a_lit_room_brighten_what_the_screen_shows_black() -> None:
    dark = show_on_screen(grey(0), plain_screen(), rng())
    lit = show_on_screen(grey(0), replace(plain_screen(), veil=0.05, glare=0.5), rng())
    assert dark.max() == 0
    assert lit.min() > 20
    assert lit.max() > lit.min() + 20


def test_dots_of_a_print_are_as_far_apart_as_the_screen_ruling_says() -> None:
    """Yellow ink, which blue light shows, has its rows at 0 degrees."""
    row = print_on_paper(grey(side=256), plain_paper(dot_px=5.0), rng())[:, :, 0].astype(float).mean(axis=0)
    assert strongest_frequency(row) == pytest.approx(1 / 5, abs=0.006)


def test_every_ink_has_its_own_angle() -> None:
    frame = print_on_paper(grey(side=256), plain_paper(dot_px=5.0), rng()).astype(float)
    strengths = [frame[:, :, channel].mean(axis=0).std() for channel in range(3)]
    assert strengths[0] > 5 * max(strengths[1:])


def test_scattered_dots_have_no_rows() -> None:
    def peak(kind: PaperKind) -> float:
        plane = print_on_paper(grey(side=256), plain_paper(kind, 3.0), rng())[:, :, 0].astype(float)
        spectrum = np.abs(np.fft.fft2(plane - plane.mean())) ** 2
        return float(spectrum.max() / spectrum.sum())

    assert peak(PaperKind.FM) < 0.1 * peak(PaperKind.AM)


@pytest.mark.parametrize("kind", [PaperKind.AM, PaperKind.FM])
@pytest.mark.parametrize("level", [60, 130, 220])
def test_dots_keep_the_tone_that_continuous_ink_would_have(kind: PaperKind, level: int) -> None:
    dots, tone = (
        print_on_paper(grey(level), plain_paper(each, 4.0), rng()).astype(float) ** 2
        for each in (kind, PaperKind.PHOTO)
    )
    assert dots.mean() == pytest.approx(tone.mean(), rel=0.12)


def test_dots_too_fine_for_the_camera_are_tone() -> None:
    assert print_on_paper(grey(), plain_paper(dot_px=0.3), rng()).std() < 6


def test_ink_is_never_as_black_as_no_light_and_paper_no_brighter_than_its_own_white() -> None:
    medium = replace(plain_paper(PaperKind.PHOTO), paper_bgr=(0.8, 0.9, 1.0))
    black, white = (print_on_paper(grey(level), medium, rng())[0, 0].astype(int) for level in (0, 255))
    assert (black > 40).all()
    assert white[0] < white[1] < white[2] < 255


def test_dot_gain_darkens_middle_tones_only() -> None:
    def tone(level: int, dot_gain: float) -> float:
        medium = replace(plain_paper(PaperKind.PHOTO), dot_gain=dot_gain)
        return float(print_on_paper(grey(level), medium, rng()).mean())

    assert tone(190, 0.3) < tone(190, 0.0) - 8
    assert tone(255, 0.3) == tone(255, 0.0)


def test_the_kinds_asked_for_are_the_kinds_drawn_and_some_are_kept_out_of_training() -> None:
    generator = rng()
    for kind in ScreenKind:
        assert draw_screen(generator, [kind]).kind is kind
        assert draw_screen(generator, [kind]).is_kept_out is (kind in KEPT_OUT_SCREENS)
    for paper in PaperKind:
        assert draw_paper(generator, [paper]).kind is paper
        assert draw_paper(generator, [paper]).is_kept_out is (paper in KEPT_OUT_PAPERS)
    assert {draw_screen(generator).kind for _ in range(60)} == set(ScreenKind)
    assert {draw_paper(generator).kind for _ in range(60)} == set(PaperKind)
    assert 0 < len(KEPT_OUT_SCREENS) < len(ScreenKind)
    assert 0 < len(KEPT_OUT_PAPERS) < len(PaperKind)


@given(shift=st.integers(-20, 20))
def test_a_lattice_repeats_with_its_unit(shift: int) -> None:
    tile = rng().random((TILE, TILE)).astype(np.float32)
    u = np.linspace(0, 1, 30, dtype=np.float32)[np.newaxis].repeat(3, axis=0) + np.float32(0.001)
    v = np.full_like(u, 0.3)
    np.testing.assert_array_equal(
        read_tile(tile, u, v), read_tile(tile, u + np.float32(shift), v - np.float32(shift))
    )


def test_a_turned_lattice_keeps_its_spacing() -> None:
    u, v = locate(Lattice(8.0, 30.0, (0.0, 0.0)), (9, 9), None)
    assert np.hypot(u[0, 8], v[0, 8]) == pytest.approx(1.0)
    assert np.hypot(u[8, 0], v[8, 0]) == pytest.approx(1.0)


def test_looking_far_past_the_medium_harms_nothing_near_it() -> None:
    seen_at = identity_map(64, 256)
    far = seen_at.copy()
    far[:, 250:] = 1e7
    near, beyond = (
        show_on_screen(grey(side=256), plain_screen(pixel_px=0.9), rng(), seen_at=places)
        for places in (seen_at, far)
    )
    np.testing.assert_array_equal(near[:, :250], beyond[:, :250])
    assert print_on_paper(grey(side=256), plain_paper(), rng(), seen_at=far).shape == (64, 256, 3)
