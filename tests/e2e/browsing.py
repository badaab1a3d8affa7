"""A server and a browser of our own: the simulated subject is its camera, recorded once into a file."""

import hashlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from playwright.sync_api import Browser, Page, sync_playwright

from tests.server.migrated import migrate
from tests.server.processes import find_private
from tests.subject.camera_file import CHROMIUM_FPS, write_mjpeg
from tests.subject.performance import record
from tests.subject.subject import SimulatedSubject

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
ROOT = Path(__file__).resolve().parents[2]
# The camera file plays in a loop, so within the time of one challenge each of these comes by.
LOOP = ("look_straight", "turn_left", "look_straight", "smile", "look_straight", "open_mouth")
PARTY, STRICT_PARTY = "Example shop", "Strict bank"
STAFF_PASSWORD = "correct horse battery staple"
BROWSER_ARGS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
]

# One process for all these commands: starting Django is most of what each of them costs.
PREPARE = """
import json, sys, django
from django.core.management import call_command
django.setup()
parties = json.loads(sys.argv[1])
call_command("create_signing_key", stdout=sys.stderr)
staff = {"username": "staff", "email": "staff@example.org"}
call_command("createsuperuser", interactive=False, verbosity=0, **staff)
for party, terms in parties.items():
    call_command("relying_party", "create", party, **terms)
"""


@dataclass(frozen=True, slots=True)
class RunningServer:
    """url: where browsers reach it. api_key: of PARTY, whose pages live at shop_origin.

    strict_key: of STRICT_PARTY, which asks for a score that nobody reaches.
    """

    url: str
    api_key: str
    strict_key: str
    shop_port: int
    process: subprocess.Popen[bytes]

    @property
    def shop_origin(self) -> str:
        return f"http://localhost:{self.shop_port}"

    def open_session(self, *, is_strict: bool = False, **members: object) -> str:
        """The verify_url of a new session of PARTY, or of STRICT_PARTY."""
        headers = {"Authorization": f"Api-Key {self.strict_key if is_strict else self.api_key}"}
        opened = post_json(f"{self.url}/auth/verify", {"user_id": "alice", **members}, headers)
        return str(opened["verify_url"])


@contextmanager
def run_server(folder: Path, **variables: str) -> Iterator[RunningServer]:
    """A Daphne of our own. The subject is a re-enactment by nature, so its floors are lowered."""
    port, shop_port = free_port(), free_port()
    environment = os.environ | {
        "DEBUG": "1",
        "POL_MAX_ANSWER_MS": "0",
        "DJANGO_SETTINGS_MODULE": "polsite.settings",
        "DATABASE_URL": f"sqlite:///{folder / 'e2e.sqlite3'}",
        "POL_SIGNING_KEYS_DIR": str(folder / "keys"),
        "POL_CHALLENGES": "turn_left,smile,open_mouth",
        "POL_CHALLENGE_COUNT": "3",
        "POL_CHALLENGE_TIMEOUT_SECONDS": "60",
        "SESSION_TIMEOUT_SECONDS": "300",
        "POL_PASS_THRESHOLD": "0.3",
        "POL_FLOORS": "0.1,0,0",
        "POL_RATE_OPEN_SESSION": "6000/min",
        "DJANGO_SUPERUSER_PASSWORD": STAFF_PASSWORD,
        **variables,
    }
    terms = {
        "origin": [f"http://localhost:{shop_port}"],
        "redirect_uri": ["https://shop.example/done"],
        "help_url": "https://shop.example/help",
        "alternative_url": "https://shop.example/desk",
    }
    migrate(environment)
    prepared = subprocess.run(
        [sys.executable, "-c", PREPARE, json.dumps({PARTY: terms, STRICT_PARTY: {"threshold": 1.0}})],
        cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    key, strict_key = re.findall(r"shown this once:\n(\S+)", prepared.stdout)
    with (folder / "daphne.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "daphne", "-b", "127.0.0.1", "-p", str(port), "polsite.asgi:application"],
            cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            await_health(f"http://localhost:{port}", process)
            yield RunningServer(f"http://localhost:{port}", key, strict_key, shop_port, process)
        finally:
            stop(process)
    assert find_private((folder / "daphne.log").read_text(errors="replace")) == []


def stop(process: subprocess.Popen[bytes]) -> None:
    """Ask it to end; a machine that is too busy to let it is not asked twice."""
    process.terminate()
    try:
        process.wait(timeout=30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def record_camera() -> Path:
    """The simulated subject performing LOOP, as a file that Chromium takes for its camera.

    Rendering takes the better part of a minute, so the file stays in var/ until the subject changes.
    """
    digest = hashlib.sha256(repr(LOOP).encode())
    for source in sorted((ROOT / "tests" / "subject").glob("*.py")):
        digest.update(source.read_bytes())
    kept = ROOT / "var" / "camera" / f"{digest.hexdigest()[:16]}.mjpeg"
    if not kept.is_file():
        kept.parent.mkdir(parents=True, exist_ok=True)
        moments = record(SimulatedSubject(), LOOP, fps=CHROMIUM_FPS)
        with tempfile.NamedTemporaryFile(dir=kept.parent, delete=False) as fresh:
            write_mjpeg(Path(fresh.name), (moment.frame for moment in moments), fps=CHROMIUM_FPS)
        Path(fresh.name).replace(kept)
    return kept


@contextmanager
def run_browser(camera: Path) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        source = f"--use-file-for-fake-video-capture={camera}"
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=[*BROWSER_ARGS, source])
        yield chromium
        chromium.close()


def await_state(page: Page, *states: str, timeout_s: float = 60) -> None:
    """Wait until the page says it is in one of the states; the page announces them on its root element."""
    page.wait_for_function(
        "states => states.includes(document.documentElement.dataset.state)",
        arg=sorted(states), timeout=timeout_s * 1_000,
    )  # fmt: skip


def agree(page: Page) -> None:
    page.locator("#start-camera").click()


def post_json(url: str, body: dict[str, Any], headers: dict[str, str] | None = None) -> dict[str, Any]:
    request = Request(url, json.dumps(body).encode(), {"Content-Type": "application/json", **(headers or {})})
    try:
        with urlopen(request) as response:
            answer: dict[str, Any] = json.load(response)
            return answer
    except HTTPError as error:
        raise AssertionError(f"{url} answered {error.code}: {error.read()[:500]!r}") from error


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def await_port(port: int, process: subprocess.Popen[bytes]) -> None:
    """Until somebody listens there."""
    deadline_s = time.monotonic() + 30
    while time.monotonic() < deadline_s:
        assert process.poll() is None, "the process ended at its start"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise AssertionError(f"nobody listened on port {port} within half a minute")


def await_health(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline_s = time.monotonic() + 180
    while time.monotonic() < deadline_s:
        assert process.poll() is None, "the server ended at its start"
        try:
            with urlopen(f"{url}/health", timeout=5):
                return
        except OSError:
            time.sleep(0.2)
    raise AssertionError("the server was not healthy within three minutes")
