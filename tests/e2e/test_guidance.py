"""What the page makes of each message: hints, ticks, pace, skips, endings and ways out."""

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.e2e.browsing import RunningServer, agree, await_state
from tests.e2e.scripted import ScriptedSocket

FAR = (0.42, 0.38, 0.16, 0.24)
LEFT_OF_THE_MIDDLE = (0.05, 0.3, 0.3, 0.5)


@pytest.fixture
def socket(page: Page, server: RunningServer) -> ScriptedSocket:
    """A check that has got as far as the alignment step."""
    socket = ScriptedSocket(page)
    page.goto(server.open_session(redirect_uri="https://shop.example/done"))
    agree(page)
    await_state(page, "aligning")
    return socket


def test_the_oval_shows_distance_and_direction_by_shape(page: Page, socket: ScriptedSocket) -> None:
    guide = page.locator("#guide")
    socket.feedback("move_closer", box=FAR)
    expect(page.locator("#hint")).to_have_text("Come a little closer")
    expect(guide).to_have_attribute("data-move", "closer")
    width = float(page.locator("#guide-face").get_attribute("rx") or 0)
    assert 20 < width < 60  # the oval's own is 102
    socket.feedback("center_face", box=LEFT_OF_THE_MIDDLE)
    page.wait_for_timeout(450)  # a hint must last before it replaces another
    socket.feedback("center_face", box=LEFT_OF_THE_MIDDLE)
    expect(guide).to_have_attribute("data-move", "left")  # mirrored: the face is at the right of the preview
    page.wait_for_timeout(450)
    socket.feedback("ok", 0.5, LEFT_OF_THE_MIDDLE)
    page.wait_for_timeout(450)
    socket.feedback("ok", 0.5, LEFT_OF_THE_MIDDLE)
    expect(guide).to_have_attribute("data-shape", "ok")
    expect(guide).to_have_attribute("data-move", "none")


def test_the_next_challenge_waits_until_the_tick_was_seen(page: Page, socket: ScriptedSocket) -> None:
    instruction = page.locator("#instruction")
    watch = """() => new MutationObserver(() => { window.shownAt = performance.now(); })
      .observe(document.getElementById('instruction'), { childList: true })"""
    page.evaluate(watch)
    page.evaluate("() => { window.toldAt = performance.now(); }")
    socket.outcome(passed=True)
    socket.challenge("turn_left", 1)
    expect(page.locator("#guide")).to_have_attribute("data-tick", "on")
    expect(instruction).to_have_text("Look straight into the camera")
    expect(instruction).to_have_text("Turn your head to your left")
    assert page.evaluate("() => window.shownAt - window.toldAt") >= 600
    expect(page.locator("#step")).to_have_text("Step 1 of 3")
    expect(page.locator("#pictogram")).to_have_attribute("data-action", "turn_left")


def test_a_skip_is_asked_for_and_answered_kindly(page: Page, socket: ScriptedSocket) -> None:
    socket.outcome(passed=True)
    for action in ("turn_left", "smile", "open_mouth"):
        socket.challenge(action, 1)
        await_state(page, "challenging")
        skip = page.get_by_role("button", name="I can’t do this")
        if action == "open_mouth":  # the third one cannot be skipped
            expect(page.locator("#instruction")).to_have_text("open_mouth")
            expect(skip).to_be_hidden()
            return
        expect(skip).to_be_enabled()
        skip.click()
        page.wait_for_timeout(100)
        socket.outcome(passed=False, reason="skipped")
        expect(page.locator("#hint")).to_have_text("No problem, here is another one")
    assert [said["type"] for said in socket.said] == ["ready", "skip", "skip"]


def test_a_miss_says_why_and_a_failure_says_what_to_change(page: Page, socket: ScriptedSocket) -> None:
    socket.outcome(passed=True)
    socket.challenge("turn_left", 1)
    await_state(page, "challenging")
    for _ in range(8):
        socket.feedback("too_dark")
    socket.outcome(passed=False, reason="poor_capture", attempts_left=1)
    expect(page.locator("#hint")).to_have_text("The picture was not clear. Tries left: 1")
    socket.result("inconclusive", "poor_capture")
    await_state(page, "finished")
    expect(page.locator("#result-detail")).to_have_text(
        "The room was too dark. Turn on a light in front of you."
    )
    expect(page.get_by_role("button", name="Try again")).to_be_visible()
    expect(page.locator("#retries-left")).to_have_text("Tries left: 2")
    expect(page.get_by_role("link", name="Verify another way")).to_have_attribute(
        "href", "https://shop.example/desk?session_id=" + page.url.rsplit("/", 1)[1]
    )
    expect(page.get_by_role("link", name="Get help")).to_be_visible()
    assert "0." not in page.locator("#result-panel").inner_text()  # no score anywhere


