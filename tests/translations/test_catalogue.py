"""The .po reader and the .mo writer, against each other and against the standard library's reader."""

import gettext
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translations.catalogue import CatalogueError, Entry, compile_mo, format_po, parse_po

# Lone surrogates are no text that a file could hold; NUL ends a string in the format.
sentences = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)
translations = st.dictionaries(sentences, sentences, max_size=12)


@given(translations)
def test_what_is_written_is_read_back(texts: dict[str, str]) -> None:
    entries = [Entry(message, text, ("templates/a.html",)) for message, text in texts.items()]
    assert parse_po(format_po(entries)) == entries


@given(translations)
def test_the_standard_library_reads_the_compiled_file(texts: dict[str, str]) -> None:
    header = {"": "Content-Type: text/plain; charset=UTF-8\n"}
    compiled = gettext.GNUTranslations(io.BytesIO(compile_mo(header | texts)))
    assert {message: compiled.gettext(message) for message in texts} == texts


def test_a_sentence_without_a_translation_falls_back() -> None:
    compiled = gettext.GNUTranslations(io.BytesIO(compile_mo({"": "x: y\n", "Yes": ""})))
    assert compiled.gettext("Yes") == "Yes"


@pytest.mark.parametrize(
    "text",
    [
        'msgid "a"\nmsgid_plural "b"\nmsgstr[0] "c"',
        'msgctxt "a"\nmsgid "b"\nmsgstr "c"',
        'msgid "a"',
        'msgid "a\nmsgstr "b"',
        'msgid "a"\nmsgstr __import__("os")',
    ],
)
def test_what_the_reader_does_not_know_is_refused(text: str) -> None:
    with pytest.raises(CatalogueError):
        parse_po(text)


def test_a_fuzzy_entry_says_so() -> None:
    (entry,) = parse_po('#: a.html b.html\n#, fuzzy\nmsgid "a"\nmsgstr "b"\n')
    assert entry == Entry("a", "b", ("a.html", "b.html"), is_fuzzy=True)
