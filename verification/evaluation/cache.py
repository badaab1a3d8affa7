"""Recordings on disk, named by what they depend on: a clip is analysed once, and a broken-off run goes on."""

import hashlib
import io
import json
import os
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np

from verification.evaluation.columns import Columns, ColumnsUnreadable, pack_records, unpack_records
from verification.evaluation.recording import Recording
from verification.liveness.observation import FaceObservation

_HEADER, _KEPT, _KEPT_AT = "recording", "kept", "kept_at"


@dataclass(frozen=True, slots=True)
class RecordingCache:
    """One compressed file of arrays a recording, in one folder. Any file may be deleted at any time."""

    folder: Path

    def locate(self, *parts: str) -> Path:
        """The file of the recording that depends on these, whether or not it is there."""
        name = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]
        return self.folder / f"{name}.npz"

    def load(self, path: Path) -> Recording | None:
        """The recording, or None where there is none that can be read."""
        try:
            return load_recording(path)
        except (OSError, ColumnsUnreadable):
            return None

    def load_kept(self, path: Path) -> Mapping[int, bytes]:
        """The frames that were stored with a recording, by their index. Raises as `load_recording` does."""
        columns = _read(path)
        indices = columns.get(_KEPT_AT, np.empty(0)).tolist()
        return {int(index): columns[f"{_KEPT}{index}"].tobytes() for index in indices}

    def store(
        self, path: Path, recording: Recording, *, name: str, kept: Mapping[int, bytes] = MappingProxyType({})
    ) -> None:
        """Write whole or not at all. Raises OSError.

        name: for people who look into the folder. kept: encoded frames by their index.
        """
        header = {"name": name, "fps": recording.fps, "is_picture": recording.is_picture}
        columns = pack_records(recording.observations, FaceObservation)
        columns[_HEADER] = np.array(json.dumps(header))
        columns[_KEPT_AT] = np.array(sorted(kept), dtype=np.int64)
        columns |= {f"{_KEPT}{index}": np.frombuffer(jpeg, dtype=np.uint8) for index, jpeg in kept.items()}
        content = io.BytesIO()
        np.savez_compressed(content, allow_pickle=False, **columns)
        self.folder.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(f".{os.getpid()}.partial")
        partial.write_bytes(content.getbuffer())
        partial.replace(path)


def load_recording(path: Path) -> Recording:
    """Read a file of the cache. Raises OSError, and ColumnsUnreadable for a file of another kind."""
    columns = _read(path)
    try:
        header = json.loads(str(columns[_HEADER]))
        observations = unpack_records(columns, FaceObservation)
        return Recording(tuple(observations), float(header["fps"]), bool(header["is_picture"]))
    except (ValueError, KeyError, TypeError) as error:
        raise ColumnsUnreadable(f"{path.name}: {error}") from error


def _read(path: Path) -> Columns:
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (ValueError, TypeError, AttributeError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise ColumnsUnreadable(f"{path.name}: {error}") from error
