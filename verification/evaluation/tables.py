"""The two tables that say what is measured: which clips, of what class, and what happens in them when.

Tab-separated, UTF-8, with a header line; further columns are ignored. A row that cannot be used is told
in `problems` and left out; only a table without its columns is an error.
"""

import csv
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from verification.clips.segments import Segment
from verification.evaluation.labels import read_label
from verification.liveness.actions import Action

BONA_FIDE = "bona_fide"


class TableError(ValueError):
    """A table cannot be used at all; the message is one line for a person."""


@dataclass(frozen=True, slots=True)
class ClipRow:
    """path: as in the table. presentation: `bona_fide` or the name of an attack species.

    groups: what else tells the people apart, such as `glasses`.
    """

    path: str
    presentation: str
    groups: tuple[str, ...] = ()

    @property
    def is_bona_fide(self) -> bool:
        return self.presentation == BONA_FIDE


@dataclass(frozen=True, slots=True)
class ClipEvent:
    """actions: what is shown between start_s and end_s, the one it is played as first."""

    label: str
    actions: tuple[Action, ...]
    start_s: float
    end_s: float

    @property
    def segment(self) -> Segment:
        return Segment(self.actions[0], self.start_s, self.end_s)


@dataclass(slots=True)
class ClipTable:
    rows: list[ClipRow] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


@dataclass(slots=True)
class EventTable:
    """by_path: the events of each clip, in the table's order."""

    by_path: dict[str, list[ClipEvent]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def read_clip_table(path: Path) -> ClipTable:
    """Columns `path` and `class`, and `group` where there is one: names, comma-separated.

    Raises TableError for a file that is missing or has other columns.
    """
    table = ClipTable()
    seen = set()
    for line, row in _read_rows(path, ("path", "class"), ("group",)):
        clip, presentation = row["path"], row["class"]
        if not clip or not presentation:
            table.problems.append(f"{path.name}, line {line}: path or class is empty")
        elif clip in seen:
            table.problems.append(f"{path.name}, line {line}: {clip} is there twice")
        else:
            seen.add(clip)
            groups = tuple(name.strip() for name in row["group"].split(",") if name.strip())
            table.rows.append(ClipRow(clip, presentation, groups))
    if not table.rows:
        raise TableError(f"{path} names no clip")
    return table


def read_event_table(path: Path) -> EventTable:
    """Columns `path`, `action`, `start_s`, `end_s`. Raises TableError as `read_clip_table` does."""
    table = EventTable()
    for line, row in _read_rows(path, ("path", "action", "start_s", "end_s")):
        try:
            event = _read_event(row)
        except ValueError as error:
            table.problems.append(f"{path.name}, line {line}: {error}")
        else:
            table.by_path.setdefault(row["path"], []).append(event)
    return table


def _read_event(row: Mapping[str, str]) -> ClipEvent:
    actions = read_label(row["action"])
    if not actions:
        raise ValueError(f"unknown label {row['action']!r}")
    try:
        start_s, end_s = float(row["start_s"]), float(row["end_s"])
    except ValueError:
        raise ValueError(f"{row['start_s']!r} to {row['end_s']!r} is no time in seconds") from None
    if not (0.0 <= start_s < end_s < math.inf):
        raise ValueError(f"{start_s:g} to {end_s:g} s is no stretch of time")
    return ClipEvent(row["action"].strip(), actions, start_s, end_s)


def _read_rows(
    path: Path, columns: tuple[str, ...], optional: tuple[str, ...] = ()
) -> Iterator[tuple[int, dict[str, str]]]:
    """Each row with its line number, cells stripped, absent ones empty."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
            missing = [name for name in columns if name not in (reader.fieldnames or ())]
            if missing:
                raise TableError(f"{path} has no column {', '.join(missing)}")
            for row in reader:
                cells = {name: (row.get(name) or "").strip() for name in (*columns, *optional)}
                if any(cells.values()):
                    yield reader.line_num, cells
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise TableError(f"{path} cannot be read: {error}") from error
