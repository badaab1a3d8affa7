import errno
import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from django.core.management import CommandError, call_command
from django.db import connection
from joserfc.jwk import KeySet, RSAKey
from pytest_django import Settings

from audit.models import AuditEvent, EventKind
from verification.key_ring import KeyRing, KeyRingError, SigningKey, create_key, get_key_ring, load_key_ring

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
PRIVATE_MEMBERS = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}


@pytest.fixture
def folder(tmp_path: Path, settings: Settings) -> Path:
    settings.POL_SIGNING_KEYS_DIR = tmp_path / "keys"
    settings.POL_SIGNING_KEY = ""
    return tmp_path / "keys"


def write_private_pem(
    path: Path, key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, password: str = ""
) -> None:
    encryption: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if password:
        encryption = serialization.BestAvailableEncryption(password.encode())
    path.parent.mkdir(mode=0o700, exist_ok=True)
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)
    )
    path.chmod(0o600)


def write_public_pem(path: Path, key: SigningKey) -> None:
    public_key = key.private_key.public_key()
    path.parent.mkdir(mode=0o700, exist_ok=True)
    path.write_bytes(
        public_key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    path.chmod(0o644)


def test_a_new_key_is_readable_by_its_owner_only_and_so_is_its_new_folder(folder: Path) -> None:
    key = create_key(folder)
    assert Path(key.source).stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700
    assert [path.name for path in folder.iterdir()] == [Path(key.source).name]


def test_a_new_key_keeps_its_mode_under_a_lax_umask(folder: Path) -> None:
    old = os.umask(0)
    try:
        key = create_key(folder)
    finally:
        os.umask(old)
    assert Path(key.source).stat().st_mode & 0o777 == 0o600


def test_a_key_cannot_be_made_where_the_folder_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("in the way")
    with pytest.raises(KeyRingError, match="Cannot write"):
        create_key(tmp_path / "keys")


def test_the_kid_is_the_rfc_7638_thumbprint_that_joserfc_computes(folder: Path) -> None:
    key = create_key(folder)
    assert key.kid == RSAKey.import_key(Path(key.source).read_bytes()).thumbprint()
    assert load_key_ring(folder).require_signing_key().kid == key.kid


def test_the_newest_key_signs_and_all_keys_validate(folder: Path) -> None:
    newest = create_key(folder, now=NOON + timedelta(microseconds=1))
    oldest = create_key(folder, now=NOON)
    ring = load_key_ring(folder)
    assert ring.require_signing_key().kid == newest.kid
    assert set(ring.public_keys) == {newest.kid, oldest.kid}


def test_a_retired_public_key_validates_and_never_signs(folder: Path, tmp_path: Path) -> None:
    retired = create_key(tmp_path / "elsewhere")
    write_public_pem(folder / "zzz.pub.pem", retired)
    assert load_key_ring(folder).signing_key is None
    current = create_key(folder)
    ring = load_key_ring(folder)
    assert ring.require_signing_key().kid == current.kid
    assert set(ring.public_keys) == {retired.kid, current.kid}


def test_the_key_set_shows_public_members_only(folder: Path, tmp_path: Path) -> None:
    signing, retired = create_key(folder), create_key(tmp_path / "elsewhere")
    write_public_pem(folder / "old.pub.pem", retired)
    key_set = load_key_ring(folder).public_jwks()
    assert {jwk["kid"] for jwk in key_set["keys"]} == {signing.kid, retired.kid}
    for jwk in key_set["keys"]:
        assert set(jwk) == {"kty", "n", "e", "kid", "alg", "use"}
        assert (jwk["kty"], jwk["alg"], jwk["use"]) == ("RSA", "RS256", "sig")
    assert "PRIVATE" not in json.dumps(key_set)
    assert {key.kid for key in KeySet.import_key_set(json.loads(json.dumps(key_set))).keys} == {
        signing.kid,
        retired.kid,
    }


def test_an_absent_folder_is_an_empty_ring_whose_error_names_the_command(folder: Path) -> None:
    ring = get_key_ring()
    assert ring.public_jwks() == {"keys": []}
    with pytest.raises(KeyRingError, match="create_signing_key"):
        ring.require_signing_key()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o610])
def test_a_key_open_to_others_is_refused_with_the_fix(folder: Path, mode: int) -> None:
    path = Path(create_key(folder).source)
    path.chmod(mode)
    with pytest.raises(KeyRingError, match=f"mode {mode:04o}.*Fix: chmod 600 {path}"):
        get_key_ring()


