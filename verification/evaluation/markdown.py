"""Figures as Markdown."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any


def tabulate(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table; every row as long as the header."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def percent(share: float | None) -> str:
    """A share in 0..1 with one decimal; empty for None."""
    return "" if share is None else f"{100 * share:.1f} %"


def interval(rates: Mapping[str, Any]) -> str:
    """`low` to `high` of a rate, in per cent; empty where nothing was measured."""
    return "" if not rates["n"] else f"{100 * rates['low']:.1f} to {100 * rates['high']:.1f}"


def decimal(value: float | None) -> str:
    """Three decimals; empty for None."""
    return "" if value is None else f"{value:.3f}"
