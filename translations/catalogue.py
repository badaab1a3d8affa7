"""The two file formats of GNU gettext that matter here: .po to write in, .mo to read from.

Only what this project uses: one sentence, one translation. Plural forms and contexts are refused aloud.
"""

import ast
import json
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

MO_MAGIC = 0x950412DE
HEADER_WORDS = 7


class CatalogueError(ValueError):
    """A .po file that this reader does not understand; the message names the line."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One sentence. translation: empty where there is none yet. sources: where it stands, for the translator."""

    message: str
    translation: str
    sources: tuple[str, ...] = ()
    is_fuzzy: bool = False


def parse_po(text: str) -> list[Entry]:
    """Read a .po file, its header (the entry of the empty message) included. Raises CatalogueError."""
    entries: list[Entry] = []
    for number, block in enumerate(text.strip("\n").split("\n\n"), start=1):
        lines = [line for line in block.split("\n") if line.strip()]
        if any(line.startswith(("msgid_plural", "msgctxt")) for line in lines):
            raise CatalogueError(f"entry {number}: plural forms and contexts are not used here")
        if any(line.startswith("msgid") for line in lines):
            entries.append(_parse_entry(lines, number))
    return entries


def format_po(entries: Iterable[Entry]) -> str:
    """Write entries as a .po file, in the order given."""
    return "\n".join(_format_entry(entry) for entry in entries)


def compile_mo(translations: Mapping[str, str]) -> bytes:
    """The .mo file of the translations (GNU gettext manual, "The Format of GNU MO Files"), without a hash table."""
    pairs = sorted((message.encode(), text.encode()) for message, text in translations.items() if text)
    count = len(pairs)
    originals_at = 4 * HEADER_WORDS
    texts_at = originals_at + 16 * count
    rows, data = b"", b""
    for text in [message for message, _ in pairs] + [translation for _, translation in pairs]:
        rows += struct.pack("<2I", len(text), texts_at + len(data))
        data += text + b"\0"
    header = struct.pack("<7I", MO_MAGIC, 0, count, originals_at, originals_at + 8 * count, 0, texts_at)
    return header + rows + data


def _parse_entry(lines: list[str], number: int) -> Entry:
    parts: dict[str, str] = {}
    current = ""
    for line in lines:
        if line.startswith("#"):
            continue
        if not line.startswith('"'):
            current, _, line = line.partition(" ")  # noqa: PLW2901  (the rest of the line is the string)
        try:
            parts[current] = parts.get(current, "") + str(ast.literal_eval(line))
        except (SyntaxError, ValueError) as error:
            raise CatalogueError(f"entry {number}: {line!r} is no string") from error
    if set(parts) != {"msgid", "msgstr"}:
        raise CatalogueError(f"entry {number}: expected msgid and msgstr, found {sorted(parts)}")
    sources = tuple(source for line in lines if line.startswith("#:") for source in line[2:].split())
    is_fuzzy = any(line.startswith("#,") and "fuzzy" in line for line in lines)
    return Entry(parts["msgid"], parts["msgstr"], sources, is_fuzzy)


def _format_entry(entry: Entry) -> str:
    lines = [f"#: {source}" for source in entry.sources]
    lines += ["#, fuzzy"] if entry.is_fuzzy else []
    lines += [f"msgid {_quote(entry.message)}", f"msgstr {_quote(entry.translation)}"]
    return "\n".join(lines) + "\n"


def _quote(text: str) -> str:
    """A text with line breaks, such as the header, stands one line below the other."""
    head, *rest = text.split("\n")
    pieces = [text] if not rest else [f"{piece}\n" for piece in (head, *rest[:-1])] + rest[-1:]
    quoted = [json.dumps(piece, ensure_ascii=False) for piece in pieces if piece or len(pieces) == 1]
    return quoted[0] if len(quoted) == 1 else "\n".join(['""', *quoted])
