"""The Ed25519 key that signs checkpoints and exports: one of its own, so that whoever gets hold of a token
key cannot sign a past, and changing token keys leaves old checkpoints provable.

`NAME.pem` signs (the last by name), mode 0600. Every `NAME.pub.pem` verifies; hand it to whoever checks exports.
"""

import os
import stat
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from audit.proof import ALGORITHM

PUBLIC_SUFFIX = ".pub.pem"


class AuditKeyError(RuntimeError):
    """The key cannot be used; the message says which file, why, and what mends it."""


def require_signing_key() -> OKPKey:
    """The key that signs. Raises AuditKeyError where there is none, or others may read it."""
    paths = _list_private()
    if not paths:
        raise AuditKeyError(
            f"There is no audit key in {settings.POL_AUDIT_KEYS_DIR}: run manage.py create_signing_key."
        )
    return _read(paths[-1], forbidden_mode=0o077)


def has_signing_key() -> bool:
    return bool(_list_private())


def list_public_keys() -> list[OKPKey]:
    """The keys that verify; empty where no audit key was ever made here."""
    return [_read(path, forbidden_mode=0o022) for path in _list(f"*{PUBLIC_SUFFIX}")]


def create_audit_key(folder: Path, *, now: datetime | None = None) -> OKPKey:
    """Make a key in `folder`, and its public half beside it. Raises AuditKeyError where that cannot be written."""
    key = OKPKey.generate_key("Ed25519")
    name = f"{now or datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}-{key.thumbprint()[:8]}"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # The public half first: a key that signs and that nothing verifies would break the log.
        _write(folder / f"{name}{PUBLIC_SUFFIX}", key.as_pem(private=False), 0o644)
        _write(folder / f"{name}.pem", key.as_pem(private=True), 0o600)
    except OSError as error:
        raise AuditKeyError(f"Cannot write an audit key to {folder}: {error.strerror}.") from error
    return key


def _list_private() -> list[Path]:
    return [path for path in _list("*.pem") if not path.name.endswith(PUBLIC_SUFFIX)]


def _list(pattern: str) -> list[Path]:
    return sorted(Path(settings.POL_AUDIT_KEYS_DIR).glob(pattern))


def _read(path: Path, *, forbidden_mode: int) -> OKPKey:
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & forbidden_mode:
            raise AuditKeyError(f"The audit key {path} is open to others (mode {mode:04o}).")
        key = OKPKey.import_key(path.read_bytes())
        if key.curve_name != ALGORITHM:
            raise AuditKeyError(f"{path} is not an {ALGORITHM} key.")
    except (OSError, ValueError, TypeError, JoseError) as error:
        raise AuditKeyError(f"{path} cannot be read as an {ALGORITHM} key in PEM.") from error
    return key


def _write(path: Path, content: bytes, mode: int) -> None:
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
