"""The example shop: a page of another origin shows the check and hears what came of it."""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Frame, Page, expect

from tests.e2e.browsing import ROOT, RunningServer, await_port
from tests.e2e.scripted import ScriptedSocket


@pytest.fixture(scope="module")
def shop(server: RunningServer) -> Iterator[str]:
    environment = os.environ | {"POL_URL": server.url, "POL_API_KEY": server.api_key}
    command = [sys.executable, str(ROOT / "examples/embed/shop.py"), str(server.shop_port)]
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    try:
        await_port(server.shop_port, process)
        yield server.shop_origin
    finally:
        process.terminate()
        process.wait(timeout=10)


@pytest.fixture
def framed(page: Page, shop: str) -> Frame:
    """The check in the shop's page, past consent, in the alignment step; `page.socket` speaks to it."""
    page.goto(shop)
    frame = next(frame for frame in page.frames if "/verify/" in frame.url)
    frame.locator("#start-camera").click()
    frame.wait_for_function("() => document.documentElement.dataset.state === 'aligning'")
    return frame


@pytest.fixture
def socket(page: Page) -> ScriptedSocket:
    return ScriptedSocket(page)


def test_the_shop_hears_that_the_person_is_verified(
    page: Page, socket: ScriptedSocket, framed: Frame
) -> None:
    page.evaluate(
        """() => document.querySelector("proof-of-life").addEventListener("verified", (event) => {
          window.heard = event.detail;
        })"""
    )
    socket.result("pass", "verified", token="e30.e30.e30")
    expect(page.locator("#outcome")).to_have_text("Thank you. Your order is on its way.")
    heard = page.evaluate("() => window.heard")
    assert (heard["decision"], heard["token"]) == ("pass", "e30.e30.e30")
    assert heard["sessionId"] in framed.url


def test_the_shop_hears_a_failure_and_the_person_may_try_again_in_the_frame(
    page: Page, socket: ScriptedSocket, framed: Frame
) -> None:
    first = framed.url
    socket.result("fail", "challenge_failed")
    expect(page.locator("#outcome")).to_have_text("Not verified: challenge_failed")
    expect(framed.get_by_role("button", name="Try again")).to_be_visible()
    assert framed.url == first


def test_the_shop_hears_that_the_person_said_no(page: Page, shop: str) -> None:
    page.goto(shop)
    frame = next(frame for frame in page.frames if "/verify/" in frame.url)
    frame.locator("#decline").click()
    expect(page.locator("#outcome")).to_have_text("No camera, no problem. Call us instead.")


def test_a_page_that_the_party_did_not_name_may_not_show_the_check(
    context: BrowserContext, server: RunningServer, shop: str
) -> None:
    """The same shop by another name is another origin."""
    page = context.new_page()
    with page.expect_response("**/verify/**") as answer:
        page.goto(shop.replace("localhost", "127.0.0.1"))
    assert f"frame-ancestors {server.shop_origin}" in answer.value.headers["content-security-policy"]
    frame = page.frames[1]
    for _ in range(100):
        if frame.url.startswith("chrome-error:"):
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"the frame shows {frame.url}")


def test_only_the_check_itself_can_speak_to_the_shop(
    page: Page, socket: ScriptedSocket, framed: Frame
) -> None:
    page.evaluate("() => window.postMessage({ type: 'proof-of-life:event', name: 'verified' }, '*')")
    page.wait_for_timeout(200)
    expect(page.locator("#outcome")).to_have_text("Please show that you are there.")
