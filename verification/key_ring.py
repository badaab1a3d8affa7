"""The RSA keys that sign and validate tokens, as files in a folder or one key from the environment.

`*.pem` are private keys, the last by file name signs (`create_key` names them by time); all of them
validate. `*.pub.pem` are public keys whose private half is gone, kept while their tokens live.
"""

import hashlib
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey, generate_private_key
from django.conf import settings
from joserfc.jwk import RSAKey

ALGORITHM = "RS256"
MIN_KEY_BITS = 2048
PUBLIC_SUFFIX = ".pub.pem"
SETTING_NAME = "POL_SIGNING_KEY"


class KeyRingError(RuntimeError):
    """The keys cannot be used; the message says which file, why, and what mends it."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """kid: the RFC 7638 SHA-256 thumbprint. source: the file's path, or the setting's name."""

    kid: str
    private_key: RSAPrivateKey
    source: str


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The keys of one moment. public_keys: by `kid`, the signing key's public half among them."""

    signing_key: SigningKey | None
    public_keys: Mapping[str, RSAPublicKey]

    def require_signing_key(self) -> SigningKey:
        """Return the signing key; raises KeyRingError where the ring has none."""
        if self.signing_key is None:
            raise KeyRingError(
                f"There is no signing key in {settings.POL_SIGNING_KEYS_DIR}: "
                "run manage.py create_signing_key, or set POL_SIGNING_KEY_FILE."
            )
        return self.signing_key

    def public_jwks(self) -> dict[str, list[dict[str, Any]]]:
        """Return the RFC 7517 key set, public members only."""
        return {"keys": [_to_jwk(key) for key in self.public_keys.values()]}


def get_key_ring() -> KeyRing:
    """Return the ring that the settings name, read again only when a key file came, went or changed.

    With POL_SIGNING_KEY set, only the retired public keys of the folder join it. An absent folder is
    an empty one. Raises KeyRingError for a file that others may read (or a folder they may write),
    that is no unencrypted RSA key, or whose key is shorter than 2048 bits.
    """
    folder, pem = Path(settings.POL_SIGNING_KEYS_DIR), str(settings.POL_SIGNING_KEY)
    fingerprint = _take_fingerprint(folder, pem)
    cached = _CACHE.get("ring")
    if cached is None or cached[0] != fingerprint:
        cached = _CACHE["ring"] = (fingerprint, load_key_ring(folder, pem))
    return cached[1]


def load_key_ring(folder: Path, signing_key_pem: str = "") -> KeyRing:
    """Read every key of `folder`; `signing_key_pem`, where given, signs instead of the folder's."""
    private_paths, public_paths = _list_key_files(folder)
    if private_paths or public_paths:
        _refuse_open_folder(folder)
    public_keys: dict[str, RSAPublicKey] = {}
    for path in public_paths:
        public_key = _read_public_key(path)
        public_keys[compute_kid(public_key)] = public_key
    if signing_key_pem:
        signing_keys = [_parse_private_key(signing_key_pem.encode(), SETTING_NAME)]
    else:
        signing_keys = [_read_private_key(path) for path in private_paths]
    public_keys.update({key.kid: key.private_key.public_key() for key in signing_keys})
    return KeyRing(signing_keys[-1] if signing_keys else None, public_keys)


def create_key(folder: Path, *, now: datetime | None = None) -> SigningKey:
    """Make an RSA-2048 key in `folder`: mode 0600, whole or not at all, named after `now` and its kid.

    Makes the folder, mode 0700, where it is absent. Raises KeyRingError where it cannot be written.
    """
    private_key = generate_private_key(public_exponent=65537, key_size=MIN_KEY_BITS)
    kid = compute_kid(private_key.public_key())
    path = folder / f"{now or datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}-{kid[:8]}.pem"
    pem = private_key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write_whole(path, pem)
    except OSError as error:
        raise KeyRingError(f"Cannot write a signing key to {folder}: {error.strerror}.") from error
    return SigningKey(kid, private_key, str(path))


def compute_kid(public_key: RSAPublicKey) -> str:
    """Return the RFC 7638 SHA-256 thumbprint, base64url without padding, 43 characters."""
    return RSAKey.import_key(_to_public_pem(public_key)).thumbprint()


