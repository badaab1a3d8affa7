"""One server, one camera file and one browser for all tests here; each test has a page of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

from tests.e2e.browsing import CHROMIUM, RunningServer, record_camera, run_browser, run_server
from tests.subject.portrait import find_landmarker_model


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    reasons = []
    if CHROMIUM is None:
        reasons.append("Chromium is not installed")
    if not find_landmarker_model().is_file():
        reasons.append("face_landmarker.task is not installed")
    for item in items:
        if reasons and Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.skip(reason="; ".join(reasons)))


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with run_server(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture(
    scope="module"
)  # its driver keeps an event loop running, which tests of other modules must not meet
def browser() -> Iterator[Browser]:
    with run_browser(record_camera()) as chromium:
        yield chromium


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    fresh = browser.new_context(permissions=["camera"])
    yield fresh
    fresh.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A page on which no script may fail and nothing may be refused by the security policy."""
    page = context.new_page()
    problems = watch_problems(page)
    yield page
    assert problems == []


def watch_problems(page: Page) -> list[str]:
    """Errors of the page's scripts and console, as they come."""
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: _note_console(message, problems))
    return problems


def _note_console(message: ConsoleMessage, problems: list[str]) -> None:
    # Django's admin has inline styles that our policy refuses; nothing there depends on them.
    if message.type == "error" and "/admin/" not in str(message.location):
        problems.append(message.text)
