"""`python -m tests.e2e.screens [NAME ...]`: every state of the person's pages as pictures in docs/screens/.

Server, pages and camera are real, the person before the camera is the simulated capture subject; what the server
says on the socket is scripted, so that each state stands still for its picture.
"""

import argparse
import io
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page

from tests.e2e.browsing import ROOT, RunningServer, agree, await_state, record_camera, run_browser, run_server
from tests.e2e.scripted import ScriptedSocket
from tests.e2e.test_camera import DARK, REJECT, TWO_CAMERAS

SCREENS = ROOT / "docs" / "screens"
MAX_BYTES = 60_000
DESK, PHONE = (1120, 760), (390, 800)
TOKEN = "e30.eyJhbXIiOlsiZmFjZSJdLCJzdWIiOiJhbGljZSJ9.e30"
State = Callable[[Page, RunningServer, str], None]
Shot = tuple[State, str, tuple[int, int], str]
"""State, language, size in pixels, colour scheme."""


def landing(page: Page, server: RunningServer, language: str) -> None:
    page.goto(f"{server.url}/?lang={language}")


def consent(page: Page, server: RunningServer, language: str) -> None:
    page.goto(server.open_session(locale=language))
    page.locator("#start-camera:enabled").wait_for()


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
    begin(page, server, language).feedback("move_closer", box=(0.42, 0.36, 0.16, 0.26))


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


SHOTS: tuple[Shot, ...] = (
    (landing, "en", DESK, "light"),
    (landing, "ar", PHONE, "dark"),
    (consent, "en", DESK, "light"),
    (consent, "de", PHONE, "light"),
    (declined, "en", DESK, "light"),
    (camera_denied, "en", DESK, "light"),
    (camera_choice, "en", DESK, "light"),
    (too_dark, "en", DESK, "dark"),
    (move_closer, "en", DESK, "light"),
    (centre, "es", PHONE, "light"),
    (turn_left, "en", DESK, "light"),
    (turn_left, "ar", PHONE, "dark"),
    (tick, "en", DESK, "light"),
    (deciding, "en", DESK, "light"),
    (verified, "en", DESK, "light"),
    (failed, "en", DESK, "light"),
    (failed, "ar", PHONE, "light"),
    (no_retry, "en", DESK, "dark"),
    (connection_lost, "en", DESK, "light"),
    (no_answer, "es", PHONE, "dark"),
    (unknown_link, "en", DESK, "light"),
)


def name_shot(shot: Shot) -> str:
    """The picture's name without its ending."""
    state, language, (width, _), scheme = shot
    return "-".join([state.__name__.replace("_", "-"), language, "phone" if width < 500 else "desk", scheme])


def take(browser: Browser, server: RunningServer, shot: Shot) -> Path:
    """One picture, as small as MAX_BYTES. Raises ValueError where no quality is small enough."""
    state, language, (width, height), scheme = shot
    context = browser.new_context(
        permissions=["camera"],
        viewport={"width": width, "height": height},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    page = context.new_page()
    state(page, server, language)
    page.mouse.move(0, 0)  # away from what was pressed last, and from whatever lies there now
    page.wait_for_timeout(350)
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    context.close()
    path = SCREENS / f"{name_shot(shot)}.webp"
    for quality in (82, 70, 55, 40):
        buffer = io.BytesIO()
        picture.save(buffer, "WEBP", quality=quality, method=6)
        if buffer.tell() <= MAX_BYTES:
            path.write_bytes(buffer.getvalue())
            return path
    raise ValueError(f"{path.name} does not fit into {MAX_BYTES} bytes")


def main() -> int:
    parser = argparse.ArgumentParser(description="Make the pictures in docs/screens/.")
    parser.add_argument("names", nargs="*", help="only pictures whose names begin so, such as landing")
    parser.add_argument(
        "--camera", type=Path, help="an MJPEG file instead of a fresh recording of the subject"
    )
    options = parser.parse_args()
    wanted = tuple(options.names) or ("",)
    SCREENS.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        run_server(Path(folder)) as server,
        run_browser(record_camera()) as browser,
    ):
        for shot in (shot for shot in SHOTS if name_shot(shot).startswith(wanted)):
            path = take(browser, server, shot)
            print(path.relative_to(ROOT), path.stat().st_size, flush=True)  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
