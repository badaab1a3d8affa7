"""Signed statements about the audit log, and the check of an exported part of it.

Needs the file and the public key: no database, no Django, no settings.

    python -m audit.proof audit.jsonl KEY.pub.pem

A statement is a compact JWS (RFC 7515) signed with Ed25519 (RFC 8037, RFC 9864) over RFC 8785 JSON.
An export is JSON Lines (UTF-8): an event a line, then one line with the statement about all of them.
"""

import argparse
import hashlib
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from audit.canonical import NotCanonicalError, canonicalise

ALGORITHM = "Ed25519"
CHECKPOINT_TYPE = "audit-checkpoint+jws"
EXPORT_TYPE = "audit-export+jws"
PROOF_MEMBER = "proof"
MAX_LINE_BYTES = 64 * 1024


class ProofError(Exception):
    """Why the file, or the statement, is not to be believed. line: of the file, from 1; 0 for all of it."""

    def __init__(self, message: str, line: int = 0) -> None:
        super().__init__(f"line {line}: {message}" if line else message)
        self.line = line


@dataclass(frozen=True, slots=True)
class ExportStatement:
    """What the signature of an export says.

    The events are those from first_sequence to last_sequence, without a gap; the first follows
    previous_hash, the last has head_hash. sha256: of the lines above the statement, line ends included.
    """

    first_sequence: int
    last_sequence: int
    previous_hash: str
    head_hash: str
    sha256: str
    exported_at: str


def sign_statement(kind: str, content: Mapping[str, object], key: OKPKey) -> str:
    """A compact JWS. kind: its `typ`, so that a statement of one kind never passes for another."""
    header = {"alg": ALGORITHM, "typ": kind, "kid": key.thumbprint()}
    return jws.serialize_compact(header, canonicalise(content), key, algorithms=[ALGORITHM])


def read_statement(kind: str, text: str, keys: Iterable[OKPKey]) -> dict[str, Any]:
    """What was signed, by whichever of the keys. Raises ProofError where none of them signed it."""
    for key in keys:
        try:
            signed = jws.deserialize_compact(text, key, algorithms=[ALGORITHM])
            content = json.loads(signed.payload)
        except (JoseError, ValueError, TypeError):
            continue
        if signed.headers().get("typ") == kind and isinstance(content, dict):
            return content
    raise ProofError("the signature is not that of the given key")


def check_export(lines: Iterable[bytes], keys: Iterable[OKPKey]) -> ExportStatement:
    """The statement of an export that holds from its first line to its last.

    Raises ProofError with the first line that does not fit: altered, missing, added, out of order,
    cut off, or signed by somebody else.
    """
    digest, last, first = hashlib.sha256(), None, None
    for number, event, line, proof in _read_lines(lines):
        if proof is not None:
            return _compare(read_statement(EXPORT_TYPE, proof, keys), first, last, digest.hexdigest())
        _check_event(event, last, number)
        first, last = first or event, event
        digest.update(line)
    raise ProofError("the statement at the end is missing: the file was cut off")


def _read_lines(lines: Iterable[bytes]) -> Iterator[tuple[int, dict[str, Any], bytes, str | None]]:
    proof = None
    for number, line in enumerate(lines, 1):
        if proof is not None:
            raise ProofError("something follows the statement", number)
        try:
            value = json.loads(line) if len(line) <= MAX_LINE_BYTES else None
        except (ValueError, RecursionError):
            value = None
        if not isinstance(value, dict):
            raise ProofError("no event, and no statement", number)
        if set(value) == {PROOF_MEMBER}:
            proof = str(value[PROOF_MEMBER])
            continue
        yield number, value, line, None
    if proof is not None:
        yield number, {}, b"", proof


def _check_event(event: dict[str, Any], previous: dict[str, Any] | None, line: int) -> None:
    content = {name: value for name, value in event.items() if name != "hash"}
    try:
        computed = hashlib.sha256(canonicalise(content)).hexdigest()
    except NotCanonicalError as error:
        raise ProofError(f"the event cannot be hashed: {error}", line) from error
    if computed != event.get("hash"):
        raise ProofError("the event's content does not match its hash", line)
    if not isinstance(event.get("sequence"), int):
        raise ProofError("the event has no number", line)
    if previous is None:
        return
    if event["sequence"] != previous["sequence"] + 1:
        raise ProofError(f"event {previous['sequence'] + 1} is missing", line)
    if event.get("previous_hash") != previous["hash"]:
        raise ProofError("the event does not follow the one before it", line)


def _compare(
    content: dict[str, Any], first: dict[str, Any] | None, last: dict[str, Any] | None, sha256: str
) -> ExportStatement:
    try:
        statement = ExportStatement(**content)
    except TypeError as error:
        raise ProofError("the statement is not one about an export") from error
    if first is None or last is None:
        raise ProofError("there is no event in the file")
    found = (first["sequence"], last["sequence"], first["previous_hash"], last["hash"], sha256)
    stated = (
        statement.first_sequence,
        statement.last_sequence,
        statement.previous_hash,
        statement.head_hash,
        statement.sha256,
    )
    if found != stated:
        raise ProofError("the events are not those that were signed")
    return statement


def main(arguments: list[str]) -> int:
    """0: the file holds. 1: it does not. 2: it could not be read."""
    parser = argparse.ArgumentParser(prog="python -m audit.proof", description="Check an exported audit log.")
    parser.add_argument("file", type=Path, help="JSON Lines of manage.py export_audit")
    parser.add_argument("key", type=Path, nargs="+", help="the audit key's public half, PEM")
    asked = parser.parse_args(arguments)
    try:
        keys = [OKPKey.import_key(path.read_bytes()) for path in asked.key]
        with asked.file.open("rb") as stream:
            statement = check_export(stream, keys)
    except ProofError as error:
        print(f"NOT PROVEN: {error}", file=sys.stderr)  # noqa: T201
        return 1
    except (OSError, ValueError, JoseError) as error:
        print(f"cannot be read: {error}", file=sys.stderr)  # noqa: T201
        return 2
    print(  # noqa: T201
        f"Proven: events {statement.first_sequence} to {statement.last_sequence}, unbroken, as of "
        f"{statement.exported_at}; head hash {statement.head_hash}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
