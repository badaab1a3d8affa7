import numpy as np
import pytest

from tests.training.conftest import draw_landmarks
from training.pairs import FORGE, Forgery, PairSampler, make_capture, make_pair, stream_batches
from training.samples import FaceSample, Origin


@pytest.mark.parametrize("forgery", Forgery)
def test_a_pair_is_two_network_inputs_that_differ(sample: FaceSample, forgery: Forgery) -> None:
    genuine, forged = make_pair(sample, FORGE[forgery], np.random.default_rng(0))
    assert genuine.shape == forged.shape == (256, 256, 3)
    assert genuine.dtype == forged.dtype == np.uint8
    assert not np.array_equal(genuine, forged)


def test_the_corners_of_a_pair_are_equal_so_that_the_capture_is_no_cue(sample: FaceSample) -> None:
    for seed in range(20):
        genuine, forged = make_pair(sample, FORGE[Forgery.AUTOENCODER_SWAP], np.random.default_rng(seed))
        np.testing.assert_array_equal(genuine[:16, :16], forged[:16, :16])


def test_a_capture_without_a_forgery_is_repeatable(sample: FaceSample) -> None:
    first, second = (make_capture(sample, np.random.default_rng(4)) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_batches_are_the_same_from_a_worker_as_from_here(sample: FaceSample) -> None:
    sampler = PairSampler.over([sample], seed=5, pairs_per_batch=2)
    streamed = list(stream_batches(sampler, 3, 5))
    for index, (images, labels) in zip((3, 4), streamed, strict=True):
        expected_images, expected_labels = sampler.draw_batch(index)
        np.testing.assert_array_equal(images, expected_images)
        np.testing.assert_array_equal(labels, expected_labels)
    assert labels.ravel().tolist() == [1, 0, 1, 0]


def test_two_batches_of_one_seed_differ(sample: FaceSample) -> None:
    sampler = PairSampler.over([sample], seed=5, pairs_per_batch=1)
    assert not np.array_equal(sampler.draw_batch(0)[0], sampler.draw_batch(1)[0])


def test_a_person_with_many_frames_is_drawn_no_more_often_than_one_with_few(sample: FaceSample) -> None:
    frames = [
        FaceSample(sample.image_bgr, draw_landmarks((200, 200), 150, seed), "bea", "bea.mp4", Origin.CLIP)
        for seed in range(9)
    ]
    single = FaceSample(sample.image_bgr, sample.landmarks_px, "cy", "cy.mp4", Origin.CLIP)
    sampler = PairSampler.over([*frames, single], seed=1)
    rng = np.random.default_rng(2)
    drawn = [sampler.draw_sample(rng).identity for _ in range(400)]
    assert 150 < drawn.count("cy") < 250


def test_nothing_to_draw_from_is_an_error() -> None:
    with pytest.raises(ValueError, match="no faces"):
        PairSampler.over([], seed=0)
