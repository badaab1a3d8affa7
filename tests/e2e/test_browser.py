"""A real browser, a real server, a video file as the camera: from the landing page to the token."""

import json
import signal
from urllib.request import urlopen

from joserfc import jwt
from joserfc.jwk import KeySet
from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e.browsing import STAFF_PASSWORD, RunningServer, agree, await_state, post_json

THE_WHOLE_SESSION_S = 290


def start_session(page: Page, server: RunningServer, name: str) -> None:
    page.goto(server.url)
    page.locator("input[name=user_id]").fill(name)
    page.get_by_role("button", name="Start").click()
    page.wait_for_url("**/verify/**")


def test_a_person_gets_from_the_landing_page_to_a_token_that_others_accept(
    page: Page, server: RunningServer
) -> None:
    start_session(page, server, "alice")
    page.get_by_role("button", name="I agree, start camera").click()
    await_state(page, "finished", "failed", timeout_s=THE_WHOLE_SESSION_S)

    token = page.locator("#token").input_value()
    answer = post_json(f"{server.url}/token/validate", {"token": token})
    assert answer["valid"] is True
    assert answer["payload"]["user_id"] == "alice"
    with urlopen(f"{server.url}/.well-known/jwks.json") as response:
        keys = KeySet.import_key_set(json.load(response))
    decoded = jwt.decode(token, keys, algorithms=["RS256"])
    assert decoded.claims["amr"] == ["face"]
    assert decoded.claims["sub"] == "alice"


def test_whoever_does_not_pass_is_told_why_without_a_score_and_tries_again(
    page: Page, server: RunningServer
) -> None:
    page.goto(server.open_session(is_strict=True))
    agree(page)
    await_state(page, "finished", "failed", timeout_s=THE_WHOLE_SESSION_S)
    panel = page.locator("#result-panel")
    assert panel.get_attribute("data-decision") == "fail"
    assert panel.get_attribute("data-reason") == "score_below_threshold"
    expect(page.locator("#result-title")).to_have_text("We could not be sure enough")
    assert "0." not in panel.inner_text()
    expect(page.locator("#retries-left")).to_have_text("Tries left: 2")
    first = page.url
    page.get_by_role("button", name="Try again").click()
    page.wait_for_url(lambda address: address != first)
    await_state(page, "aligning", "challenging")


def test_the_ticket_leaves_the_address_bar_at_once(page: Page, server: RunningServer) -> None:
    start_session(page, server, "bob")
    page.wait_for_function("() => location.hash === ''")


def test_giving_up_ends_in_words_and_a_way_to_try_again(page: Page, server: RunningServer) -> None:
    page.goto(server.open_session())
    agree(page)
    await_state(page, "aligning", "challenging")
    page.get_by_role("button", name="Cancel").click()
    await_state(page, "failed", "finished")
    assert page.locator("#result-panel").get_attribute("data-reason") == "cancelled"
    first = page.url
    page.get_by_role("button", name="Try again").click()
    page.wait_for_url(lambda address: address != first)
    await_state(page, "aligning", "challenging")


def test_whoever_reloads_in_mid_check_goes_on_with_another_try(
    context: BrowserContext, server: RunningServer
) -> None:
    page = context.new_page()  # whose console may speak of the 410
    page.goto(server.open_session())
    agree(page)
    await_state(page, "aligning", "challenging")
    first = page.url
    assert "#" not in first
    page.reload()
    page.get_by_role("button", name="Try again").click()
    page.wait_for_url(lambda address: address != first)
    expect(page.locator("#capture")).to_have_attribute("data-retries-left", "1")
    await_state(page, "aligning", "challenging")


def test_a_server_that_falls_silent_is_told_within_two_seconds(page: Page, server: RunningServer) -> None:
    """The process is stopped, as a cut line would: nothing is closed, nothing comes."""
    page.goto(server.open_session())
    agree(page)
    await_state(page, "aligning", "challenging")
    expect(page.locator("#hint")).not_to_be_empty()
    server.process.send_signal(signal.SIGSTOP)
    try:
        page.evaluate("window.stoppedAt = performance.now()")
        page.wait_for_function(
            "() => document.getElementById('hint').textContent.includes('Connection lost')"
        )
        waited_ms = page.evaluate("performance.now() - window.stoppedAt")
    finally:
        server.process.send_signal(signal.SIGCONT)
    assert waited_ms < 2_500  # two seconds, and what it takes to stop a process and to look
    page.wait_for_function("() => !document.getElementById('hint').textContent.includes('Connection lost')")


def test_where_no_movement_can_be_spared_none_is_offered_to_be_set_aside(
    page: Page, server: RunningServer
) -> None:
    """This server's pool is as small as a pool may be."""
    page.goto(server.open_session())
    expect(page.locator("#set-aside")).to_have_count(0)


def test_a_no_leads_back_to_the_party_that_asked(page: Page, server: RunningServer) -> None:
    page.route("https://shop.example/**", lambda route: route.fulfill(body="the shop"))
    page.goto(server.open_session(redirect_uri="https://shop.example/done", state="cart 7"))
    page.get_by_role("button", name="No, without the camera").click()
    await_state(page, "finished")
    expect(page.locator("#result-title")).to_have_text("The camera stays off")
    page.wait_for_url("https://shop.example/done**")
    assert "state=cart+7" in page.url
    assert "session_id=" in page.url


def test_staff_log_in_and_read_what_happened(page: Page, server: RunningServer) -> None:
    """Seen broken once: a no-referrer policy makes browsers send `Origin: null`, which CSRF refuses."""
    opened = post_json(f"{server.url}/auth/verify", {"user_id": "dave"})
    page.goto(f"{server.url}/admin/")
    page.locator("#id_username").fill("staff")
    page.locator("#id_password").fill(STAFF_PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.goto(f"{server.url}/admin/audit/auditevent/?q={opened['session_id']}")
    assert page.locator("#result_list").inner_text().count("Session opened") == 1
