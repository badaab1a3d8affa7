"""A new key signs at once; an older one validates until its last token is gone."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError
from pytest_django import Settings

from audit.models import AuditEvent
from verification import key_rotation
from verification.key_ring import KeyRingError, create_key, get_key_ring, load_key_ring
from verification.key_rotation import rotate_keys

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
OVERLAP = timedelta(minutes=20)


@pytest.fixture
def folder(tmp_path: Path, settings: Settings) -> Path:
    settings.POL_SIGNING_KEYS_DIR = tmp_path / "keys"
    create_key(tmp_path / "keys", now=NOON)
    return tmp_path / "keys"


def test_the_new_key_signs_and_the_old_one_keeps_its_public_half_only(folder: Path) -> None:
    old = load_key_ring(folder).require_signing_key()
    rotation = rotate_keys(folder, overlap=OVERLAP, now=NOON + timedelta(days=30))
    ring = load_key_ring(folder)
    assert ring.require_signing_key().kid == rotation.signing_key.kid != old.kid
    assert set(ring.public_keys) == {old.kid, rotation.signing_key.kid}
    assert not Path(old.source).exists()
    public_file = folder / rotation.retired[0]
    assert public_file.stat().st_mode & 0o777 == 0o644
    assert b"PRIVATE" not in public_file.read_bytes()


def test_a_retired_key_goes_when_its_tokens_are_gone(folder: Path) -> None:
    first = rotate_keys(folder, overlap=OVERLAP, now=NOON + timedelta(days=1))
    early = rotate_keys(folder, overlap=OVERLAP, now=NOON + timedelta(days=1, minutes=19))
    assert (len(first.retired), early.removed, len(load_key_ring(folder).public_keys)) == (1, (), 3)
    late = rotate_keys(folder, overlap=OVERLAP, now=NOON + timedelta(days=1, minutes=21))
    assert late.removed == first.retired
    assert len(load_key_ring(folder).public_keys) == 3


def test_a_rotation_is_audited_with_ids_of_keys(folder: Path) -> None:
    old = load_key_ring(folder).require_signing_key()
    rotation = rotate_keys(folder, overlap=OVERLAP, now=NOON)
    created, retired = AuditEvent.objects.order_by("sequence")
    assert (created.kind, created.detail) == ("signing_key_created", {"kid": rotation.signing_key.kid})
    assert (retired.kind, retired.detail["kids"]) == ("signing_key_retired", [old.kid])


def test_a_rotation_that_cannot_be_audited_changes_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = sorted(path.name for path in folder.iterdir())

    def fail(*args: object, **kwargs: object) -> None:
        raise DatabaseError("full")

    monkeypatch.setattr(key_rotation, "record", fail)
    with pytest.raises(DatabaseError):
        rotate_keys(folder, overlap=OVERLAP, now=NOON)
    assert sorted(path.name for path in folder.iterdir()) == before


def test_a_first_rotation_makes_a_first_key(tmp_path: Path) -> None:
    assert rotate_keys(tmp_path / "none", overlap=OVERLAP, now=NOON).retired == ()
    assert load_key_ring(tmp_path / "none").signing_key is not None


def test_a_folder_that_is_open_to_others_is_left_alone(folder: Path) -> None:
    folder.chmod(0o777)
    with pytest.raises(KeyRingError, match="chmod 700"):
        rotate_keys(folder, overlap=OVERLAP, now=NOON)


def test_the_command_says_what_signs_now(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("rotate_keys")
    out = capsys.readouterr().out
    assert get_key_ring().require_signing_key().kid in out
    assert "validates only" in out


def test_an_overlap_shorter_than_a_tokens_life_is_refused(folder: Path) -> None:
    with pytest.raises(CommandError, match="JWT_EXPIRY_MINUTES"):
        call_command("rotate_keys", "--overlap-minutes", "1")


def test_a_key_from_the_environment_is_not_ours_to_rotate(folder: Path, settings: Settings) -> None:
    settings.POL_SIGNING_KEY = "pem"
    with pytest.raises(CommandError, match="POL_SIGNING_KEY"):
        call_command("rotate_keys")
