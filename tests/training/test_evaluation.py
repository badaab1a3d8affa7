import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from training.evaluation import (
    describe_clips,
    describe_frames,
    describe_pairs,
    describe_quantiles,
    describe_simulated_clips,
    join_scorers,
    load_scorer,
    measure,
)
from training.material import (
    CAPTURES_PER_PORTRAIT,
    SEAMLESS_SWAP,
    SEAMLESS_SWAP_CLIPS,
    TRAINED_SWAP,
    gather_material,
    make_pair_set,
)
from training.metrics import Scores
from training.options import WEIGHTS
from training.pairs import Forge, Forgery, prepare_sample
from training.samples import FaceSample, Origin, Part
from training.self_blending import self_blend

needs_ffmpeg = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="training needs the ffmpeg program")


def score_by_brightness(images: np.ndarray) -> Scores:
    scores: Scores = images.mean(axis=(1, 2, 3)) / 255
    return scores


def as_clip(sample: FaceSample, clip: str, level: int) -> FaceSample:
    return FaceSample(np.full_like(sample.image_bgr, level), sample.landmarks_px, clip, clip, Origin.CLIP)


@needs_ffmpeg
def test_a_portrait_gives_a_pair_and_a_clip_ten_at_most(sample: FaceSample) -> None:
    frames = [as_clip(sample, "a.mp4", 90)] * 33
    pairs = make_pair_set([sample, *frames], Forgery.SELF_BLEND, seed=1)
    assert pairs.identities == ("ada", *["a.mp4"] * 10)
    assert pairs.genuine.shape == pairs.forged.shape == (11, 256, 256, 3)


@needs_ffmpeg
def test_the_same_seed_measures_every_model_on_the_same_pairs(sample: FaceSample) -> None:
    first, second = (make_pair_set([sample], Forgery.AUTOENCODER_SWAP, seed=1) for _ in range(2))
    np.testing.assert_array_equal(first.forged, second.forged)


@needs_ffmpeg
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


@needs_ffmpeg
def test_kinds_kept_out_take_the_face_of_another_person(sample: FaceSample) -> None:
    people = [
        replace(sample, image_bgr=image, identity=name, source=name, origin=origin)
        for name, image, origin in (
            ("ada", sample.image_bgr, Origin.PORTRAIT),
            ("bea", 255 - sample.image_bgr, Origin.PORTRAIT),
            ("cy", sample.image_bgr, Origin.CLIP),
            ("dan", 255 - sample.image_bgr, Origin.CLIP),
        )
    ]
    split = {Part.TRAIN: [], Part.CALIBRATE: [], Part.EVALUATE: people}

    def train_swap(pair: tuple[Sequence[FaceSample], Sequence[FaceSample]], seed: int) -> tuple[Forge, Forge]:
        assert {pair[0][0].identity, pair[1][0].identity} == {"cy", "dan"}
        return self_blend, self_blend

    material = gather_material(split, {}, 3, train_swap)
    assert material.pairs[SEAMLESS_SWAP].identities == ("ada", "bea")
    assert material.pairs[SEAMLESS_SWAP_CLIPS].identities == ("cy", "dan")
    assert sorted(material.pairs[TRAINED_SWAP].identities) == ["cy", "dan"]
    assert len(material.captures) == 2 * CAPTURES_PER_PORTRAIT
    figures = measure(score_by_brightness, replace(material, trained_on_frames=people[2:]))
    assert set(figures["pairs"]) == set(material.pairs)


def test_joined_scores_are_those_that_serving_averages() -> None:
    images = np.zeros((2, 256, 256, 3), np.uint8)
    joined = join_scorers(
        [lambda images: np.full(len(images), 0.2), lambda images: np.full(len(images), 0.8)]
    )
    np.testing.assert_allclose(joined(images), 0.5)


def test_quantiles_are_those_of_the_medians() -> None:
    quantiles = describe_quantiles(np.linspace(0, 1, 101))
    assert quantiles == {"q01": 0.01, "q03": 0.03, "q05": 0.05, "q25": 0.25, "q50": 0.5, "least": 0.0}


@pytest.mark.parametrize("name", ["mesonet4.onnx", "mobilenetv2.onnx"])
def test_an_onnx_file_scores_images_one_number_each(sample: FaceSample, name: str) -> None:
    scores = load_scorer(Path(WEIGHTS / name))(np.stack([prepare_sample(sample)] * 2))
    assert scores.shape == (2,)
    assert ((scores >= 0) & (scores <= 1)).all()
