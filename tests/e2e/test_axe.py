"""axe on every page of the person's, in every language, light and dark."""

from collections.abc import Callable, Iterator
from functools import partial

import pytest
from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.e2e.axe import find_violations, needs_axe
from tests.e2e.browsing import RunningServer, agree, await_state, run_server
from tests.e2e.scripted import ScriptedSocket
from tests.e2e.test_camera import TWO_CAMERAS
from tests.e2e.test_everyone import end_in_failure, reach_a_challenge

LANGUAGES = [code for code, _ in settings.LANGUAGES]


@pytest.fixture(scope="module")
def full_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """With the pool and the count of a fresh installation: with fewer there is nothing to set aside."""
    with run_server(tmp_path_factory.mktemp("full"), POL_CHALLENGES="", POL_CHALLENGE_COUNT="3-5") as running:
        yield running


def see_single_pages(page: Page, server: RunningServer, language: str) -> Iterator[str]:
    page.goto(f"{server.url}/?lang={language}")
    yield "landing"
    page.goto(f"{server.url}/verify/00000000-0000-0000-0000-000000000000?lang={language}")
    yield "unknown link"
    page.goto(f"{server.url}/oidc/authorize?lang={language}")
    yield "refused sign-in"
    for name in ("404.html", "500.html"):  # this server shows developers other pages than these
        with translation.override(language):
            body = render_to_string(name)
        address = f"{server.url}/gone/{name}"
        page.route(address, partial(answer_with, body))
        page.goto(address)
        yield name


def answer_with(body: str, route: Route) -> None:
    route.fulfill(body=body, content_type="text/html")


def see_a_failed_check(page: Page, server: RunningServer, language: str) -> Iterator[str]:
    socket = ScriptedSocket(page, language=language)
    page.goto(server.open_session(locale=language))
    expect(page.locator("#set-aside")).to_be_attached()  # find_violations opens what can be opened
    yield "consent"
    reach_a_challenge(page, socket)
    socket.feedback("too_dark")
    yield "challenge"
    end_in_failure(page, socket)
    yield "failure"


def see_a_pass(page: Page, server: RunningServer, language: str) -> Iterator[str]:
    socket = ScriptedSocket(page, language=language)
    page.add_init_script(f"({TWO_CAMERAS})()")
    page.goto(server.open_session(locale=language))
    agree(page)
    page.locator("#begin").wait_for()
    yield "camera choice"
    page.locator("#begin").click()
    await_state(page, "aligning")
    socket.result("pass", "verified", token="e30.eyJhbXIiOlsiZmFjZSJdfQ.e30")
    await_state(page, "finished")
    yield "token"


def see_doubts(page: Page, server: RunningServer, language: str) -> Iterator[str]:
    socket = ScriptedSocket(page, language=language)
    page.goto(server.open_session(locale=language))
    reach_a_challenge(page, socket)
    page.locator("#hint[data-tone=adjust]").wait_for()  # no frame is answered
    yield "silent line"
    socket.outcome(passed=False, reason="not_performed", attempts_left=2)
    yield "miss"


def see_what_is_over(page: Page, server: RunningServer, language: str) -> Iterator[str]:
    address = server.open_session(locale=language).replace("#", f"?lang={language}#")
    other = page.context.new_page()
    other.goto(address)
    agree(other)
    await_state(other, "aligning", "challenging")
    page.goto(address)
    yield "running"
    other.locator("#cancel").click()
    await_state(other, "failed", "finished")
    other.close()
    page.reload()
    yield "over"
    page.goto(server.open_session(locale=language))
    page.locator("#decline").click()
    await_state(page, "failed", "finished")
    yield "declined"


@needs_axe
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "walk", [see_single_pages, see_a_failed_check, see_a_pass, see_doubts, see_what_is_over]
)
def test_axe_finds_nothing_on_any_page_in_any_language_light_or_dark(
    context: BrowserContext, full_server: RunningServer, walk: Callable[..., Iterator[str]], language: str
) -> None:
    page = context.new_page()
    page.emulate_media(reduced_motion="reduce")
    found = {place: find_violations(page) for place in walk(page, full_server, language)}
    assert len(found) > 1
    assert {place: violations for place, violations in found.items() if violations} == {}
