"""A real browser, a real server, a video file as the camera: from the landing page to the token."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from tests.subject.camera_file import CHROMIUM_FPS, write_mjpeg
from tests.subject.performance import record
from tests.subject.portrait import find_landmarker_model
from tests.subject.subject import SimulatedSubject

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
ROOT = Path(__file__).resolve().parents[2]
# The camera file plays in a loop, so within the time of one challenge each of these comes by.
LOOP = ("look_straight", "turn_left", "look_straight", "smile", "look_straight", "open_mouth")
STAFF_PASSWORD = "correct horse battery staple"
BROWSER_ARGS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
]

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed"),
    pytest.mark.skipif(not find_landmarker_model().is_file(), reason="face_landmarker.task is not installed"),
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Daphne of our own. The subject is a re-enactment by nature, so its floors are lowered."""
    folder = tmp_path_factory.mktemp("server")
    port = _free_port()
    environment = os.environ | {
        "DEBUG": "1",
        "DATABASE_URL": f"sqlite:///{folder / 'e2e.sqlite3'}",
        "POL_SIGNING_KEYS_DIR": str(folder / "keys"),
        "POL_CHALLENGES": "turn_left,smile,open_mouth",
        "POL_CHALLENGE_COUNT": "3",
        "POL_CHALLENGE_TIMEOUT_SECONDS": "30",
        "SESSION_TIMEOUT_SECONDS": "120",
        "POL_PASS_THRESHOLD": "0.3",
        "POL_FLOORS": "0.1,0,0",
    }
    environment["DJANGO_SUPERUSER_PASSWORD"] = STAFF_PASSWORD
    superuser = ["createsuperuser", "--noinput", "--username", "staff", "--email", "staff@example.org"]
    for command in (["migrate", "--verbosity", "0"], ["create_signing_key"], superuser):
        subprocess.run([sys.executable, "manage.py", *command], cwd=ROOT, env=environment, check=True)
    log = (folder / "daphne.log").open("w")
    process = subprocess.Popen(
        [sys.executable, "-m", "daphne", "-b", "127.0.0.1", "-p", str(port), "polsite.asgi:application"],
        cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT,
    )  # fmt: skip
    try:
        _await_health(f"http://localhost:{port}", process)
        yield f"http://localhost:{port}"
    finally:
        process.terminate()
        process.wait(timeout=30)
        log.close()


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    video = tmp_path_factory.mktemp("camera") / "subject.mjpeg"
    moments = record(SimulatedSubject(), LOOP, fps=CHROMIUM_FPS)
    write_mjpeg(video, (moment.frame for moment in moments), fps=CHROMIUM_FPS)
    with sync_playwright() as playwright:
        camera = f"--use-file-for-fake-video-capture={video}"
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=[*BROWSER_ARGS, camera])
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: _note_console(message, problems))
    yield page
    context.close()
    assert problems == []


def test_a_person_gets_from_the_landing_page_to_a_token_that_others_accept(page: Page, server: str) -> None:
    start_session(page, server, "alice")
    page.get_by_role("button", name="Start camera").click()
    await_state(page, {"finished", "failed"}, timeout_s=110)

    token = page.locator("#token").input_value()
    answer = post_json(f"{server}/token/validate", {"token": token})
    assert answer["valid"] is True
    assert answer["payload"]["user_id"] == "alice"
    with urlopen(f"{server}/.well-known/jwks.json") as response:
        keys = KeySet.import_key_set(json.load(response))
    decoded = jwt.decode(token, keys, algorithms=["RS256"])
    assert decoded.claims["amr"] == ["face"]
    assert decoded.claims["sub"] == "alice"


def test_the_ticket_leaves_the_address_bar_at_once(page: Page, server: str) -> None:
    start_session(page, server, "bob")
    page.wait_for_function("location.hash === ''")


def test_giving_up_ends_in_words_and_a_way_to_start_again(page: Page, server: str) -> None:
    start_session(page, server, "carol")
    page.get_by_role("button", name="Start camera").click()
    await_state(page, {"aligning", "challenging"}, timeout_s=30)
    page.get_by_role("button", name="Cancel").click()
    await_state(page, {"failed", "finished"}, timeout_s=20)
    assert page.locator("[data-decision]").first.get_attribute("data-reason") == "cancelled"


def test_staff_log_in_and_read_what_happened(page: Page, server: str) -> None:
    """Seen broken once: a no-referrer policy makes browsers send `Origin: null`, which CSRF refuses."""
    opened = post_json(f"{server}/auth/verify", {"user_id": "dave"})
    page.goto(f"{server}/admin/")
    page.locator("#id_username").fill("staff")
    page.locator("#id_password").fill(STAFF_PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.goto(f"{server}/admin/audit/auditevent/?q={opened['session_id']}")
    assert page.locator("#result_list").inner_text().count("Session opened") == 1


def start_session(page: Page, server: str, name: str) -> None:
    page.goto(server)
    page.locator("input[name=user_id]").fill(name)
    page.get_by_role("button", name="Start").click()
    page.wait_for_url("**/verify/**")


def await_state(page: Page, states: set[str], *, timeout_s: float) -> None:
    """Wait until the page says it is in one of the states; the page announces them on its root element."""
    page.wait_for_function(
        "states => states.includes(document.documentElement.dataset.state)",
        arg=sorted(states), timeout=timeout_s * 1_000,
    )  # fmt: skip


def post_json(url: str, body: dict[str, str]) -> dict[str, Any]:
    request = Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urlopen(request) as response:
        answer: dict[str, Any] = json.load(response)
        return answer


def _note_console(message: ConsoleMessage, problems: list[str]) -> None:
    # Django's admin has inline styles that our policy refuses; nothing there depends on them.
    if message.type == "error" and "/admin/" not in str(message.location):
        problems.append(message.text)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _await_health(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline_s = time.monotonic() + 60
    while time.monotonic() < deadline_s:
        assert process.poll() is None, "the server ended at its start"
        try:
            with urlopen(f"{url}/health", timeout=5):
                return
        except OSError:
            time.sleep(0.2)
    pytest.fail("the server was not healthy within a minute")
