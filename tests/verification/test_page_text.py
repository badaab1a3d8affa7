"""The sentences of the pages' scripts against what the scripts ask for, in every language."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.utils import translation

from verification import page_text
from verification.liveness.vocabulary import ChallengeFault, Hint, Reason

SCRIPTS = Path(settings.BASE_DIR) / "static" / "js"
LANGUAGES = [code for code, _ in settings.LANGUAGES]


def read_script(name: str) -> str:
    return (SCRIPTS / name).read_text(encoding="utf-8")


def read_words(name: str, constant: str) -> set[str]:
    """The words of a closed list in a script."""
    match = re.search(rf"{constant} = [^\[]*\(\[(.*?)\]\)", read_script(name), re.DOTALL)
    assert match is not None
    return set(re.findall(r'"(\w+)"', match[1]))


def read_asked_messages() -> set[str]:
    asked: set[str] = set()
    for script in SCRIPTS.glob("*.js"):
        asked |= set(re.findall(r'\bsay\("(\w+)"', script.read_text(encoding="utf-8")))
    return asked


def walk(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from walk(item, f"{path}.{key}")
    else:
        yield path, value


@pytest.fixture(params=LANGUAGES)
def catalogue(request: pytest.FixtureRequest) -> Iterator[dict[str, Any]]:
    with translation.override(request.param):
        yield page_text.build_catalogue()


def test_every_hint_and_reason_of_the_wire_has_a_sentence_and_there_is_no_other() -> None:
    assert set(page_text.HINTS) == {str(hint) for hint in Hint} == read_words("protocol.js", "HINTS")
    assert (
        set(page_text.REASONS) == {str(reason) for reason in Reason} == read_words("protocol.js", "REASONS")
    )
    assert set(page_text.MISSES) == {str(fault) for fault in ChallengeFault}


def test_every_fault_that_a_hint_names_has_advice() -> None:
    assert set(page_text.ADVICE) == {str(hint) for hint in Hint} - {"ok", "follow_instruction"}


def test_every_failure_that_the_scripts_know_is_explained() -> None:
    assert set(page_text.CAMERA_FAILURES) == read_words("camera.js", "CAMERA_FAILURES")
    assert set(page_text.CONNECTION_FAILURES) == read_words("verification_socket.js", "CONNECTION_FAILURES")


def test_the_scripts_ask_for_no_message_that_is_missing_and_none_lies_unused() -> None:
    named_by_fault = {"nameMissing", "nameTooLong", "nameInvisible"}
    assert read_asked_messages() | named_by_fault == set(page_text.MESSAGES)


def test_every_explanation_is_short_and_names_no_score(catalogue: dict[str, Any]) -> None:
    for path, explanation in [*catalogue["reason"].items(), *catalogue["failure"].items()]:
        assert 5 <= len(explanation["title"]) <= 60, path
        assert not explanation["title"].endswith("."), path
        assert explanation["detail"].endswith("."), path
        assert explanation["next"] == "" or explanation["next"].endswith((".", "”.", "».", "“.")), path
        assert not re.search(r"score|threshold|floor|\d ?%", " ".join(explanation.values())), path


def test_whatever_is_shown_says_something(catalogue: dict[str, Any]) -> None:
    empty = [path for path, text in walk(catalogue) if not text.strip()]
    assert set(empty) <= {".reason.verified.next", ".failure.declined.next"}


def test_a_hint_fits_one_line_of_the_preview(catalogue: dict[str, Any]) -> None:
    assert {key: text for key, text in catalogue["hint"].items() if len(text) > 45} == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_that_disagrees_with_its_server_names_the_button_that_loads_another(language: str) -> None:
    with translation.override(language):
        advice = page_text.build_catalogue()["failure"]["malformed_message"]["next"]
        assert translation.gettext("Try again") in advice