def test_a_read_only_key_is_accepted(folder: Path) -> None:
    Path(create_key(folder).source).chmod(0o400)
    assert get_key_ring().signing_key is not None


@pytest.mark.parametrize("mode", [0o720, 0o702, 0o777])
def test_a_folder_into_which_others_may_put_keys_is_refused_with_the_fix(folder: Path, mode: int) -> None:
    create_key(folder)
    folder.chmod(mode)
    with pytest.raises(KeyRingError, match=f"Fix: chmod 700 {folder}"):
        get_key_ring()


def test_a_public_key_that_others_may_replace_is_refused_with_the_fix(folder: Path) -> None:
    write_public_pem(folder / "old.pub.pem", create_key(folder))
    (folder / "old.pub.pem").chmod(0o664)
    with pytest.raises(KeyRingError, match="Fix: chmod 644"):
        get_key_ring()


@pytest.mark.parametrize("name", ["broken.pem", "broken.pub.pem"])
@pytest.mark.parametrize("content", [b"", b"not a key", b"\xff\xfe", b"-----BEGIN PRIVATE KEY-----\nAAAA\n"])
def test_a_file_that_is_no_key_is_named(folder: Path, name: str, content: bytes) -> None:
    folder.mkdir(mode=0o700)
    (folder / name).write_bytes(content)
    (folder / name).chmod(0o600)
    with pytest.raises(KeyRingError, match=f"{name} is not a"):
        get_key_ring()


def test_an_encrypted_key_is_refused(folder: Path) -> None:
    write_private_pem(folder / "a.pem", rsa.generate_private_key(65537, 2048), password="secret")
    with pytest.raises(KeyRingError, match="not an unencrypted private key"):
        get_key_ring()


def test_a_key_of_another_kind_is_refused(folder: Path) -> None:
    write_private_pem(folder / "a.pem", ec.generate_private_key(ec.SECP256R1()))
    with pytest.raises(KeyRingError, match="not an RSA key"):
        get_key_ring()


def test_a_short_key_is_refused(folder: Path) -> None:
    write_private_pem(folder / "a.pem", rsa.generate_private_key(65537, 1024))
    with pytest.raises(KeyRingError, match="1024 bits; at least 2048"):
        get_key_ring()


