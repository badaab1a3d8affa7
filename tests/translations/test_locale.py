"""locale/ against the sources: nothing is left untranslated, and what is compiled is what is written."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import translation

from audit.models import EventKind
from translations.__main__ import list_catalogues, render
from translations.catalogue import parse_po
from translations.extraction import find_messages, read_python, read_template
from verification.models import SessionStatus
from verification.words import ACTIONS, DECISIONS, FAULTS, OUTCOMES, REASONS, SCORES, SIGNALS

ROOT = Path(settings.BASE_DIR)
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w+\}")
ARABIC = re.compile(r"[\u0600-\u06ff]")
# The product's name, and words that are the same in another language.
SAME_EVERYWHERE = {
    "Proof of Life",
    "Version %(version)s",
    "%(value)s %%",
    "%(value)s s",
    "%(minutes)d min %(seconds)d s",
}
CATALOGUES = list_catalogues()
MESSAGES = find_messages(ROOT)


def test_every_language_of_the_settings_has_a_catalogue() -> None:
    languages = {code for code, _ in settings.LANGUAGES if code != "en"}
    assert {po.parent.parent.name for po in CATALOGUES} == languages


def test_sentences_are_found_in_templates_and_in_python() -> None:
    assert MESSAGES["I can’t do this"] == ("templates/verification/capture.html",)
    assert "verification/instructions.py" in MESSAGES["Blink twice"]


@pytest.mark.parametrize("po", CATALOGUES, ids=lambda po: po.parent.parent.name)
def test_no_sentence_is_left_untranslated(po: Path) -> None:
    entries = {entry.message: entry for entry in parse_po(po.read_text(encoding="utf-8"))}
    missing = [message for message in MESSAGES if message not in entries or not entries[message].translation]
    assert missing == [], "run `python -m translations`, then translate what it added"
    assert [entry.message for entry in entries.values() if entry.is_fuzzy] == []
    assert set(entries) - {""} == set(MESSAGES)


@pytest.mark.parametrize("po", CATALOGUES, ids=lambda po: po.parent.parent.name)
def test_what_was_compiled_is_what_is_written(po: Path) -> None:
    text, binary = render(po, MESSAGES)
    assert po.read_text(encoding="utf-8") == text, "run `python -m translations`"
    assert po.with_suffix(".mo").read_bytes() == binary, "run `python -m translations`"


@pytest.mark.parametrize("po", CATALOGUES, ids=lambda po: po.parent.parent.name)
def test_a_translation_fills_in_what_the_sentence_fills_in(po: Path) -> None:
    wrong = [
        entry.message
        for entry in parse_po(po.read_text(encoding="utf-8"))
        if sorted(PLACEHOLDER.findall(entry.message)) != sorted(PLACEHOLDER.findall(entry.translation))
    ]
    assert wrong == []


@pytest.mark.parametrize("po", CATALOGUES, ids=lambda po: po.parent.parent.name)
def test_a_translation_is_not_the_english_sentence(po: Path) -> None:
    same = {
        entry.message
        for entry in parse_po(po.read_text(encoding="utf-8"))
        if entry.message == entry.translation and entry.message
    }
    assert {message for message in same if " " in message} <= SAME_EVERYWHERE


def test_arabic_is_written_in_arabic() -> None:
    po = next(po for po in CATALOGUES if po.parent.parent.name == "ar")
    latin = [
        entry.message
        for entry in parse_po(po.read_text(encoding="utf-8"))
        if entry.message and not ARABIC.search(entry.translation)
    ]
    assert latin == ["Proof of Life"]


def test_a_template_is_read_as_django_looks_sentences_up() -> None:
    source = (
        '{% load i18n %}{% translate "One" %}{% firstof name _("Two") %}'
        "{% blocktranslate trimmed with n=x %}\n  Three\n  {{ n }}{% endblocktranslate %}"
    )
    assert set(read_template(source)) == {"One", "Two", "Three %(n)s"}


def test_a_plural_is_refused_rather_than_lost() -> None:
    with pytest.raises(ValueError, match="ngettext"):
        list(read_python('ngettext("a", "b", 2)'))
    with pytest.raises(ValueError, match="plural"):
        list(
            read_template(
                "{% load i18n %}{% blocktranslate count n=x %}a{% plural %}b{% endblocktranslate %}"
            )
        )


@pytest.mark.parametrize("language", [code for code, _ in settings.LANGUAGES if code != "en"])
def test_whatever_is_stored_as_a_code_has_words_in_every_language(language: str) -> None:
    """The extraction finds marked sentences only; a label that nobody marked would stay English."""
    labels: list[object] = [*EventKind.labels, *SessionStatus.labels]
    for words in (DECISIONS, REASONS, ACTIONS, OUTCOMES, FAULTS, SCORES, SIGNALS):
        labels += words.values()
    english = [str(label) for label in labels]
    with translation.override(language):
        same = [text for label, text in zip(labels, english, strict=True) if str(label) == text]
    assert set(same) <= {"Emotion", "Deepfake", "Final"}
