import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.measure import Steps, percentile, summarise
from bench.sessions import fit_slope

DURATIONS = st.lists(st.floats(0, 1e6), min_size=1, max_size=50)


@given(DURATIONS, st.floats(0.01, 1))
def test_a_percentile_is_one_of_the_values_and_so_many_are_no_larger(
    values: list[float], share: float
) -> None:
    found = percentile(values, share)
    assert found in values
    assert sum(value <= found for value in values) >= share * len(values) - 1e-9


def test_nothing_has_no_percentile() -> None:
    with pytest.raises(ValueError, match="nothing"):
        percentile([], 0.5)


def test_a_summary_names_median_tail_mean_and_count() -> None:
    assert summarise([1.0, 2.0, 9.0]) == {"median": 2.0, "p95": 9.0, "mean": 4.0, "n": 3}


def test_steps_are_kept_apart_by_name() -> None:
    steps = Steps()
    for _ in range(2):
        with steps.time("decode"):
            pass
    steps.note("judge", 3.0)
    assert {name: entry["n"] for name, entry in steps.summarise().items()} == {"decode": 2, "judge": 1}


@given(st.floats(-5, 5), st.floats(-5, 5))
def test_the_slope_of_a_line_is_its_own(slope: float, start: float) -> None:
    points = [(float(x), start + slope * x) for x in range(5)]
    assert fit_slope(points) == pytest.approx(slope, abs=1e-6)


def test_one_point_has_no_slope() -> None:
    assert fit_slope([(1.0, 2.0)]) == 0.0
