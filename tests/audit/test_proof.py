"""An exported log: whoever has the file and the public key can tell, and nobody else can make one."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import OKPKey

from audit.export import export_with_proof
from audit.proof import ProofError, check_export, main
from audit.signing import list_public_keys, require_signing_key
from audit.verify import verify_chain
from tests.audit.events import START, record_series

COUNT = 5
Lines = list[bytes]


def export(after: int = 0, through: int | None = None) -> Lines:
    lines = export_with_proof(after=after, through=through, key=require_signing_key(), now=START)
    return [line.encode() for line in lines]


@pytest.fixture
def lines(db: None) -> Lines:
    record_series(COUNT)
    return export()


def check(lines: Lines) -> None:
    check_export(lines, list_public_keys())


def edit(index: int, **changes: object) -> Callable[[Lines], Lines]:
    def change(lines: Lines) -> Lines:
        event = json.loads(lines[index]) | changes
        return [*lines[:index], (json.dumps(event) + "\n").encode(), *lines[index + 1 :]]

    return change


def test_an_export_holds_and_says_where_it_begins_and_ends(lines: Lines) -> None:
    statement = check_export(lines, list_public_keys())
    assert (statement.first_sequence, statement.last_sequence) == (1, COUNT)
    assert statement.head_hash == verify_chain().head_hash


@pytest.mark.django_db
def test_a_part_of_the_log_holds_too() -> None:
    events = record_series(COUNT)
    statement = check_export(export(after=1, through=4), list_public_keys())
    assert (statement.first_sequence, statement.last_sequence) == (2, 4)
    assert (statement.previous_hash, statement.head_hash) == (events[0].hash, events[3].hash)


@pytest.mark.parametrize(
    ("tamper", "complaint"),
    [
        (edit(2, relying_party="other"), "line 3: the event's content"),
        (edit(2, detail={"index": 7}), "line 3: the event's content"),
        (lambda lines: lines[:2] + lines[3:], "line 3: event 3 is missing"),
        (lambda lines: [lines[1], lines[0], *lines[2:]], "line 2: event 3 is missing"),
        (lambda lines: lines[1:], "not those that were signed"),
        (lambda lines: [*lines[:4], lines[5]], "not those that were signed"),
        (lambda lines: lines[:5], "cut off"),
        (lambda lines: [*lines, lines[0]], "line 7: something follows"),
        (lambda lines: [*lines[:3], b"\n", *lines[3:]], "line 4: no event"),
        (lambda lines: [*lines[:3], b"[" * 9_999 + b"\n", *lines[3:]], "line 4: no event"),
        (lambda lines: [line.replace(b'", "', b'","') for line in lines], "not those that were signed"),
        (lambda lines: [], "cut off"),
        (lambda lines: lines[-1:], "no event in the file"),
        (lambda lines: [*lines[:5], b'{"proof": "a.b.c"}\n'], "signature"),
        (lambda lines: [*lines[:5], b'{"proof": null}\n'], "signature"),
    ],
)
def test_a_file_that_was_touched_is_refused_at_the_line(
    lines: Lines, tamper: Callable[[Lines], Lines], complaint: str
) -> None:
    with pytest.raises(ProofError, match=complaint):
        check(tamper(lines))


def test_a_chain_that_was_rebuilt_whole_needs_the_key(lines: Lines) -> None:
    stranger = OKPKey.generate_key("Ed25519")
    forged = [line.encode() for line in export_with_proof(after=0, through=None, key=stranger, now=START)]
    with pytest.raises(ProofError, match="signature"):
        check(forged)


@pytest.mark.django_db
@given(data=st.data())
def test_no_changed_byte_goes_unnoticed(data: st.DataObject) -> None:
    if not verify_chain().checked:
        record_series(2)
    original = b"".join(export())
    index = data.draw(st.integers(0, len(original) - 2))  # the very last byte is the file's line end
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != original[index]))
    changed = original[:index] + bytes([byte]) + original[index + 1 :]
    with pytest.raises(ProofError):
        check(changed.splitlines(keepends=True))


@given(st.lists(st.binary(max_size=60)))
def test_no_file_breaks_the_checker(lines: Lines) -> None:
    with pytest.raises(ProofError):
        check_export(lines, [])


@pytest.mark.django_db
def test_the_command_writes_a_file_that_needs_neither_database_nor_settings(tmp_path: Path) -> None:
    record_series(COUNT)
    file = tmp_path / "log.jsonl"
    call_command("export_audit", str(file), stdout=(out := StringIO()))
    assert "5 audit events" in out.getvalue()
    (public,) = settings.POL_AUDIT_KEYS_DIR.glob("*.pub.pem")
    bare = {"PATH": os.environ["PATH"]}
    command = [sys.executable, "-W", "error", "-m", "audit.proof", str(file), str(public)]
    done = subprocess.run(
        command, cwd=settings.BASE_DIR, env=bare, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Proven: events 1 to 5, unbroken")
    with file.open("ab") as stream:
        stream.write(b"{}\n")
    assert main([str(file), str(public)]) == 1
    assert main([str(tmp_path / "absent"), str(public)]) == 2


@pytest.mark.django_db
def test_the_command_overwrites_nothing_and_leaves_no_empty_file(tmp_path: Path) -> None:
    file = tmp_path / "log.jsonl"
    with pytest.raises(CommandError, match="No event"):
        call_command("export_audit", str(file))
    assert not file.exists()
    file.write_text("mine")
    with pytest.raises(CommandError, match="Cannot write"):
        call_command("export_audit", str(file))
    assert file.read_text() == "mine"
