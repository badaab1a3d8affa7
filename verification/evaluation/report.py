"""The figures as a Markdown page that reads alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from verification.evaluation.markdown import interval, percent, tabulate
from verification.evaluation.outcomes import Mode, Outcome, list_species
from verification.evaluation.report_measures import (
    tell_actions,
    tell_groups,
    tell_signals,
    tell_tradeoff,
)
from verification.evaluation.targets import list_targets
from verification.liveness.policy import Policy


@dataclass(frozen=True, slots=True)
class Setting:
    """What a report says of how its figures came about.

    models: by name, the file's digest, or None where it isn't installed. max_fps: of the analysis.
    seeds: sessions a clip. descriptions: one sentence for each simulated species.
    """

    policy: Policy
    models: Mapping[str, str | None]
    max_fps: float
    seeds: int
    problems: Sequence[str] = ()
    descriptions: Mapping[str, str] = field(default_factory=dict)


def write_report(
    metrics: Mapping[str, Any], outcomes: Sequence[Outcome], setting: Setting, *, picture_prefix: str = ""
) -> str:
    """The page. metrics: as `build_metrics` makes them. picture_prefix: before the pictures' file names."""
    parts = [
        _introduce(metrics, outcomes, setting),
        _tell_targets(metrics),
        _tell_attacks(metrics, outcomes, setting),
        _tell_bona_fide(metrics, outcomes),
        tell_tradeoff(metrics, picture_prefix),
        tell_signals(metrics, picture_prefix),
        tell_actions(metrics),
        tell_groups(metrics),
        _tell_problems(outcomes, setting),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _introduce(metrics: Mapping[str, Any], outcomes: Sequence[Outcome], setting: Setting) -> str:
    clips = metrics["clips"]
    policy = setting.policy
    floors = f"{policy.floors.liveness:g}, {policy.floors.emotion:g}, {policy.floors.deepfake:g}"
    absent = [f"`{name}`" for name, digest in setting.models.items() if digest is None]
    played = len({outcome.clip for outcome in outcomes if outcome.mode is Mode.SESSION})
    return f"""# Evaluation

*Written by `manage.py evaluate`; do not edit. `docs/choosing-a-threshold.md` says how to repeat it with
other clips, and how to read it.*

{clips["presented"]} clips were measured and {clips["unreadable"]} could not be. {played} of them were
played as **sessions**, {setting.seeds} of each: challenges were drawn, and the clip walked to where it
shows the answer. The others were **watched** over their whole length: every signal but compliance, the
same floors, no challenge; a clip that never turns its head can then be `inconclusive` at best. The two
are kept apart.

Errors: *APCER*, attacks decided `pass`; *BPCER*, bona fide presentations decided `fail`; *APNRR* and
*BPNRR*, those decided `inconclusive` (ISO/IEC 30107-3). Every interval is a 95 % Wilson interval. It takes
presentations for independent, which sessions of one clip are not: read the number of clips beside *n*.
{_tell_found(outcomes)}

| | |
|---|---|
| policy | `{policy.version}`: threshold {policy.pass_threshold:g}, floors {floors} (liveness, emotion, deepfake) |
| frames | at most {setting.max_fps:g} a second, each through the live decoder and analyser |
| models absent | {", ".join(absent) or "none"} |"""


def _tell_found(outcomes: Sequence[Outcome]) -> str:
    found = len({outcome.clip for outcome in outcomes if outcome.has_found_events})
    if not found:
        return ""
    return f"""
For {found} of the clips played, the challenge judges themselves found where the actions are
(`--find-events`). Such sessions measure all that comes after the judges, and say little about these."""


def _tell_targets(metrics: Mapping[str, Any]) -> str:
    words = {True: "met", False: "**missed**", None: "not enough measured"}
    table = tabulate(
        ("measure", "target", "n", "measured", "95 %", ""),
        (
            (
                target.measure,
                target.bound,
                target.rates["n"],
                percent(target.rates["rate"]),
                interval(target.rates),
                words[target.is_met],
            )
            for target in list_targets(metrics)
        ),
    )
    return f"## Targets\n\n{table}"


def _tell_attacks(metrics: Mapping[str, Any], outcomes: Sequence[Outcome], setting: Setting) -> str:
    species = list_species(outcomes)
    if not species:
        return "## Attack presentations\n\nThe table of clips names none."
    simulated = set(metrics["simulated"])
    rows = [
        (mode, name, rates) for mode in Mode for name, rates in metrics["by_mode"][str(mode)]["apcer"].items()
    ]
    rows.sort(key=lambda row: (-(row[2]["rate"] or 0.0), -row[2]["high"], row[1]))
    table = tabulate(
        ("species", "clips are", "mode", "clips", "n", "passed", "APCER", "95 %", "APNRR"),
        (
            (
                f"`{name}`",
                "**simulated**" if name in simulated else "real",
                str(mode),
                metrics["by_mode"][str(mode)]["attack_clips"][name],
                rates["n"],
                rates["errors"],
                percent(rates["rate"]),
                interval(rates),
                percent(metrics["by_mode"][str(mode)]["apnrr"][name]["rate"]),
            )
            for mode, name, rates in rows
        ),
    )
    worst = f"The worst species leads: `{rows[0][1]}`." if rows else "None could be presented."
    told = [f"- `{name}` (simulated): {setting.descriptions[name]}" for name in setting.descriptions]
    return "\n\n".join(["## Attack presentations", f"{worst} Worst first.", table, "\n".join(told)]).rstrip()


def _tell_bona_fide(metrics: Mapping[str, Any], outcomes: Sequence[Outcome]) -> str:
    table = tabulate(
        ("mode", "clips", "n", "failed", "BPCER", "95 %", "BPNRR", "not passed"),
        (
            (
                str(mode),
                found["bona_fide_clips"],
                found["bpcer"]["n"],
                found["bpcer"]["errors"],
                percent(found["bpcer"]["rate"]),
                interval(found["bpcer"]),
                percent(found["bpnrr"]["rate"]),
                percent(found["bona_fide_not_passed"]["rate"]),
            )
            for mode in Mode
            for found in (metrics["by_mode"][str(mode)],)
        ),
    )
    return f"## Bona fide presentations\n\n{table}\n\n{_tell_reasons(outcomes)}"


def _tell_reasons(outcomes: Sequence[Outcome]) -> str:
    counts: dict[tuple[str, str, str], int] = {}
    for outcome in outcomes:
        if outcome.is_bona_fide and outcome.mode is not None and outcome.verdict is not None:
            key = (str(outcome.mode), outcome.decision, outcome.verdict.reason)
            counts[key] = counts.get(key, 0) + 1
    ordered = sorted(counts.items(), key=lambda item: (item[0][0], -item[1], item[0]))
    return tabulate(
        ("mode", "decision", "reason", "presentations"),
        ((mode, decision, f"`{reason}`", count) for (mode, decision, reason), count in ordered),
    )


def _tell_problems(outcomes: Sequence[Outcome], setting: Setting) -> str:
    unusable = [f"- `{o.clip}` ({o.presentation}): {o.error}" for o in outcomes if o.verdict is None]
    problems = [*(f"- {problem}" for problem in setting.problems), *unusable]
    return "## What could not be measured\n\n" + "\n".join(problems) if problems else ""
