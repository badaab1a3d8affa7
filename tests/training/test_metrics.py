import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.metrics import (
    area_under_curve,
    estimate_auc,
    estimate_clips_below,
    estimate_share_below,
    fit_calibration,
    wilson_interval,
)

SCORES = st.lists(st.floats(0, 1), min_size=1, max_size=60).map(np.array)


@given(genuine=SCORES, forged=SCORES)
def test_auc_is_the_share_of_pairs_in_the_right_order(genuine: np.ndarray, forged: np.ndarray) -> None:
    differences = genuine[:, None] - forged[None]
    expected = (differences > 0).mean() + (differences == 0).mean() / 2
    assert area_under_curve(genuine, forged) == pytest.approx(expected)


@given(genuine=SCORES, forged=SCORES)
def test_swapping_the_classes_mirrors_the_auc(genuine: np.ndarray, forged: np.ndarray) -> None:
    assert area_under_curve(genuine, forged) == pytest.approx(1 - area_under_curve(forged, genuine))


@given(hits=st.integers(0, 500), more=st.integers(0, 500))
def test_a_wilson_interval_holds_the_share_and_stays_within_0_and_1(hits: int, more: int) -> None:
    count = max(1, hits + more)
    low, high = wilson_interval(hits, count)
    assert 0 <= low <= hits / count + 1e-12
    assert hits / count - 1e-12 <= high <= 1
    assert high - low > 0


def test_wilson_gives_the_published_interval_for_none_of_forty() -> None:
    assert wilson_interval(0, 40) == pytest.approx((0.0, 0.0876), abs=1e-4)


def test_a_share_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="share of nothing"):
        wilson_interval(0, 0)


def test_many_pictures_of_one_person_do_not_narrow_the_interval() -> None:
    rng = np.random.default_rng(0)
    genuine, forged = rng.random(12), rng.random(12)
    people = [f"p{number}" for number in range(12)]
    once = estimate_auc(genuine, forged, people)
    copies = estimate_auc(np.repeat(genuine, 10), np.repeat(forged, 10), np.repeat(people, 10).tolist())
    assert copies.value == pytest.approx(once.value)
    assert copies.high - copies.low == pytest.approx(once.high - once.low)
    assert (copies.count, copies.identities) == (120, 12)


def test_shares_below_a_bound_are_counted_strictly() -> None:
    scores = np.array([0.2, 0.5, 0.7, 0.4])
    assert estimate_share_below(scores, 0.5, list("abcd")).value == 0.5
    assert estimate_clips_below(scores, 0.5).value == 0.5


def test_calibration_finds_the_scale_and_offset_that_spoilt_the_scores() -> None:
    rng = np.random.default_rng(1)
    logits = rng.normal(0, 2, 20_000)
    labels = (rng.random(20_000) < 1 / (1 + np.exp(-logits))).astype(np.float64)
    spoilt = 1 / (1 + np.exp(-(logits * 2.0 + 1.0)))
    scale, offset = fit_calibration(spoilt, labels)
    assert scale == pytest.approx(0.5, abs=0.03)
    assert offset == pytest.approx(-0.5, abs=0.05)


def test_calibration_survives_scores_of_exactly_0_and_1() -> None:
    scale, offset = fit_calibration(np.array([0.0, 1.0, 0.0, 1.0, 0.3]), np.array([0.0, 1.0, 1.0, 1.0, 0.0]))
    assert np.isfinite([scale, offset]).all()
    assert scale > 0
