"""Which model files this server has, and which versions they are."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from verification.conf import get_model_paths
from verification.vision.installed import ModelStatus, check_models
from verification.vision.weights import digest_file

DIGEST_CHARACTERS = 12


@dataclass(frozen=True, slots=True)
class InstalledModel:
    """version: the first characters of the file's SHA-256; empty where there is no file to read."""

    status: ModelStatus
    file_name: str
    version: str


def read_models() -> tuple[InstalledModel, ...]:
    """Every model of the manifest, in its order."""
    entries = check_models(get_model_paths()).values()
    return tuple(
        InstalledModel(entry, entry.path.name, _read_version(entry.path) if entry.is_installed else "")
        for entry in entries
    )


def _read_version(path: Path) -> str:
    try:
        stat = path.stat()
        return _digest(path, stat.st_mtime_ns, stat.st_size)
    except OSError:  # gone since it was checked
        return ""


@lru_cache(maxsize=32)
def _digest(path: Path, modified_ns: int, size_bytes: int) -> str:
    return digest_file(path)[:DIGEST_CHARACTERS]
