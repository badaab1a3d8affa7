"""`python -m translations [--check]`: sources to .po, .po to .mo."""

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from translations.catalogue import Entry, compile_mo, format_po, parse_po
from translations.extraction import find_messages

ROOT = Path(__file__).resolve().parent.parent
HEADER = (
    "Project-Id-Version: proof-of-life\n"
    "Language: {language}\n"
    "MIME-Version: 1.0\n"
    "Content-Type: text/plain; charset=UTF-8\n"
    "Content-Transfer-Encoding: 8bit\n"
)


def list_catalogues(root: Path = ROOT) -> list[Path]:
    """The .po files, one a language."""
    return sorted((root / "locale").glob("*/LC_MESSAGES/django.po"))


def update(entries: list[Entry], messages: dict[str, tuple[str, ...]], language: str) -> list[Entry]:
    """Keep what is translated and still used, add what is new, drop the rest."""
    known = {entry.message: entry for entry in entries}
    header = known.get("", Entry("", HEADER.format(language=language)))
    current = [
        replace(known.get(message, Entry(message, "")), sources=sources)
        for message, sources in messages.items()
    ]
    return [header, *current]


def render(po: Path, messages: dict[str, tuple[str, ...]]) -> tuple[str, bytes]:
    """What the .po file and its .mo file should hold."""
    entries = update(parse_po(po.read_text(encoding="utf-8")), messages, po.parent.parent.name)
    usable = {entry.message: entry.translation for entry in entries if not entry.is_fuzzy}
    return format_po(entries), compile_mo(usable)


def main() -> int:
    parser = argparse.ArgumentParser(description="Keep locale/ in step with the sources.")
    parser.add_argument(
        "--check", action="store_true", help="change nothing; exit 1 where something is out of date"
    )
    is_check = parser.parse_args().check
    messages = find_messages(ROOT)
    stale = []
    for po in list_catalogues():
        text, binary = render(po, messages)
        mo = po.with_suffix(".mo")
        if po.read_text(encoding="utf-8") == text and mo.is_file() and mo.read_bytes() == binary:
            continue
        stale.append(po.relative_to(ROOT).as_posix())
        if not is_check:
            po.write_text(text, encoding="utf-8")
            mo.write_bytes(binary)
    sys.stdout.writelines(
        f"{name} {'is out of date' if is_check else 'brought up to date'}\n" for name in stale
    )
    return 1 if is_check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
