"""A typo in a setting must stop the start, not switch something off."""

from pathlib import Path

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from hypothesis import given
from hypothesis import strategies as st

from polsite.environment import StrictEnv
from verification import limits

NAME = "POL_TEST_VARIABLE"


@pytest.fixture
def env(monkeypatch: pytest.MonkeyPatch) -> StrictEnv:
    monkeypatch.delenv(NAME, raising=False)
    return StrictEnv()


@pytest.mark.parametrize(
    ("text", "flag"), [("1", True), ("Yes", True), ("off", False), (" 0 ", False), ("", False)]
)
def test_a_flag_has_few_spellings(
    env: StrictEnv, monkeypatch: pytest.MonkeyPatch, text: str, flag: bool
) -> None:
    monkeypatch.setenv(NAME, text)
    assert env.bool(NAME, default=not flag) is flag


@given(text=st.text(st.characters(categories=["L", "N"]), min_size=1))
def test_any_other_spelling_of_a_flag_is_refused_by_name(text: str) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv(NAME, text)
        try:
            StrictEnv().bool(NAME, default=True)
        except ImproperlyConfigured as error:
            assert NAME in str(error)
        else:
            assert text.strip().lower() in {"1", "true", "yes", "on", "0", "false", "no", "off"}


def test_an_unset_flag_has_its_default(env: StrictEnv) -> None:
    assert env.bool(NAME, default=True) is True
    assert env.bool(NAME, default=False) is False


def test_blanks_around_the_items_of_a_list_do_not_count(
    env: StrictEnv, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(NAME, "blink, nod,, smile ")
    assert env.list(NAME, default=[]) == ["blink", "nod", "smile"]


@pytest.mark.parametrize(
    "text", ["60/week", "60/month", "60", "60 / min", "/min", "-1/min", "1.5/min", "٣/min", ""]
)
def test_a_rate_that_nobody_can_count_by_is_refused_by_name(
    env: StrictEnv, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv(NAME, text)
    with pytest.raises(ImproperlyConfigured, match=f"{NAME} must be a number, a slash"):
        env.rate(NAME, default="60/min")


@pytest.mark.parametrize("period", ["s", "sec", "second", "m", "min", "minute", "h", "hour", "d", "day"])
def test_every_rate_that_is_taken_can_be_counted_by(
    env: StrictEnv, monkeypatch: pytest.MonkeyPatch, period: str
) -> None:
    monkeypatch.setenv(NAME, f"3/{period}")
    monkeypatch.setitem(settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"], "public", env.rate(NAME))
    assert [limits.spend("public", period) > 0 for _ in range(4)] == [False, False, False, True]


def test_a_secret_is_read_from_a_file_without_its_last_newline(
    env: StrictEnv, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text("correct horse\n")
    # A name of its own: django-environ remembers what it read from a file.
    monkeypatch.setenv(f"{NAME}_SECRET_FILE", str(tmp_path / "secret"))
    assert env.str(f"{NAME}_SECRET") == "correct horse"
