from pathlib import Path

import numpy as np
import pytest

from training.evaluation import (
    CAPTURES_PER_PORTRAIT,
    describe_clips,
    describe_frames,
    describe_pairs,
    describe_quantiles,
    describe_simulated_clips,
    load_scorer,
    make_graphics_set,
    make_pair_set,
)
from training.metrics import Scores
from training.options import WEIGHTS
from training.pairs import Forgery, prepare_sample
from training.samples import FaceSample, Origin


def score_by_brightness(images: np.ndarray) -> Scores:
    scores: Scores = images.mean(axis=(1, 2, 3)) / 255
    return scores


def as_clip(sample: FaceSample, clip: str, level: int) -> FaceSample:
    return FaceSample(np.full_like(sample.image_bgr, level), sample.landmarks_px, clip, clip, Origin.CLIP)


def test_a_portrait_gives_two_pairs_and_a_frame_one(sample: FaceSample) -> None:
    frame = as_clip(sample, "a.mp4", 90)
    pairs = make_pair_set([sample, frame], Forgery.SELF_BLEND, seed=1)
    assert pairs.identities == ("ada", "ada", "a.mp4")
    assert pairs.genuine.shape == pairs.forged.shape == (3, 256, 256, 3)


def test_the_same_seed_measures_every_model_on_the_same_pairs(sample: FaceSample) -> None:
    first, second = (make_pair_set([sample], Forgery.AUTOENCODER_SWAP, seed=1) for _ in range(2))
    np.testing.assert_array_equal(first.forged, second.forged)


def test_a_model_that_always_answers_the_same_is_at_chance(sample: FaceSample) -> None:
    pairs = make_pair_set([sample], Forgery.SELF_BLEND, seed=1)
    described = describe_pairs(lambda images: np.full(len(images), 0.4), pairs)
    assert described["auc"]["value"] == 0.5
    assert described["genuine_below_half"]["value"] == described["forged_below_half"]["value"] == 1.0


def test_a_clip_counts_once_by_the_median_of_its_frames(sample: FaceSample) -> None:
    frames = [as_clip(sample, "a.mp4", level) for level in (10, 200, 220)]
    frames += [as_clip(sample, "b.mp4", level) for level in (30, 40)]
    described = describe_clips(score_by_brightness, frames)
    assert [(row["clip"], row["frames"]) for row in described["clips"]] == [("a.mp4", 3), ("b.mp4", 2)]
    assert described["clips"][0]["median"] == pytest.approx(200 / 255, abs=1e-3)
    assert described["below_half"]["value"] == 0.5
    assert described["below_half"]["count"] == 2
    assert described["quantiles"]["least"] == described["clips"][1]["median"]
    assert describe_frames(score_by_brightness, frames)["below_half"]["value"] == 0.6


def test_simulated_clips_count_one_for_each_portrait(sample: FaceSample) -> None:
    captures = np.stack([prepare_sample(sample)] * 2 * CAPTURES_PER_PORTRAIT)
    described = describe_simulated_clips(score_by_brightness, captures)
    assert described["below_half"]["count"] == 2


def test_graphics_swaps_take_the_face_of_another_person(sample: FaceSample) -> None:
    other = FaceSample(255 - sample.image_bgr, sample.landmarks_px, "bea", "bea.jpg", Origin.PORTRAIT)
    pairs = make_graphics_set([sample, other], seed=3)
    assert pairs.identities == ("ada", "ada", "bea", "bea")
    assert not np.array_equal(pairs.genuine, pairs.forged)


def test_quantiles_are_those_of_the_medians() -> None:
    quantiles = describe_quantiles(np.linspace(0, 1, 101))
    assert quantiles == {"q01": 0.01, "q05": 0.05, "q25": 0.25, "q50": 0.5, "least": 0.0}


def test_an_onnx_file_scores_images_one_number_each(sample: FaceSample) -> None:
    pairs = make_pair_set([sample], Forgery.SELF_BLEND, seed=1)
    scores = load_scorer(Path(WEIGHTS / "mesonet4.onnx"))(pairs.genuine)
    assert scores.shape == (2,)
    assert ((scores >= 0) & (scores <= 1)).all()
