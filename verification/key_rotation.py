"""Changing the signing key without refusing a token that was signed before.

A rotation makes a new key, which signs from then on. Older keys only validate, so their private halves
are given up: each `NAME.pem` becomes a `NAME.pub.pem`, and goes when its last token has expired.
"""

import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from django.db import transaction

from audit.models import EventKind
from audit.services import record
from verification.key_ring import PUBLIC_SUFFIX, KeyRingError, SigningKey, create_key, load_key_ring

PRIVATE_SUFFIX = ".pem"


@dataclass(frozen=True, slots=True)
class Rotation:
    """signing_key: the new one. retired, removed: file names that only validate now, and that are gone."""

    signing_key: SigningKey
    retired: tuple[str, ...]
    removed: tuple[str, ...]


@transaction.atomic
def rotate_keys(folder: Path, *, overlap: timedelta, now: datetime) -> Rotation:
    """Sign with a new key; keep what older keys signed valid for `overlap` from their retirement on.

    Raises KeyRingError where the folder cannot be read or written; the new key's file is then gone again.
    """
    older = sorted(load_key_ring(folder).public_keys)
    removed = remove_retired_keys(folder, before=now - overlap)
    signing_key = create_key(folder, now=now)
    try:
        record(EventKind.SIGNING_KEY_CREATED, detail={"kid": signing_key.kid})
        record(EventKind.SIGNING_KEY_RETIRED, detail={"kids": older, "removed": list(removed)})
        retired = _retire_private_keys(folder, keep=Path(signing_key.source), now=now)
    except BaseException:
        Path(signing_key.source).unlink(missing_ok=True)
        raise
    return Rotation(signing_key, retired, removed)


def remove_retired_keys(folder: Path, *, before: datetime) -> tuple[str, ...]:
    """Delete the public halves that were retired before a time; their names."""
    if not folder.is_dir():
        return ()
    gone = [path for path in sorted(folder.glob(f"*{PUBLIC_SUFFIX}")) if _retired_before(path, before)]
    for path in gone:
        path.unlink(missing_ok=True)
    return tuple(path.name for path in gone)


def _retired_before(path: Path, before: datetime) -> bool:
    return path.stat().st_mtime < before.timestamp()


def _retire_private_keys(folder: Path, *, keep: Path, now: datetime) -> tuple[str, ...]:
    retired = []
    for path in sorted(folder.glob(f"*{PRIVATE_SUFFIX}")):
        if path == keep or path.name.startswith(".") or path.name.endswith(PUBLIC_SUFFIX):
            continue
        retired.append(_retire(path, now))
    return tuple(retired)


def _retire(path: Path, now: datetime) -> str:
    """Write the public half, whole, before the private one goes, so a token is valid at every moment."""
    public_path = path.with_name(path.name.removesuffix(PRIVATE_SUFFIX) + PUBLIC_SUFFIX)
    partial = path.with_name(f".{public_path.name}.partial")
    try:
        private_key = serialization.load_pem_private_key(path.read_bytes(), password=None)
        partial.write_bytes(
            private_key.public_key().public_bytes(
                serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
            )
        )
        partial.chmod(0o644)
        os.utime(partial, (now.timestamp(), now.timestamp()))
        partial.rename(public_path)
        path.unlink()
    except OSError as error:
        raise KeyRingError(f"Cannot retire {path}: {error.strerror}.") from error
    return public_path.name
