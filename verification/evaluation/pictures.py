"""The report's pictures as SVG, the same bytes for the same figures. Imported only where they are drawn."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import NormalDist
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from verification.evaluation.outcomes import SIGNAL_NAMES, Outcome, average_by_clip
from verification.evaluation.rates import Tradeoff, trade_off

_STYLE: dict[Any, Any] = {
    "svg.hashsalt": "evaluation",  # ids that don't change from run to run
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
}
# Of Okabe and Ito, told apart by people who see colours differently.
_BONA_FIDE, _ATTACK, _SIMULATED = "#0072b2", "#d55e00", "#e69f00"
_DET_TICKS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8)
_DET_LIMITS = (0.005, 0.9)
_BINS = np.linspace(0.0, 1.0, 21)
_NORMAL = NormalDist()


def draw_pictures(outcomes: Sequence[Outcome], folder: Path, *, threshold: float) -> list[Path]:
    """Write det.svg, scores.svg and signals.svg into the folder. Raises OSError."""
    groups = _group(outcomes)
    with mpl.rc_context(_STYLE):
        figures = {
            "det.svg": _draw_det(groups),
            "scores.svg": _draw_histograms(groups, ("final", "liveness", "deepfake"), threshold),
            "signals.svg": _draw_histograms(groups, SIGNAL_NAMES, None),
        }
        for name, figure in figures.items():
            _save(figure, folder / name)
    return [folder / name for name in figures]


def _save(figure: Any, path: Path) -> None:
    """The figure without its date. Typed loosely: matplotlib leaves the type of savefig open."""
    figure.savefig(path, format="svg", metadata={"Date": None, "Creator": None})


def _group(outcomes: Sequence[Outcome]) -> Mapping[str, Sequence[Outcome]]:
    """Bona fide, real attacks, simulated attacks; those that there are."""
    groups = {
        "bona fide": [outcome for outcome in outcomes if outcome.is_bona_fide],
        "attacks": [o for o in outcomes if not o.is_bona_fide and not o.is_simulated],
        "simulated attacks": [o for o in outcomes if not o.is_bona_fide and o.is_simulated],
    }
    return {name: found for name, found in groups.items() if found}


_COLOURS = {"bona fide": _BONA_FIDE, "attacks": _ATTACK, "simulated attacks": _SIMULATED}


def _draw_det(groups: Mapping[str, Sequence[Outcome]]) -> Figure:
    """Detection error trade-off of three scores, one panel a group of attacks, in normal deviates."""
    against = [name for name in groups if name != "bona fide"] or ["attacks"]
    with _make_figure(len(against), height=3.4) as (figure, panels):
        for panel, name in zip(panels, against, strict=True):
            for score, style in (("final", "-"), ("liveness", "--"), ("deepfake", ":")):
                curve = trade_off(
                    average_by_clip(groups.get("bona fide", ()), score),
                    average_by_clip(groups.get(name, ()), score),
                )
                if curve is not None:
                    label = f"{score}, equal error {100 * curve.equal_error_rate:.0f} %"
                    panel.plot(*_to_deviates(curve), style, color="black", linewidth=1.2, label=label)
            _label_det(panel, name)
    return figure


def _label_det(panel: Axes, name: str) -> None:
    ticks = [_NORMAL.inv_cdf(share) for share in _DET_TICKS]
    labels = [f"{100 * share:g}" for share in _DET_TICKS]
    low, high = (_NORMAL.inv_cdf(share) for share in _DET_LIMITS)
    panel.set_xticks(ticks, labels)
    panel.set_yticks(ticks, labels)
    panel.set(xlim=(low, high), ylim=(low, high), xlabel=f"{name} at or above the threshold, %")
    panel.set_ylabel("bona fide below it, %")
    panel.grid(linewidth=0.3)
    if panel.lines:
        panel.legend(frameon=False, fontsize=8)


def _to_deviates(curve: Tradeoff) -> tuple[list[float], list[float]]:
    low, high = _DET_LIMITS
    apcer, bpcer = (
        [_NORMAL.inv_cdf(min(max(float(share), low), high)) for share in rates]
        for rates in (curve.apcer, curve.bpcer)
    )
    return apcer, bpcer


def _draw_histograms(
    groups: Mapping[str, Sequence[Outcome]], names: Sequence[str], threshold: float | None
) -> Figure:
    """Shares of each group by value, one panel a score; the threshold belongs to the final one."""
    with _make_figure(len(names), height=2.4) as (figure, panels):
        for panel, name in zip(panels, names, strict=True):
            for group, outcomes in groups.items():
                values = average_by_clip(outcomes, name)
                if values:
                    weights = np.full(len(values), 100.0 / len(values))
                    panel.hist(
                        np.clip(values, 0.0, 1.0),
                        bins=_BINS.tolist(),
                        weights=weights,
                        histtype="step",
                        color=_COLOURS[group],
                        linewidth=1.4,
                        label=f"{group}, n = {len(values)}",
                    )
            panel.set(xlim=(0, 1), xlabel=name.replace("_", " "), ylabel="% of the group")
            if threshold is not None and name == "final":
                panel.axvline(threshold, color="black", linewidth=0.8, linestyle=":")
            if panel.patches:
                panel.legend(frameon=False, fontsize=7, loc="upper left")
    return figure


@contextmanager
def _make_figure(panels: int, *, height: float) -> Iterator[tuple[Figure, list[Axes]]]:
    """Panels in rows of three at most; height: of a row, in inches. Laid out when the block ends."""
    columns = min(3, panels)
    rows = -(-panels // columns)
    figure = Figure(figsize=(3.2 * columns + 0.4, height * rows))
    axes = figure.subplots(rows, columns, squeeze=False).ravel().tolist()
    for spare in axes[panels:]:
        spare.set_axis_off()
    yield figure, axes[:panels]
    figure.tight_layout()
