from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verification.clips.segments import Segment
from verification.evaluation.labels import ALIASES, accompany, read_label
from verification.evaluation.tables import ClipRow, TableError, read_clip_table, read_event_table
from verification.liveness.actions import POOL, Action


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return tmp_path / "table.tsv"


def test_clips_have_a_path_and_a_class_and_further_columns_do_no_harm(table: Path) -> None:
    table.write_text("class\tpath\tnotes\nbona_fide\ta.mp4\tx\nprint_flat\tb c.gif\n\n", encoding="utf-8")
    found = read_clip_table(table)
    assert found.rows == [ClipRow("a.mp4", "bona_fide"), ClipRow("b c.gif", "print_flat")]
    assert [row.is_bona_fide for row in found.rows] == [True, False]
    assert found.problems == []


def test_groups_are_read_where_there_are_some(table: Path) -> None:
    table.write_text("path\tclass\tgroup\na\tbona_fide\tglasses, beard\nb\tmask\t\n", encoding="utf-8")
    assert [row.groups for row in read_clip_table(table).rows] == [("glasses", "beard"), ()]


def test_a_byte_order_mark_and_windows_line_ends_are_taken(table: Path) -> None:
    table.write_bytes("\ufeffpath\tclass\r\na.mp4\tbona_fide\r\n".encode())
    assert read_clip_table(table).rows == [ClipRow("a.mp4", "bona_fide")]


def test_rows_that_cannot_be_used_are_told_and_left_out(table: Path) -> None:
    table.write_text("path\tclass\na.mp4\tbona_fide\na.mp4\tmask\nb.mp4\t\n", encoding="utf-8")
    found = read_clip_table(table)
    assert found.rows == [ClipRow("a.mp4", "bona_fide")]
    assert found.problems == [
        "table.tsv, line 3: a.mp4 is there twice",
        "table.tsv, line 4: path or class is empty",
    ]


@pytest.mark.parametrize("content", ["", "path\tclass\n", "path,class\na,b\n", "file\tclass\na\tb\n"])
def test_a_table_without_its_columns_or_rows_is_an_error(table: Path, content: str) -> None:
    table.write_text(content, encoding="utf-8")
    with pytest.raises(TableError):
        read_clip_table(table)


def test_a_table_that_is_missing_or_no_text_is_an_error(table: Path) -> None:
    with pytest.raises(TableError, match="cannot be read"):
        read_clip_table(table)
    table.write_bytes(b"path\tclass\n\xff\xfe\x00\tx\n")
    with pytest.raises(TableError, match="cannot be read"):
        read_event_table(table)


def test_events_are_read_by_clip(table: Path) -> None:
    table.write_text(
        "path\taction\tstart_s\tend_s\thow\na.mp4\tsmile\t1\t2.5\tseen\na.mp4\tturn_image_left\t3\t4\t\n",
        encoding="utf-8",
    )
    found = read_event_table(table)
    assert [event.segment for event in found.by_path["a.mp4"]] == [
        Segment(Action.SMILE, 1.0, 2.5),
        Segment(Action.TURN_RIGHT, 3.0, 4.0),
    ]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("a\twave\t1\t2", "unknown label 'wave'"),
        ("a\tsmile\tone\t2", "no time in seconds"),
        ("a\tsmile\t2\t1", "no stretch of time"),
        ("a\tsmile\t-1\t1", "no stretch of time"),
        ("a\tsmile\tnan\t1", "no stretch of time"),
        ("a\tsmile\t1\tinf", "no stretch of time"),
        ("a\tsmile", "no time in seconds"),
    ],
)
def test_an_event_that_cannot_be_used_is_told_with_its_line(table: Path, row: str, said: str) -> None:
    table.write_text(f"path\taction\tstart_s\tend_s\n{row}\n", encoding="utf-8")
    found = read_event_table(table)
    assert found.by_path == {}
    assert len(found.problems) == 1
    assert found.problems[0].startswith("table.tsv, line 2: ")
    assert said in found.problems[0]


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.mktemp("tables") / "table.tsv"
    path.write_text("path\taction\tstart_s\tend_s\n" + text, encoding="utf-8")
    try:
        read_event_table(path)
    except TableError as error:
        assert "\n" not in str(error)


@pytest.mark.parametrize("action", Action)
def test_every_action_is_a_label_of_its_own(action: Action) -> None:
    assert read_label(f" {str(action).upper()} ") == (action,)


def test_labels_stand_for_actions_and_unknown_ones_for_none() -> None:
    assert all(ALIASES.values())
    assert read_label("open_laugh") == (Action.OPEN_MOUTH, Action.SMILE)
    assert read_label("wave") == ()


@pytest.mark.parametrize("action", POOL)
def test_an_action_accompanies_itself(action: Action) -> None:
    assert action in accompany(action)
