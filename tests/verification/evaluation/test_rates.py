import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from verification.evaluation.rates import Rate, area_under_curve, count_errors, trade_off, wilson_interval

SCORES = st.lists(st.floats(0, 1), min_size=1, max_size=30)


@pytest.mark.parametrize(
    ("errors", "n", "low", "high"),
    # Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_the_interval_is_that_of_published_tables(errors: int, n: int, low: float, high: float) -> None:
    assert wilson_interval(errors, n) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(0, 500), st.integers(0, 500))
def test_the_interval_holds_the_rate_and_stays_within_0_and_1(errors: int, right: int) -> None:
    low, high = wilson_interval(errors, errors + right)
    assert 0.0 <= low <= high <= 1.0
    if errors + right:
        assert low <= errors / (errors + right) <= high


def test_nothing_measured_has_no_rate_and_says_nothing() -> None:
    assert Rate(0, 0).as_dict() == {"n": 0, "errors": 0, "rate": None, "low": 0.0, "high": 1.0}


def test_more_errors_than_trials_are_refused() -> None:
    with pytest.raises(ValueError, match="3 errors in 2"):
        Rate(2, 3)


def test_outcomes_are_counted() -> None:
    assert count_errors(value > 2 for value in (1, 2, 3, 4)) == Rate(4, 2)


@given(SCORES, SCORES)
def test_the_area_is_the_share_of_pairs_in_the_right_order(
    bona_fide: list[float], attacks: list[float]
) -> None:
    pairs = [(real > attack) + 0.5 * (real == attack) for real in bona_fide for attack in attacks]
    assert area_under_curve(bona_fide, attacks) == pytest.approx(sum(pairs) / len(pairs))


def test_an_area_needs_both_sides() -> None:
    assert area_under_curve([], [0.1]) is None
    assert trade_off([0.1], []) is None


@given(SCORES, SCORES)
def test_a_higher_threshold_lets_fewer_attacks_and_fewer_people_pass(
    bona_fide: list[float], attacks: list[float]
) -> None:
    curve = trade_off(bona_fide, attacks)
    assert curve is not None
    assert (np.diff(curve.apcer) <= 0).all()
    assert (np.diff(curve.bpcer) >= 0).all()
    assert (curve.apcer[0], curve.bpcer[0]) == (1.0, 0.0)
    assert (curve.apcer[-1], curve.bpcer[-1]) == (0.0, 1.0)
    assert 0.0 <= curve.equal_error_rate <= 1.0


def test_scores_that_do_not_overlap_have_no_equal_error() -> None:
    curve = trade_off([0.8, 0.9], [0.1, 0.2])
    assert curve is not None
    assert curve.equal_error_rate == 0.0
