"""The states of the person's pages that `tests.e2e.screens` takes pictures of: each function leaves the page in one."""

import os
import subprocess
import sys

from playwright.sync_api import Page

from tests.e2e.browsing import ROOT, RunningServer, agree, await_port, await_state, stop
from tests.e2e.scripted import ScriptedSocket
from tests.e2e.test_camera import DARK, REJECT, TWO_CAMERAS

TOKEN = "e30.eyJhbXIiOlsiZmFjZSJdLCJzdWIiOiJhbGljZSJ9.e30"
# The camera's picture at half its size, on its own ground, and where the face lies in it.
FAR = """() => {
  const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = async (wanted) => {
    const video = Object.assign(document.createElement("video"), { srcObject: await open(wanted), muted: true });
    await video.play();
    const canvas = Object.assign(document.createElement("canvas"), { width: 640, height: 480 });
    const context = canvas.getContext("2d");
    setInterval(() => {
      context.drawImage(video, 0, 0, 40, 40, 0, 0, 640, 480);  // a corner of the ground, all over
      context.drawImage(video, 160, 240, 320, 240);
    }, 60);
    return canvas.captureStream(15);
  };
}"""
FAR_FACE = (0.41, 0.56, 0.17, 0.28)


def landing(page: Page, server: RunningServer, language: str) -> None:
    page.goto(f"{server.url}/?lang={language}")


def consent(page: Page, server: RunningServer, language: str) -> None:
    page.goto(server.open_session(locale=language))
    page.locator("#start-camera:enabled").wait_for()


def set_aside(page: Page, server: RunningServer, language: str) -> None:
    consent(page, server, language)
    page.locator("details.set-aside summary").click()
    page.locator("#set-aside input").first.check()
    page.locator("#start-camera").scroll_into_view_if_needed()


def declined(page: Page, server: RunningServer, language: str) -> None:
    consent(page, server, language)
    page.locator("#decline").click()
    await_state(page, "finished")


def camera_denied(page: Page, server: RunningServer, language: str) -> None:
    consent(page, server, language)
    page.evaluate(REJECT, ["NotAllowedError", "denied"])
    agree(page)
    await_state(page, "failed")


def camera_choice(page: Page, server: RunningServer, language: str) -> None:
    page.add_init_script(f"({TWO_CAMERAS})()")
    consent(page, server, language)
    agree(page)
    page.locator("#camera-choice").wait_for()
    page.wait_for_timeout(900)


def too_dark(page: Page, server: RunningServer, language: str) -> None:
    consent(page, server, language)
    page.evaluate(DARK)
    agree(page)
    page.locator("#begin").wait_for()


def begin(page: Page, server: RunningServer, language: str) -> ScriptedSocket:
    socket = ScriptedSocket(page, language=language)
    consent(page, server, language)
    agree(page)
    await_state(page, "aligning")
    return socket


def move_closer(page: Page, server: RunningServer, language: str) -> None:
    page.add_init_script(f"({FAR})()")
    begin(page, server, language).feedback("move_closer", box=FAR_FACE)


def centre(page: Page, server: RunningServer, language: str) -> None:
    begin(page, server, language).feedback("center_face", box=(0.1, 0.2, 0.3, 0.55))


def turn_left(page: Page, server: RunningServer, language: str) -> None:
    socket = begin(page, server, language)
    socket.outcome(passed=True)
    socket.challenge("turn_left", 1)
    await_state(page, "challenging")
    page.wait_for_timeout(1_500)
    socket.feedback("ok", 0.6)


def tick(page: Page, server: RunningServer, language: str) -> None:
    socket = begin(page, server, language)
    socket.feedback("ok", 0.9)
    socket.outcome(passed=True)


def paused(page: Page, server: RunningServer, language: str) -> None:
    begin(page, server, language)
    track = "document.getElementById('preview').srcObject.getVideoTracks()[0]"
    page.evaluate(f"{track}.dispatchEvent(new Event('mute'))")


def doubtful(page: Page, server: RunningServer, language: str) -> None:
    """No frame is answered."""
    socket = begin(page, server, language)
    socket.outcome(passed=True)
    socket.challenge("turn_left", 1)
    page.locator("#hint[data-tone=adjust]").wait_for()


def missed(page: Page, server: RunningServer, language: str) -> None:
    socket = begin(page, server, language)
    socket.outcome(passed=True)
    socket.challenge("turn_left", 1)
    await_state(page, "challenging")
    socket.outcome(passed=False, reason="not_performed", attempts_left=2)


def cancelled(page: Page, server: RunningServer, language: str) -> None:
    begin(page, server, language)
    page.locator("#cancel").click()
    await_state(page, "failed", "finished")


def deciding(page: Page, server: RunningServer, language: str) -> None:
    socket = begin(page, server, language)
    socket.challenge("smile", 3)
    await_state(page, "challenging")
    socket.outcome(passed=True)
    await_state(page, "deciding")


def verified(page: Page, server: RunningServer, language: str) -> None:
    begin(page, server, language).result("pass", "verified", TOKEN)
    await_state(page, "finished")


def failed(page: Page, server: RunningServer, language: str) -> None:
    socket = begin(page, server, language)
    for _ in range(8):
        socket.feedback("too_dark")
    socket.result("inconclusive", "poor_capture")
    await_state(page, "finished")


def no_retry(page: Page, server: RunningServer, language: str) -> None:
    begin(page, server, language).result("fail", "injection_suspected")
    await_state(page, "finished")


def connection_lost(page: Page, server: RunningServer, language: str) -> None:
    begin(page, server, language).close(1011)
    await_state(page, "failed")


def no_answer(page: Page, server: RunningServer, language: str) -> None:
    ScriptedSocket(page, is_silent=True)
    consent(page, server, language)
    agree(page)
    await_state(page, "failed")


def unknown_link(page: Page, server: RunningServer, language: str) -> None:
    page.goto(f"{server.url}/verify/00000000-0000-0000-0000-000000000000?lang={language}")


def over(page: Page, server: RunningServer, language: str) -> None:
    """A link that was used up."""
    declined(page, server, language)
    page.reload()


def embedded(page: Page, server: RunningServer, language: str) -> None:
    """In the example shop, which speaks English."""
    environment = os.environ | {"POL_URL": server.url, "POL_API_KEY": server.api_key}
    command = [sys.executable, str(ROOT / "examples/embed/shop.py"), str(server.shop_port)]
    shop = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    try:
        await_port(server.shop_port, shop)
        page.goto(server.shop_origin)
        page.frame_locator("iframe").locator("#start-camera:enabled").wait_for()
    finally:
        stop(shop)
