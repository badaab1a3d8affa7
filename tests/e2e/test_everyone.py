"""Keyboard, screen reader, languages, right-to-left, small and large text, light and dark."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.e2e.browsing import RunningServer, agree, await_state
from tests.e2e.scripted import ScriptedSocket

PHONE = ViewportSize(width=390, height=780)
SMALL_PHONE = ViewportSize(width=375, height=553)
SMALLEST_PHONE = ViewportSize(width=320, height=640)
LYING_PHONE = ViewportSize(width=780, height=360)
LEAST_TARGET_PX = 24
FITS = "e => e.scrollWidth <= e.clientWidth + 1"
HINT_HIDES_THE_FACE = """() => {
  const [hint, stage] = ["hint", "stage"].map((id) => document.getElementById(id).getBoundingClientRect());
  return hint.top < stage.bottom && hint.bottom > stage.top && hint.left < stage.right && hint.right > stage.left;
}"""
OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


def reach_a_challenge(page: Page, socket: ScriptedSocket) -> None:
    """From the consent to the first movement."""
    agree(page)
    await_state(page, "aligning")
    pass_alignment(page, socket)


def pass_alignment(page: Page, socket: ScriptedSocket) -> None:
    socket.outcome(passed=True)
    socket.challenge("turn_left", 1)
    await_state(page, "challenging")


def end_in_failure(page: Page, socket: ScriptedSocket) -> None:
    socket.result("fail", "challenge_failed")
    await_state(page, "finished")


def test_the_whole_check_can_be_done_with_the_keyboard(page: Page, server: RunningServer) -> None:
    socket = ScriptedSocket(page)
    page.goto(server.open_session())
    expect(page.locator("#start-camera")).to_be_enabled()
    press_until_focused(page, "#start-camera")
    page.keyboard.press("Enter")
    await_state(page, "aligning")
    assert page.evaluate("() => document.activeElement.id") == "session-panel"
    pass_alignment(page, socket)
    press_until_focused(page, "#skip")
    page.keyboard.press("Enter")
    page.wait_for_timeout(100)
    assert socket.said[-1]["type"] == "skip"
    end_in_failure(page, socket)
    assert page.evaluate("() => document.activeElement.id") == "result-title"
    press_until_focused(page, "#retry")


def press_until_focused(page: Page, selector: str) -> None:
    for _ in range(15):
        page.keyboard.press("Tab")
        if page.evaluate("s => document.activeElement.matches(s)", selector):
            outline = page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle")
            assert outline != "none", f"{selector} shows no focus"
            return
    raise AssertionError(f"{selector} cannot be reached with the Tab key")


def test_a_screen_reader_hears_the_same_words(page: Page, server: RunningServer) -> None:
    socket = ScriptedSocket(page)
    page.goto(server.open_session())
    agree(page)
    await_state(page, "aligning")
    socket.feedback("too_dark")
    assert page.locator("#instruction").get_attribute("aria-live") == "assertive"
    hint = page.get_by_role("status").filter(has_text="It is too dark. Turn towards a light")
    expect(hint).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_text("Look straight into the camera")


@pytest.mark.parametrize(
    ("language", "words"),
    [("es", "Demuestra que estás aquí"), ("de", "Zeigen Sie"), ("ar", "أثبت أنك هنا")],
)
def test_the_browsers_language_is_the_pages(
    browser: Browser, server: RunningServer, language: str, words: str
) -> None:
    context = browser.new_context(locale=language)
    page = context.new_page()
    page.goto(server.url)
    expect(page.get_by_role("heading", level=1)).to_contain_text(words)
    assert page.locator("html").get_attribute("lang") == language
    assert page.locator("html").get_attribute("dir") == ("rtl" if language == "ar" else "ltr")
    context.close()


def test_changing_the_language_keeps_the_ticket_and_reaches_the_instructions(
    page: Page, server: RunningServer
) -> None:
    page.goto(server.open_session())
    page.locator("#languages summary").click()
    page.get_by_role("link", name="Deutsch").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Bevor die Kamera angeht")
    page.wait_for_function("() => location.hash === ''")
    agree(page)
    await_state(page, "aligning", "challenging")
    expect(page.locator("html")).to_have_attribute("lang", "de")
    expect(page.locator("#instruction")).to_contain_text("Sie")


@pytest.mark.parametrize(
    ("language", "phone"),
    [("en", PHONE), ("ar", PHONE), ("de", SMALL_PHONE), ("en", SMALLEST_PHONE), ("de", LYING_PHONE)],
    ids=["en", "ar", "de-small", "en-smallest", "de-lying"],
)
def test_a_phone_shows_the_whole_page_without_scrolling(
    browser: Browser, server: RunningServer, language: str, phone: ViewportSize
) -> None:
    context = browser.new_context(permissions=["camera"], viewport=phone, has_touch=True)
    page = context.new_page()
    socket = ScriptedSocket(page, language=language)
    page.goto(server.open_session(locale=language))
    assert page.evaluate(OVERFLOW) <= 0
    agree(page)
    await_state(page, "aligning")
    socket.feedback("too_dark")
    assert page.evaluate(OVERFLOW) <= 0
    for selector in ("#instruction", "#stage", "#hint", "#cancel"):
        box = page.locator(selector).bounding_box()
        assert box is not None, selector
        assert box["y"] + box["height"] <= phone["height"], selector
    assert page.evaluate("() => window.scrollY") == 0
    assert page.evaluate(HINT_HIDES_THE_FACE) is False
    end_in_failure(page, socket)
    assert page.evaluate(OVERFLOW) <= 0
    context.close()


@pytest.mark.parametrize(("width", "language"), [(800, "en"), (390, "de"), (390, "ar"), (320, "de")])
def test_text_twice_as_large_loses_nothing(
    page: Page, server: RunningServer, width: int, language: str
) -> None:
    socket = ScriptedSocket(page, language=language)
    page.set_viewport_size({"width": width, "height": 780})
    for address in (f"{server.url}/?lang={language}", server.open_session(locale=language)):
        page.goto(address)
        page.evaluate("() => { document.documentElement.style.fontSize = '200%'; }")
        assert page.evaluate(OVERFLOW) <= 0
    reach_a_challenge(page, socket)
    socket.feedback("too_dark")
    assert page.evaluate(OVERFLOW) <= 0
    for selector in ("#instruction", "#hint", "#skip", "#cancel"):
        assert page.locator(selector).evaluate(FITS), selector
    end_in_failure(page, socket)
    assert page.evaluate(OVERFLOW) <= 0


# Where the focus is, and what the next stop is compared with: the place in the document.
DESCRIBE_FOCUS = """() => {
  const element = document.activeElement;
  const before = window.lastFocused;
  window.lastFocused = element;
  const { width, height } = element.getBoundingClientRect();
  return {
    name: element.id || element.textContent.trim(),
    isAfterTheLast: !before || Boolean(before.compareDocumentPosition(element) & Node.DOCUMENT_POSITION_FOLLOWING),
    outline: getComputedStyle(element).outlineStyle,
    size: Math.min(width, height),
  };
}"""


def walk_with_tab(page: Page, last: str) -> list[str]:
    """The stops up to the last one: in the order in which the page is read, each to be seen and to be hit."""
    stops: list[str] = []
    while last not in stops:
        page.keyboard.press("Tab")
        focus = page.evaluate(DESCRIBE_FOCUS)
        assert focus["isAfterTheLast"], focus
        assert focus["outline"] != "none", focus
        assert focus["size"] >= LEAST_TARGET_PX, focus
        stops.append(focus["name"])
    return stops


def test_the_focus_goes_in_the_order_of_reading_and_each_stop_is_seen_and_large_enough(
    page: Page, server: RunningServer
) -> None:
    socket = ScriptedSocket(page)
    page.goto(server.open_session())
    expect(page.locator("#start-camera")).to_be_enabled()
    assert walk_with_tab(page, "decline")[-2:] == ["start-camera", "decline"]
    reach_a_challenge(page, socket)
    page.evaluate("() => { window.lastFocused = null; }")
    assert walk_with_tab(page, "cancel")[0] == "skip"
    end_in_failure(page, socket)
    page.evaluate("() => { window.lastFocused = null; }")
    assert walk_with_tab(page, "help")[0] == "retry"


def test_whoever_wants_less_motion_gets_none(browser: Browser, server: RunningServer) -> None:
    context = browser.new_context(permissions=["camera"], reduced_motion="reduce")
    page = context.new_page()
    socket = ScriptedSocket(page)
    page.goto(server.open_session())
    reach_a_challenge(page, socket)
    assert page.evaluate("() => document.getAnimations().filter(a => a instanceof CSSAnimation).length") == 0
    context.close()


def test_nothing_flashes_more_than_three_times_a_second() -> None:
    """WCAG 2.3.1: no animation of the capture page is short enough, and each changes twice a turn at most."""
    for sheet in ("capture.css", "pictogram.css"):
        text = (Path(settings.BASE_DIR) / "static/css" / sheet).read_text(encoding="utf-8")
        for name, seconds in re.findall(r"animation: ([\w-]+) ([\d.]+)s[^;]*infinite", text):
            assert float(seconds) >= 1.0, name
