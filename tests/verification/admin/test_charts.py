"""Chart coordinates: inside their frame, in proportion, and with gaps where nothing was seen."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verification.admin.charts import (
    BARS_LEFT,
    BARS_TOP,
    BARS_WIDTH,
    LINE_HEIGHT,
    LINE_WIDTH,
    MAX_TICKS,
    choose_step,
    draw_days,
    draw_line,
)
from verification.dashboard import Day, Tally

START = date(2026, 3, 1)
counts = st.integers(0, 5_000)
levels = st.one_of(st.none(), st.floats(0, 1))


def make_days(tallies: list[tuple[int, int, int]]) -> list[Day]:
    return [Day(START + timedelta(days=n), Tally(*tally)) for n, tally in enumerate(tallies)]


@given(st.lists(st.tuples(counts, counts, counts), min_size=1, max_size=30))
def test_bars_stay_in_the_frame_and_do_not_overlap(tallies: list[tuple[int, int, int]]) -> None:
    chart = draw_days(make_days(tallies))
    for bar in chart.bars:
        assert BARS_LEFT <= bar.x < bar.right <= BARS_WIDTH
        for segment in bar.segments:
            assert BARS_TOP - 0.01 <= segment.y <= chart.baseline
            assert segment.y + segment.height <= chart.baseline + 0.011  # heights are rounded to 0.01
    edges = [(bar.x, bar.right) for bar in chart.bars]
    assert all(left[1] <= right[0] for left, right in pairwise(edges))


@given(st.integers(0, 10**9))
def test_the_axis_has_few_lines_at_round_numbers(highest: int) -> None:
    step = choose_step(highest)
    assert str(step).rstrip("0") in ("1", "2", "5")
    assert -(-highest // step) <= MAX_TICKS


def test_segments_are_as_high_as_their_counts_are_many() -> None:
    (bar,) = draw_days(make_days([(30, 10, 0)])).bars
    heights = {segment.kind: segment.height + 1 for segment in bar.segments}
    assert heights["pass"] == pytest.approx(3 * heights["fail"], abs=0.1)
    assert set(heights) == {"pass", "fail"}


def test_the_newest_day_is_labelled_and_each_seventh_before_it() -> None:
    bars = draw_days(make_days([(1, 0, 0)] * 30)).bars
    assert [index for index, bar in enumerate(bars) if bar.label] == [1, 8, 15, 22, 29]


@given(st.lists(levels, max_size=12))
def test_points_stay_in_the_frame(values: list[float | None]) -> None:
    chart = draw_line(values, [float(second) for second in range(len(values))], floor_at=0.5)
    assert len(chart.points) == sum(value is not None for value in values)
    for point in chart.points:
        assert 0 <= point.x <= LINE_WIDTH
        assert 0 <= point.y <= LINE_HEIGHT
    assert chart.floor_y == LINE_HEIGHT / 2


def test_a_value_that_was_not_observed_leaves_a_gap() -> None:
    chart = draw_line([0.1, 0.2, None, 0.3, 0.4, None, 0.5], [float(n) for n in range(7)])
    assert [len(run.split()) for run in chart.runs] == [2, 2]
    assert len(chart.points) == 5


def test_better_is_higher() -> None:
    worse, better = draw_line([0.1, 0.9], [0.0, 1.0]).points
    assert better.y < worse.y


def test_a_single_point_and_none_at_all_can_be_drawn() -> None:
    assert len(draw_line([0.5], [3.0]).points) == 1
    assert draw_line([], []).points == ()