def test_what_looks_like_an_attack_offers_ways_out_and_no_other_try(
    page: Page, socket: ScriptedSocket
) -> None:
    socket.result("fail", "injection_suspected")
    await_state(page, "finished")
    expect(page.get_by_role("button", name="Try again")).to_be_hidden()
    expect(page.locator("#retries-left")).to_have_text("No further try is left here.")
    expect(page.locator("#result-next")).to_contain_text("Close such programs")
    expect(page.get_by_role("link", name="Verify another way")).to_have_class("button primary")


def test_a_pass_goes_back_to_the_party_without_the_token(page: Page, socket: ScriptedSocket) -> None:
    page.route("https://shop.example/**", lambda route: route.fulfill(body="the shop"))
    socket.result("pass", "verified", token="e30.e30.e30")
    await_state(page, "finished")
    expect(page.locator("#result-title")).to_have_text("You are verified")
    expect(page.locator("#token-box")).to_be_hidden()
    page.wait_for_url("https://shop.example/done?session_id=*")
    assert "e30" not in page.url


@pytest.mark.parametrize(
    ("code", "reason"),
    [(1006, "disconnected"), (4401, "ticket_refused"), (4409, "already_connected"), (4429, "rate_limited"),
     (4500, "server_error"), (4503, "server_overloaded")],
)  # fmt: skip
def test_each_loss_of_the_socket_ends_in_its_own_words(
    page: Page, socket: ScriptedSocket, code: int, reason: str
) -> None:
    socket.close(code if code != 1006 else 1011)
    await_state(page, "failed", timeout_s=2)
    expect(page.locator("#result-panel")).to_have_attribute("data-reason", reason)


@pytest.mark.parametrize(
    ("code", "what_to_do"),
    [
        (4401, "ask for a new one"),
        (4403, "Open the link as you received it"),
        (4409, "Go on in the other tab"),
        (4410, "ask for a new one"),
    ],
)
def test_where_no_try_can_help_the_page_says_what_does(
    page: Page, socket: ScriptedSocket, code: int, what_to_do: str
) -> None:
    socket.close(code)
    await_state(page, "failed")
    expect(page.locator("#result-next")).to_contain_text(what_to_do)
    expect(page.locator("#retries-left")).to_be_hidden()
    expect(page.get_by_role("button", name="Try again")).to_be_hidden()


def test_nobody_is_told_to_try_again_who_cannot(page: Page, server: RunningServer) -> None:
    socket = ScriptedSocket(page)
    page.route("**/verify/*", spend_all_tries)
    page.goto(server.open_session())
    agree(page)
    await_state(page, "aligning")
    socket.close(4500)
    await_state(page, "failed")
    expect(page.locator("#retries-left")).to_have_text("No further try is left here.")
    expect(page.locator("#result-next")).to_be_hidden()


def spend_all_tries(route: Route) -> None:
    """The page as it is in the last session that the policy allows."""
    response = route.fetch()
    route.fulfill(response=response, body=response.text().replace('retries-left="2"', 'retries-left="0"'))


def test_a_connection_that_hangs_ends_in_words(page: Page, server: RunningServer) -> None:
    ScriptedSocket(page, is_silent=True)
    page.goto(server.open_session())
    agree(page)
    await_state(page, "connecting")
    expect(page.locator("#hint")).to_have_text("Still connecting. The line seems slow", timeout=6_000)
    await_state(page, "failed")
    expect(page.locator("#result-title")).to_have_text("The service does not answer")


def test_the_instruction_stays_in_its_place_when_the_time_bar_goes(
    page: Page, socket: ScriptedSocket
) -> None:
    top = "document.getElementById('instruction').getBoundingClientRect().top"
    bar = page.locator("#time-left")
    expect(bar).to_be_visible()
    before = page.evaluate(top)
    socket.outcome(passed=True)
    expect(bar).to_be_hidden()
    assert page.evaluate(top) == before


def test_a_line_that_dies_between_two_challenges_is_told(page: Page, socket: ScriptedSocket) -> None:
    socket.outcome(passed=True)
    await_state(page, "failed", timeout_s=20)
    expect(page.locator("#result-panel")).to_have_attribute("data-reason", "server_silent")


def test_a_consent_that_takes_long_is_not_silent(page: Page, server: RunningServer) -> None:
    waiting: list[Route] = []
    page.goto(server.open_session())
    page.route(
        "**/consent", lambda route: waiting.extend([route])
    )  # whose own `append` Playwright cannot mark
    agree(page)
    status = page.locator("#consent-panel").get_by_role("status")
    expect(status).to_have_text("One moment")
    waiting[0].continue_()
    await_state(page, "aligning")
    expect(status).to_be_hidden()


def test_a_consent_that_cannot_be_recorded_starts_no_camera(
    context: BrowserContext, server: RunningServer
) -> None:
    page = context.new_page()
    page.goto(server.open_session())
    page.route("**/consent", lambda route: route.abort())
    page.evaluate(
        "() => { navigator.mediaDevices.getUserMedia = () => { window.opened = true; return new Promise(() => {}); }; }"
    )
    agree(page)
    await_state(page, "failed")
    assert page.evaluate("() => window.opened") is None
    page.unroute("**/consent")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("button", name="I agree, start camera")).to_be_visible()