# Fingerprint and ring of this process, under the one key "ring"; replaced whole, so threads see either.
_Fingerprint = tuple[object, ...]
_CACHE: dict[str, tuple[_Fingerprint, KeyRing]] = {}


def _take_fingerprint(folder: Path, pem: str) -> _Fingerprint:
    private_paths, public_paths = _list_key_files(folder)
    files = []
    for path in [folder, *private_paths, *public_paths] if private_paths or public_paths else []:
        status = _read_status(path)
        files.append((path.name, status.st_ino, status.st_mtime_ns, status.st_ctime_ns, status.st_mode))
    return (str(folder), hashlib.sha256(pem.encode()).digest(), *files)


def _list_key_files(folder: Path) -> tuple[list[Path], list[Path]]:
    try:
        paths = sorted(
            path for path in folder.iterdir() if path.name.endswith(".pem") and path.name[0] != "."
        )
    except FileNotFoundError:
        return [], []
    except OSError as error:
        raise KeyRingError(f"Cannot read the folder of signing keys {folder}: {error.strerror}.") from error
    public_paths = [path for path in paths if path.name.endswith(PUBLIC_SUFFIX)]
    return [path for path in paths if path not in public_paths], public_paths


def _refuse_open_folder(folder: Path) -> None:
    mode = stat.S_IMODE(_read_status(folder).st_mode)
    if mode & 0o022:
        raise KeyRingError(
            f"Others may put keys into {folder} (mode {mode:04o}), so none in it is trusted. "
            f"Fix: chmod 700 {folder}"
        )


def _read_private_key(path: Path) -> SigningKey:
    mode = stat.S_IMODE(_read_status(path).st_mode)
    if mode & 0o077:
        raise KeyRingError(
            f"The signing key {path} is open to others (mode {mode:04o}). "
            f"Fix: chmod 600 {path}; if others could have read it, make a new one and delete it."
        )
    return _parse_private_key(_read_bytes(path), str(path))


def _parse_private_key(pem: bytes, source: str) -> SigningKey:
    try:
        private_key = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise KeyRingError(f"{source} is not an unencrypted private key in PEM.") from error
    if not isinstance(private_key, RSAPrivateKey):
        raise KeyRingError(f"{source} is not an RSA key; {ALGORITHM} needs one.")
    _refuse_short_key(private_key.key_size, source)
    return SigningKey(compute_kid(private_key.public_key()), private_key, source)


def _read_public_key(path: Path) -> RSAPublicKey:
    mode = stat.S_IMODE(_read_status(path).st_mode)
    if mode & 0o022:
        raise KeyRingError(f"Others may replace {path} (mode {mode:04o}). Fix: chmod 644 {path}")
    try:
        public_key = serialization.load_pem_public_key(_read_bytes(path))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise KeyRingError(f"{path} is not a public key in PEM.") from error
    if not isinstance(public_key, RSAPublicKey):
        raise KeyRingError(f"{path} is not an RSA key; {ALGORITHM} needs one.")
    _refuse_short_key(public_key.key_size, str(path))
    return public_key


def _refuse_short_key(bits: int, source: str) -> None:
    if bits < MIN_KEY_BITS:
        raise KeyRingError(f"{source} has {bits} bits; at least {MIN_KEY_BITS} are needed.")


def _read_status(path: Path) -> os.stat_result:
    try:
        return path.stat()
    except OSError as error:
        raise KeyRingError(f"Cannot read {path}: {error.strerror}.") from error


def _read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise KeyRingError(f"Cannot read {path}: {error.strerror}.") from error


def _write_whole(path: Path, content: bytes) -> None:
    partial = path.with_name(f".{path.name}.partial")
    descriptor = os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        partial.rename(path)
    except OSError:
        partial.unlink(missing_ok=True)
        raise


def _to_public_pem(public_key: RSAPublicKey) -> bytes:
    return public_key.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def _to_jwk(public_key: RSAPublicKey) -> dict[str, Any]:
    jwk = RSAKey.import_key(_to_public_pem(public_key))
    return {**jwk.as_dict(private=False), "kid": jwk.thumbprint(), "alg": ALGORITHM, "use": "sig"}
