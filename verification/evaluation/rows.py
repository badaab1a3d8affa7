"""Outcomes as rows: `clips.csv` for people and spreadsheets, `clips.json` with the measures as well."""

import csv
import io
import json
from collections.abc import Sequence
from typing import Any

from verification.evaluation.outcomes import SCORE_NAMES, SIGNAL_NAMES, Mode, Outcome

COLUMNS = (
    "path",
    "class",
    "mode",
    *SCORE_NAMES,
    "decision",
    "reason",
    *SIGNAL_NAMES,
    "seed",
    "events",
    "simulated",
    "error",
)
_DIGITS = 4


def write_csv(outcomes: Sequence[Outcome]) -> str:
    """One row a presentation, empty cells for what was not observed; comma-separated, with a header."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(_as_row(outcome) for outcome in outcomes)
    return text.getvalue()


def write_json(outcomes: Sequence[Outcome]) -> str:
    """The same rows, with what was measured under the signals and what became of each challenge."""
    rows = []
    for outcome in outcomes:
        row = _as_row(outcome)
        if outcome.verdict is not None:
            row["measures"] = _round_all(outcome.verdict.measures)
            row["challenges"] = [
                {"action": record.action, "reason": record.reason, "latency_ms": record.latency_ms}
                for record in outcome.verdict.challenges
            ]
        rows.append(row)
    return json.dumps(rows, indent=1) + "\n"


def _as_row(outcome: Outcome) -> dict[str, Any]:
    row: dict[str, Any] = {
        "path": outcome.clip,
        "class": outcome.presentation,
        "mode": None if outcome.mode is None else str(outcome.mode),
        "decision": outcome.decision or None,
        "reason": None if outcome.verdict is None else outcome.verdict.reason,
        "seed": outcome.seed,
        "events": _name_events(outcome),
        "simulated": int(outcome.is_simulated),
        "error": outcome.error or None,
    }
    for name in (*SCORE_NAMES, *SIGNAL_NAMES):
        value = outcome.read(name)
        row[name] = None if value is None else round(value, _DIGITS)
    return row


def _name_events(outcome: Outcome) -> str | None:
    if outcome.mode is not Mode.SESSION or outcome.is_simulated:
        return None
    return "found" if outcome.has_found_events else "given"


def _round_all(values: Any) -> Any:
    if isinstance(values, dict):
        return {name: _round_all(value) for name, value in values.items()}
    return round(values, _DIGITS) if isinstance(values, float) else values
