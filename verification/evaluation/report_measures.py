"""The report on what lies under the error rates: scores, signals, challenge actions, groups of people."""

from collections.abc import Mapping
from typing import Any

from verification.evaluation.markdown import decimal, interval, percent, tabulate
from verification.evaluation.metrics import MEASURED_NAMES
from verification.evaluation.outcomes import SIGNAL_NAMES


def tell_tradeoff(metrics: Mapping[str, Any], prefix: str) -> str:
    """Curves and histograms; prefix: before the pictures' file names."""
    low = metrics["deepfake_below_half"]
    return f"""## Scores

One value a clip. The curve shows what any other threshold on one score alone would cost; a decision
also needs every floor and every challenge.

![Detection error trade-off]({prefix}det.svg)

![Histograms of the scores]({prefix}scores.svg)

Of {low["n"]} bona fide clips with a deepfake score, {low["errors"]} are below 0.5: {percent(low["rate"])}
({interval(low)}).

{_tabulate_auc(metrics)}"""


def _tabulate_auc(metrics: Mapping[str, Any]) -> str:
    simulated = set(metrics["simulated"])
    rows = [
        [f"`{name}`" + (" (simulated)" if name in simulated else ""), *map(decimal, by_name.values())]
        for name, by_name in metrics["auc_by_species"].items()
    ]
    rows.append(["**all attacks**", *map(decimal, metrics["auc"].values())])
    header = ("AUC against", *(name.replace("_", " ") for name in MEASURED_NAMES))
    return tabulate(header, rows)


def tell_signals(metrics: Mapping[str, Any], prefix: str) -> str:
    """What each signal is worth; prefix as in `tell_tradeoff`."""
    table = tabulate(
        (
            "signal",
            "observed, bona fide",
            "observed, attacks",
            "AUC alone",
            "AUC of liveness without it",
            "APCER without it",
            "BPCER without it",
        ),
        (
            (
                name.replace("_", " "),
                found["observed_bona_fide"],
                found["observed_attacks"],
                decimal(found["auc"]),
                decimal(found["liveness_auc_without"]),
                percent(found["apcer_without"]["rate"]),
                percent(found["bpcer_without"]["rate"]),
            )
            for name, found in ((name, metrics["signals"][name]) for name in SIGNAL_NAMES)
        ),
    )
    return f"""## Signals

What each signal of the liveness score tells alone, and what is left of the score and of the decisions
when it is taken out of the fusion. AUC of the whole liveness score: {decimal(metrics["auc"]["liveness"])}. AUC is
the chance that a bona fide clip scores above an attack; 0.5 tells nothing.

{table}

![Histograms of the signals]({prefix}signals.svg)"""


def tell_actions(metrics: Mapping[str, Any]) -> str:
    """Recall and false accepts of each challenge."""
    if not metrics["actions"]:
        return "## Challenge actions\n\nNo events were given, or none could be tried."
    rows = [*metrics["actions"].items(), ("**all**", metrics["all_actions"])]
    table = tabulate(
        ("action", "shown", "recall", "95 %", "at first pass", "others shown", "accepted", "95 %"),
        (
            (
                name if name.startswith("*") else f"`{name}`",
                found["recall"]["n"],
                percent(found["recall"]["rate"]),
                interval(found["recall"]),
                percent(found["first_pass"]["rate"]),
                found["false_accept"]["n"],
                percent(found["false_accept"]["rate"]),
                interval(found["false_accept"]),
            )
            for name, found in rows
        ),
    )
    return f"""## Challenge actions

Each event before the judge of what it shows, the clip walked to and fro as in a session, and once before
the judges of all other actions. Actions that go together by nature, and events that overlap, are left out.

{table}"""


def tell_groups(metrics: Mapping[str, Any]) -> str:
    """The groups that the table of clips tells apart; empty where it tells none."""
    if not metrics["groups"]:
        return ""
    table = tabulate(
        ("group", "clips", "n", "BPCER", "95 %", "actions shown", "recall", "95 %"),
        (
            (
                name,
                found["clips"],
                found["bpcer"]["n"],
                percent(found["bpcer"]["rate"]),
                interval(found["bpcer"]),
                found["recall"]["n"],
                percent(found["recall"]["rate"]),
                interval(found["recall"]),
            )
            for name, found in metrics["groups"].items()
        ),
    )
    return (
        f"## Groups of people\n\nAs the table of clips tells them apart; a clip may be in several.\n\n{table}"
    )
