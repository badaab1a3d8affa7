import numpy as np
import pytest

from tests.verification.attacks.clips import difference, load_portrait
from verification.attacks.sensor import Sensor, SensorTraits, draw_encoder, draw_injector

GREY = np.full((96, 128, 3), 120, np.uint8)
CLEAR = SensorTraits(jpeg_quality=100)


def test_every_frame_has_noise_of_its_own() -> None:
    sensor = Sensor(CLEAR, np.random.default_rng(0))
    frames = [sensor.film(GREY, 0.0) for _ in range(20)]
    assert len({frame.tobytes() for frame in frames}) == 20
    correlations = np.corrcoef([frame.astype(float).ravel() for frame in frames])
    assert np.abs(correlations - np.eye(20)).max() < 0.3


def test_equal_generators_film_alike_and_leave_the_picture_alone() -> None:
    before = GREY.copy()
    first, second = (
        Sensor(draw_injector(np.random.default_rng(4)), np.random.default_rng(5)) for _ in range(2)
    )
    for number in range(3):
        np.testing.assert_array_equal(first.film(GREY, number / 10), second.film(GREY, number / 10))
    np.testing.assert_array_equal(GREY, before)


@pytest.mark.parametrize("level", [60, 200])
def test_noise_grows_with_the_light(level: int) -> None:
    traits = SensorTraits(read_noise=1.0, shot_noise=3.0, jpeg_quality=100)
    frame = Sensor(traits, np.random.default_rng(0)).film(np.full_like(GREY, level), 0.0)
    expected = np.sqrt(1 + 9 * level / 255)
    # JPEG's colour conversion and chroma subsampling smooth some of it away.
    luma = frame.astype(float) @ (0.114, 0.587, 0.299)
    assert luma.std() == pytest.approx(expected * np.linalg.norm((0.114, 0.587, 0.299)), rel=0.2)
    assert frame.mean() == pytest.approx(level, abs=0.5)


def test_the_gain_drifts_slowly_and_within_its_bound() -> None:
    traits = SensorTraits(gain_drift=0.04, drift_hz=0.25)
    sensor = Sensor(traits, np.random.default_rng(0))
    means = [float(sensor.film(GREY, at_s).mean()) / 120 for at_s in np.arange(0, 4, 0.1)]
    assert max(means) == pytest.approx(1.04, abs=0.01)
    assert min(means) == pytest.approx(0.96, abs=0.01)
    assert np.abs(np.diff(means)).max() < 0.015


def test_a_frame_of_another_size_is_filmed_too() -> None:
    sensor = Sensor(CLEAR, np.random.default_rng(0))
    for shape in ((40, 30, 3), (300, 200, 3), (40, 30, 3)):
        assert sensor.film(np.zeros(shape, np.uint8), 0.0).shape == shape


def test_drawn_traits_change_a_picture_visibly_but_little() -> None:
    portrait = load_portrait()
    for seed in range(6):
        rng = np.random.default_rng(seed)
        for traits in (draw_encoder(rng), draw_injector(rng)):
            assert 0.3 < difference(Sensor(traits, rng).film(portrait, 0.3), portrait) < 12
