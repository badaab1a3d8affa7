"""Charts as coordinates: the templates write the SVG, the style sheet gives colour, pattern and type.

Everything is in user units of the chart's view box, from the top left corner.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import ceil, floor, log10

from verification.dashboard import Day

BARS_WIDTH, BARS_HEIGHT = 960, 250
BARS_LEFT, BARS_TOP, BARS_BOTTOM = 40, 12, 28
LINE_WIDTH, LINE_HEIGHT = 240, 96
LINE_PADDING = 6
WEEKLY_LABELS = 7
MAX_TICKS = 4


@dataclass(frozen=True, slots=True)
class Segment:
    """kind: pass, fail or inconclusive."""

    kind: str
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Bar:
    """One day. label: the day where the axis has room for it, else None."""

    day: date
    x: float
    width: float
    segments: tuple[Segment, ...]
    label: date | None

    @property
    def right(self) -> float:
        return round(self.x + self.width, 2)


@dataclass(frozen=True, slots=True)
class Tick:
    value: int
    y: float


@dataclass(frozen=True, slots=True)
class BarChart:
    width: int
    height: int
    left: int
    baseline: float
    bars: tuple[Bar, ...]
    ticks: tuple[Tick, ...]


@dataclass(frozen=True, slots=True)
class Point:
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class LineChart:
    """One value between 0 and 1 over time. runs: stretches without a gap. floor_y: the least it must be."""

    width: int
    height: int
    points: tuple[Point, ...]
    runs: tuple[str, ...]
    floor_y: float | None
    top: float
    bottom: float


def draw_days(days: Sequence[Day]) -> BarChart:
    """Stacked bars, one a day; the newest day's label is always shown, and each seventh before it."""
    baseline = float(BARS_HEIGHT - BARS_BOTTOM)
    room = baseline - BARS_TOP
    step = choose_step(max((day.tally.total for day in days), default=0))
    top = max(step, step * ceil(max((day.tally.total for day in days), default=0) / step))
    slot = (BARS_WIDTH - BARS_LEFT) / max(len(days), 1)
    bars = tuple(
        Bar(
            day=day.day,
            x=round(BARS_LEFT + index * slot + 0.15 * slot, 2),
            width=round(0.7 * slot, 2),
            segments=_stack(day, room / top, baseline),
            label=day.day if (len(days) - 1 - index) % WEEKLY_LABELS == 0 else None,
        )
        for index, day in enumerate(days)
    )
    ticks = tuple(Tick(value, round(baseline - value * room / top, 2)) for value in range(0, top + 1, step))
    return BarChart(BARS_WIDTH, BARS_HEIGHT, BARS_LEFT, baseline, bars, ticks)


def choose_step(highest: int) -> int:
    """The distance of the axis's lines: 1, 2 or 5 times a power of ten, and at most `MAX_TICKS` of them."""
    rough = max(1.0, highest / MAX_TICKS)
    magnitude = 10 ** floor(log10(rough))
    return int(next(factor * magnitude for factor in (1, 2, 5, 10) if factor * magnitude >= rough))


def draw_line(
    values: Sequence[float | None], at_s: Sequence[float], *, floor_at: float | None = None
) -> LineChart:
    """One value over time. values: 0..1, or None where nothing was observed, which leaves a gap.

    at_s: seconds, rising, one for each value; the first is the chart's left edge, the last its right.
    """
    span_s = (at_s[-1] - at_s[0]) if len(at_s) > 1 else 0.0
    width, height = LINE_WIDTH - 2 * LINE_PADDING, LINE_HEIGHT - 2 * LINE_PADDING
    runs: list[list[Point]] = [[]]
    for value, moment_s in zip(values, at_s, strict=True):
        if value is None:
            runs.append([])
            continue
        share = (moment_s - at_s[0]) / span_s if span_s > 0 else 1.0
        x = LINE_PADDING + share * width
        runs[-1].append(Point(round(x, 2), round(_level(value, height), 2)))
    return LineChart(
        LINE_WIDTH,
        LINE_HEIGHT,
        points=tuple(point for run in runs for point in run),
        runs=tuple(" ".join(f"{p.x},{p.y}" for p in run) for run in runs if len(run) > 1),
        floor_y=None if floor_at is None else round(_level(floor_at, height), 2),
        top=float(LINE_PADDING),
        bottom=float(LINE_HEIGHT - LINE_PADDING),
    )


def _stack(day: Day, scale: float, baseline: float) -> tuple[Segment, ...]:
    parts = (("pass", day.tally.passed), ("inconclusive", day.tally.inconclusive), ("fail", day.tally.failed))
    segments: list[Segment] = []
    top = baseline
    for kind, count in parts:
        if count:
            height = count * scale
            top -= height
            # A hair's breadth between the parts, so that they are told apart without colour.
            segments.append(Segment(kind, round(top, 2), round(max(min(height, 0.75), height - 1.0), 2)))
    return tuple(segments)


def _level(value: float, height: int) -> float:
    return LINE_PADDING + (1.0 - min(1.0, max(0.0, value))) * height
