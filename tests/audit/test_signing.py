"""The audit key: who may read it, what it signs, and what is said where it is missing."""

import stat
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from audit.models import AuditEvent, ChainCheckpoint
from audit.proof import CHECKPOINT_TYPE, EXPORT_TYPE, ProofError, read_statement, sign_statement
from audit.retention import adopt_checkpoint, purge
from audit.signing import AuditKeyError, create_audit_key, list_public_keys, require_signing_key
from audit.verify import Problem, verify_chain
from tests.audit.events import START, record_series

LATER = START + timedelta(days=1)


@pytest.fixture
def folder(settings: Settings, tmp_path: Path) -> Path:
    """An empty place for audit keys."""
    settings.POL_AUDIT_KEYS_DIR = tmp_path / "audit"
    return tmp_path / "audit"


def test_a_key_is_readable_by_this_account_only_and_its_public_half_by_all(folder: Path) -> None:
    key = create_audit_key(folder)
    private, public = sorted(folder.iterdir(), key=lambda path: len(path.name))
    assert (stat.S_IMODE(private.stat().st_mode), stat.S_IMODE(public.stat().st_mode)) == (0o600, 0o644)
    assert b"PRIVATE" not in public.read_bytes()
    assert require_signing_key().thumbprint() == key.thumbprint() == list_public_keys()[0].thumbprint()


def test_the_newest_key_signs_and_every_public_half_verifies(folder: Path) -> None:
    older = create_audit_key(folder, now=START)
    newer = create_audit_key(folder, now=LATER)
    assert require_signing_key().thumbprint() == newer.thumbprint()
    signed = sign_statement(CHECKPOINT_TYPE, {"a": 1}, older)
    assert read_statement(CHECKPOINT_TYPE, signed, list_public_keys()) == {"a": 1}


def test_a_key_that_others_can_read_is_refused(folder: Path) -> None:
    create_audit_key(folder)
    for path in folder.glob("*.pem"):
        path.chmod(0o666)
    with pytest.raises(AuditKeyError, match="open to others"):
        require_signing_key()
    with pytest.raises(AuditKeyError, match="open to others"):
        list_public_keys()


@pytest.mark.parametrize(
    "content", [b"", b"no key", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"]
)
def test_a_file_that_is_no_key_is_named(folder: Path, content: bytes) -> None:
    folder.mkdir()
    (folder / "broken.pem").write_bytes(content)
    (folder / "broken.pem").chmod(0o600)
    with pytest.raises(AuditKeyError, match=r"broken\.pem"):
        require_signing_key()


def test_a_statement_of_one_kind_or_of_another_key_passes_for_no_other(folder: Path) -> None:
    key = create_audit_key(folder)
    signed = sign_statement(CHECKPOINT_TYPE, {"a": 1}, key)
    stranger = create_audit_key(folder.parent / "other")
    with pytest.raises(ProofError):
        read_statement(EXPORT_TYPE, signed, [key])
    with pytest.raises(ProofError):
        read_statement(CHECKPOINT_TYPE, signed, [stranger])
    for text in ("", "a.b.c", signed[:-2], signed + "A", signed.replace(".", ".A", 1)):
        with pytest.raises(ProofError):
            read_statement(CHECKPOINT_TYPE, text, [key])


# --- checkpoints -----------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_purge_leaves_a_signed_checkpoint_and_what_remains_verifies() -> None:
    events = record_series(8)
    purge(before=events[4].recorded_at, now=LATER)
    signed = read_statement(CHECKPOINT_TYPE, ChainCheckpoint.objects.get().statement, list_public_keys())
    assert signed == {"first_retained_sequence": 5, "previous_hash": events[3].hash}
    assert verify_chain().is_intact


@pytest.mark.django_db
@pytest.mark.parametrize("statement", ["", "forged", "e30.e30.e30"])
def test_a_checkpoint_without_the_keys_signature_is_found(statement: str) -> None:
    events = record_series(8)
    purge(before=events[4].recorded_at, now=LATER)
    ChainCheckpoint.objects.update(statement=statement)
    report = verify_chain()
    assert (report.broken_at, report.problem) == (5, Problem.UNSIGNED)


@pytest.mark.django_db
def test_an_older_signed_checkpoint_does_not_vouch_for_a_newer_one() -> None:
    events = record_series(8)
    purge(before=events[2].recorded_at, now=LATER)
    older = ChainCheckpoint.objects.get().statement
    purge(before=events[4].recorded_at, now=LATER)
    ChainCheckpoint.objects.update(statement=older)
    assert verify_chain().problem is Problem.UNSIGNED


@pytest.mark.django_db
def test_without_a_key_nothing_is_purged_and_the_command_says_what_to_do(folder: Path) -> None:
    record_series(3)
    with pytest.raises(CommandError, match="create_signing_key"):
        call_command("purge_audit", "--days", "1", stdout=StringIO())
    assert AuditEvent.objects.count() == 3


@pytest.mark.django_db
def test_a_checkpoint_from_before_there_was_a_key_is_signed_when_the_key_is_made(folder: Path) -> None:
    key = create_audit_key(folder)
    events = record_series(8)
    purge(before=events[4].recorded_at, now=LATER)
    ChainCheckpoint.objects.update(statement="")
    for path in folder.iterdir():
        path.unlink()
    assert verify_chain().is_intact  # nothing to ask: no key was ever made here
    call_command("create_signing_key", stdout=StringIO())
    assert verify_chain().is_intact
    assert AuditEvent.objects.latest("sequence").kind == "audit_key_created"
    assert not adopt_checkpoint(key)


@pytest.mark.django_db
def test_a_changed_key_signs_no_checkpoint_that_lost_its_signature(folder: Path) -> None:
    create_audit_key(folder)
    events = record_series(8)
    purge(before=events[4].recorded_at, now=LATER)
    ChainCheckpoint.objects.update(statement="")
    for path in folder.glob("*.pem"):
        if not path.name.endswith(".pub.pem"):
            path.unlink()
    call_command("create_signing_key", stdout=StringIO())
    assert len(list_public_keys()) == 2
    assert verify_chain().problem is Problem.UNSIGNED


@pytest.mark.django_db
def test_a_checkpoint_that_no_purge_vouches_for_is_not_signed_afterwards(folder: Path) -> None:
    record_series(2)
    ChainCheckpoint.objects.create(first_retained_sequence=2, previous_hash="f" * 64, purged_at=START)
    assert not adopt_checkpoint(create_audit_key(folder))
    assert ChainCheckpoint.objects.get().statement == ""
