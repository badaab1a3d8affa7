import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.training.conftest import draw_landmarks
from training.autoencoder_swap import swap_by_autoencoder
from training.degradation import Encoding, draw_degradation
from training.pairs import (
    FORGERY_ODDS,
    Forgery,
    PairSampler,
    choose_donor,
    choose_forge,
    make_captures,
    make_pairs,
    prepare_pair,
    shift_box,
)
from training.samples import FaceSample, Origin
from training.shards import PairStore, fill_store
from verification.vision.crop import PixelBox

pytestmark = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="training needs the ffmpeg program")


@pytest.mark.parametrize("forgery", Forgery)
def test_a_pair_is_two_network_inputs_that_differ(sample: FaceSample, forgery: Forgery) -> None:
    rng = np.random.default_rng(0)
    donor = replace(sample, image_bgr=255 - sample.image_bgr, identity="bea")
    (pair,) = make_pairs([sample], [choose_forge(forgery, donor, rng)], rng)
    genuine, forged = prepare_pair(pair, rng)
    assert genuine.shape == forged.shape == (256, 256, 3)
    assert genuine.dtype == forged.dtype == np.uint8
    assert not np.array_equal(genuine, forged)


def test_the_odds_of_the_forgeries_sum_to_one() -> None:
    assert sum(FORGERY_ODDS.values()) == pytest.approx(1)
    assert set(FORGERY_ODDS) == set(Forgery)


def test_every_encoding_is_drawn() -> None:
    drawn = {draw_degradation(np.random.default_rng(seed), 200).encoding for seed in range(100)}
    assert drawn == set(Encoding)


def test_the_corners_of_a_pair_are_alike_so_that_the_capture_is_no_cue(sample: FaceSample) -> None:
    rng = np.random.default_rng(1)
    for pair in make_pairs([sample] * 12, [swap_by_autoencoder] * 12, rng):
        genuine, forged = prepare_pair(pair, rng)
        difference = np.abs(genuine[:16, :16].astype(int) - forged[:16, :16].astype(int))
        assert difference.mean() < 6


def test_captures_without_a_forgery_are_repeatable(sample: FaceSample) -> None:
    first, second = (make_captures([sample] * 3, np.random.default_rng(4)) for _ in range(2))
    np.testing.assert_array_equal(np.stack(first), np.stack(second))


def test_a_shifted_box_stays_within_a_few_hundredths() -> None:
    box = PixelBox(10, 20, 100, 120)
    for seed in range(50):
        shifted = shift_box(box, np.random.default_rng(seed))
        np.testing.assert_allclose(shifted, box, atol=0.045 * 120)


def test_a_chunk_is_the_same_from_a_worker_as_from_here_and_is_made_once(
    sample: FaceSample, tmp_path: Path
) -> None:
    sampler, store = PairSampler.over([sample], seed=5, pairs_per_chunk=2), PairStore(tmp_path / "pairs")
    said: list[tuple[int, int]] = []
    fill_store(store, sampler, 2, lambda done, total: said.append((done, total)))
    assert said == [(0, 2), (1, 2), (2, 2)]
    for index in range(2):
        for stored, drawn in zip(store.read(index), sampler.draw_chunk(index), strict=True):
            np.testing.assert_array_equal(stored.genuine_jpeg, drawn.genuine_jpeg)
            np.testing.assert_array_equal(stored.forged_jpeg, drawn.forged_jpeg)
            np.testing.assert_allclose(stored.box, drawn.box)
    made = store.path(0).stat().st_mtime_ns
    fill_store(store, sampler, 2, lambda done, total: said.append((done, total)))
    assert said[-1] == (2, 2)
    assert store.path(0).stat().st_mtime_ns == made


def test_batches_hold_every_pair_once_genuine_first(sample: FaceSample, tmp_path: Path) -> None:
    store = PairStore(tmp_path)
    sampler = PairSampler.over([sample], seed=5, pairs_per_chunk=4)
    for index in range(2):
        store.write(index, sampler.draw_chunk(index))
    batches = list(store.stream_batches([0, 1], 2, np.random.default_rng(0)))
    assert len(batches) == 4
    for images, labels in batches:
        assert images.shape == (4, 256, 256, 3)
        assert labels.ravel().tolist() == [1, 0, 1, 0]
    assert len({images.tobytes() for images, _ in batches}) == 4


def test_two_chunks_of_one_seed_differ(sample: FaceSample) -> None:
    sampler = PairSampler.over([sample], seed=5, pairs_per_chunk=1)
    first, second = (sampler.draw_chunk(index)[0].genuine_jpeg for index in range(2))
    assert not np.array_equal(first, second)


def test_a_person_with_many_frames_is_drawn_no_more_often_than_one_with_few(sample: FaceSample) -> None:
    frames = [
        replace(
            sample, landmarks_px=draw_landmarks((200, 200), 150, seed), identity="bea", origin=Origin.CLIP
        )
        for seed in range(9)
    ]
    single = replace(sample, identity="cy", origin=Origin.CLIP)
    sampler = PairSampler.over([*frames, single], seed=1)
    rng = np.random.default_rng(2)
    drawn = [sampler.draw_sample(rng).identity for _ in range(400)]
    assert 150 < drawn.count("cy") < 250


def test_the_face_of_another_comes_into_most_swaps_and_into_all_by_graphics(sample: FaceSample) -> None:
    rng, bright = np.random.default_rng(6), np.full_like(sample.image_bgr, 128)
    bright[150:250:4] = 255
    donor = replace(sample, image_bgr=bright, identity="bea")
    for kind, least in ((Forgery.GRAPHICS_SWAP, 1.0), (Forgery.ALIGNED_SWAP, 0.4)):
        taken = []
        for _ in range(20):
            made = choose_forge(kind, donor, rng)(sample.image_bgr, sample.landmarks_px, rng)
            centre = made.blended_bgr[190:210, 190:210].astype(float)
            truth = sample.image_bgr[190:210, 190:210].astype(float)
            taken.append(np.corrcoef(centre.ravel(), truth.ravel())[0, 1] < 0.5)
        assert np.mean(taken) >= least


def test_a_donor_is_the_one_whose_face_is_most_alike_whatever_its_size(sample: FaceSample) -> None:
    rng = np.random.default_rng(8)
    larger = replace(
        sample, landmarks_px=sample.landmarks_px * np.float32(1.7) + np.float32(30), identity="bea"
    )
    bent = replace(
        sample,
        landmarks_px=sample.landmarks_px + rng.normal(0, 9, (478, 2)).astype(np.float32),
        identity="cy",
    )
    assert choose_donor(sample, [bent, larger]) is larger


def test_nobody_is_their_own_donor_while_there_is_another(sample: FaceSample) -> None:
    other = replace(sample, identity="bea")
    sampler = PairSampler.over([sample] * 3 + [other], seed=1)
    rng = np.random.default_rng(3)
    assert {sampler.draw_donor(sample, rng).identity for _ in range(20)} == {"bea"}


def test_nothing_to_draw_from_is_an_error() -> None:
    with pytest.raises(ValueError, match="no faces"):
        PairSampler.over([], seed=0)
