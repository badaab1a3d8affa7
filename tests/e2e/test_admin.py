"""The reviewers' pages in a real browser: what they show, whom they let, and that everybody can use them."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect
from websockets.sync.client import ClientConnection, connect

from tests.e2e.admin_screens import SESSIONS, log_in, run_staffed
from tests.e2e.axe import find_violations, needs_axe
from tests.e2e.conftest import watch_problems
from tests.server.processes import Daphne

PARTIES = "/admin/verification/relyingparty/"
PAGES = (
    "/admin/",
    "/admin/monitor/",
    SESSIONS,
    f"{SESSIONS}?q=nobody",
    f"{SESSIONS}{{session}}/change/",
    f"{SESSIONS}{{waiting}}/end/",
    "/admin/audit/auditevent/?kind__exact=session_concluded",
    "/admin/audit/auditevent/?user_id=nobody",
    "/admin/audit/auditevent/1/change/",
    "/admin/erase/",
    PARTIES,
    f"{PARTIES}1/change/",
    f"{PARTIES}add/",
    f"{PARTIES}1/issue-key/",
    "/admin/auth/user/",
    "/admin/auth/user/1/change/",
    "/admin/auth/group/",
    "/admin/auth/group/1/change/",
    "/admin/password_change/",
)
PATIENCE_MS = 60_000
PHONE_WIDTH, HEIGHT = 360, 900
Open = Callable[..., Page]


@pytest.fixture(scope="module")
def staffed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daphne]:
    with run_staffed(tmp_path_factory.mktemp("staffed"), 25) as daphne:
        yield daphne


@pytest.fixture
def open_as(browser: Browser, staffed: Daphne) -> Iterator[Open]:
    """Open the admin in a browser profile of its own, signed in; no script may fail, nothing be refused."""
    expect.set_options(timeout=PATIENCE_MS)
    contexts: list[BrowserContext] = []
    problems: list[list[str]] = []

    def open_signed_in(name: str, *, width: int = 1280, **options: object) -> Page:
        context = browser.new_context(viewport={"width": width, "height": HEIGHT}, **options)  # type: ignore[arg-type]
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        page = context.new_page()
        problems.append(watch_problems(page))
        # The shared watch lets the admin's pages refuse a style; ours have none to refuse.
        page.on("console", lambda message: note_error(message, problems[-1]))
        log_in(page, staffed, name)
        return page

    yield open_signed_in
    for context in contexts:
        context.close()
    assert [text for found in problems for text in found] == []


def note_error(message: ConsoleMessage, problems: list[str]) -> None:
    if message.type == "error":
        problems.append(message.text)


def find_session(page: Page, server: Daphne, query: str) -> str:
    page.goto(f"{server.url}{SESSIONS}?{query}")
    address = page.locator("#result_list tbody th a").first.get_attribute("href")
    assert address
    return address.removeprefix(SESSIONS).split("/")[0]


def find_sessions(page: Page, server: Daphne) -> dict[str, str]:
    """What the addresses in PAGES leave open."""
    return {
        "session": find_session(page, server, "decision__exact=fail"),
        "waiting": find_session(page, server, "status__exact=created"),
    }


def go(person: ClientConnection, *kinds: str) -> str:
    """The first message of one of these kinds."""
    while True:
        text = str(person.recv(timeout=60))
        if any(f'"type": "{kind}"' in text for kind in kinds):
            return text


@needs_axe
@pytest.mark.parametrize(("language", "width"), [("en", 1280), ("es", 1280), ("de", 360), ("ar", 360)])
def test_each_page_in_each_language_satisfies_axe_and_its_security_policy_and_fits_a_phone(
    open_as: Open, staffed: Daphne, language: str, width: int
) -> None:
    """A refused style or script would be an error of the console, which `open_as` looks at."""
    page = open_as("root", width=width, locale=language)
    ids = find_sessions(page, staffed)
    violations: list[Any] = []
    for address in PAGES:
        page.goto(staffed.url + address.format(**ids))
        assert page.locator("html").get_attribute("lang") == language
        violations += find_violations(page)
        page.set_viewport_size({"width": PHONE_WIDTH, "height": HEIGHT})
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE_WIDTH, address
        page.set_viewport_size({"width": width, "height": HEIGHT})
    with page.expect_navigation(wait_until="load"):
        page.locator("#logout-form button").click()
    violations += find_violations(page)
    page.goto(f"{staffed.url}/admin/login/")
    violations += find_violations(page)
    assert violations == []


def test_a_session_page_tells_the_story_with_charts_and_without_a_face(
    open_as: Open, staffed: Daphne
) -> None:
    page = open_as("reviewer")
    page.goto(f"{staffed.url}{SESSIONS}{find_session(page, staffed, 'decision__exact=pass')}/change/")
    expect(page.locator(".timeline > li")).not_to_have_count(0)
    expect(page.locator("figure.course")).to_have_count(10)
    assert page.locator("figure.course circle").count() > 10
    assert page.locator("main img, main video, main canvas").count() == 0
    page.get_by_text("Table of scores and signals").click()
    expect(page.get_by_role("columnheader", name="Parallax")).to_be_visible()


def test_two_browsers_watch_one_session_and_an_operator_ends_it_for_the_person(
    open_as: Open, staffed: Daphne
) -> None:
    reviewer, operator = open_as("reviewer"), open_as("operator")
    for page in (reviewer, operator):
        page.goto(f"{staffed.url}/admin/monitor/")
        expect(page.locator("[data-connection=live]")).to_be_visible()
    opened = staffed.open_session("subject-777")
    row = f"tr[data-session='{opened['session_id']}']"
    for page in (reviewer, operator):
        expect(page.locator(row)).to_contain_text("Waiting for the person")
    expect(reviewer.locator(f"{row} a.button")).to_have_count(0)
    with connect(opened["websocket_url"]) as person:
        person.send('{"type": "ready", "camera": {}}')
        go(person, "challenge")
        expect(reviewer.locator(row)).to_contain_text("Alignment: look straight")
        operator.locator(f"{row} a.button").click()
        operator.get_by_role("button", name="End the session").click()
        expect(operator.get_by_text("The session was ended")).to_be_visible()
        assert '"reason": "cancelled"' in go(person, "result")
    for page in (reviewer, operator):
        expect(page.locator(row)).to_have_count(0)
    assert staffed.read_session(opened)["decision"] == "inconclusive"


def test_focus_stays_on_a_row_that_changes(open_as: Open, staffed: Daphne) -> None:
    page = open_as("operator")
    page.goto(f"{staffed.url}/admin/monitor/")
    opened = staffed.open_session("subject-778")
    link = page.locator(f"tr[data-session='{opened['session_id']}'] a.button")
    link.focus()
    with connect(opened["websocket_url"]) as person:
        person.send('{"type": "ready", "camera": {}}')
        expect(page.locator(f"tr[data-session='{opened['session_id']}']")).to_contain_text("Alignment")
        expect(link).to_be_focused()
        person.send('{"type": "cancel"}')
        go(person, "result")


def test_the_audit_log_is_filtered_and_downloaded(open_as: Open, staffed: Daphne) -> None:
    page = open_as("reviewer")
    page.goto(f"{staffed.url}/admin/audit/auditevent/")
    page.get_by_label("Kind").select_option("session_concluded")
    page.get_by_role("button", name="Show").click()
    page.wait_for_url("**kind__exact=session_concluded**")
    kinds = page.locator("#result_list .field-kind").all_inner_texts()
    assert set(kinds) == {"Session concluded"}
    with page.expect_download() as caught:
        page.get_by_role("link", name="CSV").click()
    lines = Path(caught.value.path()).read_text().splitlines()
    assert len(lines) == len(kinds) + 1
    page.get_by_role("button", name="Verify now").click()
    expect(page.get_by_text("The chain is intact.")).to_be_visible()


def test_erasing_by_keyboard_alone(open_as: Open, staffed: Daphne) -> None:
    staffed.open_session("subject-666")
    page = open_as("root")
    page.goto(f"{staffed.url}/admin/erase/")
    page.get_by_label("User id").focus()
    page.keyboard.type("subject-666")
    page.keyboard.press("Enter")
    confirm = page.get_by_role("button", name="Erase this subject")
    confirm.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("now carry the pseudonym erased-")).to_be_visible()
    page.goto(f"{staffed.url}{SESSIONS}?q=subject-666")
    expect(page.get_by_text("Found: 0")).to_be_visible()
