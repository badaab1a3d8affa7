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

from tests.e2e import screen_states as states
from tests.e2e.browsing import ROOT, RunningServer, record_camera, run_browser, run_server

SCREENS = ROOT / "docs" / "screens"
MAX_BYTES = 60_000
DESK, TALL_DESK, PHONE, SMALL_PHONE = (1120, 760), (1120, 1040), (390, 800), (375, 553)
# As a fresh installation has them: with a smaller pool there is nothing to set aside.
DEFAULTS = {"POL_CHALLENGES": "", "POL_CHALLENGE_COUNT": "3-5"}
State = Callable[[Page, RunningServer, str], None]
Shot = tuple[State, str, tuple[int, int], str]
"""State, language, size in pixels, colour scheme."""


SHOTS: tuple[Shot, ...] = (
    (states.landing, "en", DESK, "light"),
    (states.landing, "ar", PHONE, "dark"),
    (states.consent, "en", DESK, "light"),
    (states.consent, "de", PHONE, "light"),
    (states.set_aside, "en", DESK, "light"),
    (states.set_aside, "ar", PHONE, "dark"),
    (states.declined, "en", DESK, "light"),
    (states.camera_denied, "en", DESK, "light"),
    (states.camera_choice, "en", DESK, "light"),
    (states.too_dark, "en", DESK, "dark"),
    (states.move_closer, "en", DESK, "light"),
    (states.centre, "es", PHONE, "light"),
    (states.turn_left, "en", DESK, "light"),
    (states.turn_left, "ar", PHONE, "dark"),
    (states.tick, "en", DESK, "light"),
    (states.missed, "en", DESK, "light"),
    (states.paused, "de", PHONE, "light"),
    (states.doubtful, "de", SMALL_PHONE, "light"),
    (states.deciding, "en", DESK, "light"),
    (states.verified, "en", DESK, "light"),
    (states.failed, "en", DESK, "light"),
    (states.failed, "ar", PHONE, "light"),
    (states.no_retry, "en", DESK, "dark"),
    (states.connection_lost, "en", DESK, "light"),
    (states.no_answer, "es", PHONE, "dark"),
    (states.cancelled, "en", DESK, "light"),
    (states.unknown_link, "en", DESK, "light"),
    (states.over, "de", PHONE, "dark"),
    (states.embedded, "en", TALL_DESK, "light"),
)


def name_shot(shot: Shot) -> str:
    """The picture's name without its ending."""
    state, language, (width, _), scheme = shot
    return "-".join([state.__name__.replace("_", "-"), language, "phone" if width < 500 else "desk", scheme])


def take(browser: Browser, server: RunningServer, shot: Shot, folder: Path) -> Path:
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
    path = folder / f"{name_shot(shot)}.webp"
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
    parser.add_argument("--into", type=Path, default=SCREENS, help="another folder, to look without changing")
    options = parser.parse_args()
    wanted = tuple(options.names) or ("",)
    options.into.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        run_server(Path(folder), **DEFAULTS) as server,
        run_browser(record_camera()) as browser,
    ):
        for shot in (shot for shot in SHOTS if name_shot(shot).startswith(wanted)):
            path = take(browser, server, shot, options.into)
            print(path, path.stat().st_size, flush=True)  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