def test_a_public_key_of_another_kind_is_refused(folder: Path) -> None:
    folder.mkdir(mode=0o700)
    (folder / "a.pub.pem").write_bytes(
        ec.generate_private_key(ec.SECP256R1())
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    with pytest.raises(KeyRingError, match="not an RSA key"):
        get_key_ring()


@pytest.mark.parametrize("name", ["a.pem", "a.pub.pem"])
def test_a_folder_in_the_place_of_a_key_is_named(folder: Path, name: str) -> None:
    (folder / name).mkdir(mode=0o700, parents=True)
    folder.chmod(0o700)
    with pytest.raises(KeyRingError, match=f"Cannot read .*{name}"):
        get_key_ring()


def test_a_file_in_the_place_of_the_folder_is_named(folder: Path) -> None:
    folder.write_text("in the way")
    with pytest.raises(KeyRingError, match="Cannot read the folder of signing keys"):
        get_key_ring()


def test_a_full_disk_leaves_no_part_of_a_key_behind(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(KeyRingError, match="No space left"):
        create_key(folder)
    assert list(folder.iterdir()) == []


def test_a_file_that_vanished_or_points_nowhere_is_named(folder: Path) -> None:
    create_key(folder)
    (folder / "dangling.pem").symlink_to(folder / "nowhere")
    with pytest.raises(KeyRingError, match=r"Cannot read .*dangling\.pem"):
        get_key_ring()


def test_other_files_in_the_folder_are_left_alone(folder: Path) -> None:
    key = create_key(folder)
    (folder / "README").write_text("keys")
    (folder / ".half.pem").write_text("half written")
    assert set(get_key_ring().public_keys) == {key.kid}


def test_a_key_from_the_setting_signs_and_only_retired_keys_of_the_folder_join_it(
    folder: Path, tmp_path: Path, settings: Settings
) -> None:
    from_setting, retired = create_key(tmp_path / "secrets"), create_key(tmp_path / "elsewhere")
    create_key(folder)
    write_public_pem(folder / "old.pub.pem", retired)
    settings.POL_SIGNING_KEY = Path(from_setting.source).read_text()
    ring = get_key_ring()
    assert ring.require_signing_key().kid == from_setting.kid
    assert ring.require_signing_key().source == "POL_SIGNING_KEY"
    assert set(ring.public_keys) == {from_setting.kid, retired.kid}


def test_a_broken_key_in_the_setting_is_refused_without_repeating_it(
    folder: Path, settings: Settings
) -> None:
    settings.POL_SIGNING_KEY = "very secret nonsense"
    with pytest.raises(KeyRingError, match="POL_SIGNING_KEY is not") as refusal:
        get_key_ring()
    assert "nonsense" not in str(refusal.value)


def test_the_ring_is_kept_while_the_folder_stays_the_same(folder: Path) -> None:
    create_key(folder)
    assert get_key_ring() is get_key_ring()


def test_a_running_process_takes_up_a_rotated_key_and_drops_a_deleted_one(folder: Path) -> None:
    first = create_key(folder, now=NOON)
    assert get_key_ring().require_signing_key().kid == first.kid
    second = create_key(folder, now=NOON + timedelta(days=1))
    assert get_key_ring().require_signing_key().kid == second.kid
    Path(first.source).unlink()
    assert set(get_key_ring().public_keys) == {second.kid}


def test_a_running_process_notices_a_key_replaced_in_place(folder: Path, tmp_path: Path) -> None:
    first, second = create_key(folder), create_key(tmp_path / "elsewhere")
    get_key_ring()
    Path(first.source).write_bytes(Path(second.source).read_bytes())
    assert get_key_ring().require_signing_key().kid == second.kid


def test_a_running_process_notices_that_a_key_was_opened_to_others(folder: Path) -> None:
    key = create_key(folder)
    get_key_ring()
    Path(key.source).chmod(0o644)
    with pytest.raises(KeyRingError):
        get_key_ring()


@pytest.mark.django_db
class TestCreateSigningKey:
    @pytest.fixture
    def ring(self, folder: Path) -> KeyRing:
        create_key(folder, now=NOON)
        return get_key_ring()

    def test_it_makes_the_first_key_and_says_where(
        self, folder: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        call_command("create_signing_key")
        key = get_key_ring().require_signing_key()
        output = capsys.readouterr().out
        assert f"Created signing key {key.kid}" in output
        assert key.source in output
        assert "/.well-known/jwks.json" in output

    def test_it_records_the_new_key_in_the_audit_log(self, folder: Path) -> None:
        call_command("create_signing_key")
        event = AuditEvent.objects.get()
        assert event.kind == EventKind.SIGNING_KEY_CREATED
        assert event.detail == {"kid": get_key_ring().require_signing_key().kid}

    def test_it_leaves_the_key_that_is_there(self, ring: KeyRing, capsys: pytest.CaptureFixture[str]) -> None:
        call_command("create_signing_key")
        assert get_key_ring() is ring
        assert "is there already" in capsys.readouterr().out
        assert not AuditEvent.objects.exists()

    def test_rotate_adds_a_key_that_signs_beside_the_older_one(self, ring: KeyRing) -> None:
        call_command("create_signing_key", "--rotate")
        rotated = get_key_ring()
        assert len(rotated.public_keys) == 2
        assert rotated.require_signing_key().kid != ring.require_signing_key().kid

    def test_rotate_refuses_a_key_from_the_setting(
        self, ring: KeyRing, folder: Path, settings: Settings
    ) -> None:
        settings.POL_SIGNING_KEY = Path(ring.require_signing_key().source).read_text()
        with pytest.raises(CommandError, match="replace it there"):
            call_command("create_signing_key", "--rotate")
        assert len(list(folder.iterdir())) == 1

    def test_a_folder_that_cannot_be_trusted_is_a_one_line_error(self, ring: KeyRing, folder: Path) -> None:
        folder.chmod(0o777)
        with pytest.raises(CommandError, match="chmod 700"):
            call_command("create_signing_key")

    def test_no_key_stays_behind_where_the_audit_log_is_not_there_yet(self, folder: Path) -> None:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE audit_auditevent RENAME TO absent")
        with pytest.raises(CommandError, match="migrate"):
            call_command("create_signing_key")
        assert list(folder.iterdir()) == []
