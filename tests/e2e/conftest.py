"""One server, one camera file and one browser for all tests here; each test has a page of its own."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import ValidationError
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, WebSocket

from tests.asyncapi import check_client_message, check_server_message
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
    """Errors of the page's scripts and console, and messages that AsyncAPI does not describe, as they come."""
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: _note_console(message, problems))
    page.on("websocket", lambda socket: _watch_socket(socket, problems))
    return problems


def _watch_socket(socket: WebSocket, problems: list[str]) -> None:
    if "/ws/verify/" in socket.url:
        socket.on("framereceived", lambda payload: _note_message(payload, check_server_message, problems))
        socket.on("framesent", lambda payload: _note_message(payload, check_client_message, problems))


def _note_message(payload: str | bytes, check: Callable[[dict[str, Any]], None], problems: list[str]) -> None:
    if isinstance(payload, bytes):  # pictures, whose header the server reads
        return
    try:
        check(json.loads(payload))
    except (AssertionError, ValidationError) as error:
        problems.append(f"{payload[:200]}: {error}")


def _note_console(message: ConsoleMessage, problems: list[str]) -> None:
    # Django's admin has inline styles that our policy refuses; nothing there depends on them.
    if message.type == "error" and "/admin/" not in str(message.location):
        problems.append(message.text)
