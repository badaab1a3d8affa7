"""`python -m tests.e2e.admin_screens`: the reviewers' pages as pictures in docs/screens/admin/.

The server and the pages are real; the sessions are simulated (tests.e2e.simulated_sessions).
"""

import io
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from tests.e2e.browsing import BROWSER_ARGS, CHROMIUM, STAFF_PASSWORD
from tests.server.migrated import migrate
from tests.server.processes import PROJECT, Daphne, build_environment, run_daphne

FOLDER = PROJECT / "docs" / "screens" / "admin"
SESSIONS = "/admin/verification/verificationsession/"
MAX_BYTES = 160_000
WIDTH, HEIGHT = 1280, 900
SHOTS: tuple[tuple[str, str, str, bool], ...] = (
    ("dashboard-light", "/admin/", "light", True),
    ("dashboard-dark", "/admin/", "dark", False),
    ("session-pass-light", f"{SESSIONS}?decision__exact=pass", "light", True),
    ("session-fail-dark", f"{SESSIONS}?decision__exact=fail", "dark", True),
    ("monitor-light", "/admin/monitor/", "light", False),
    ("audit-log-light", "/admin/audit/auditevent/", "light", False),
)
"""Name, address, colour scheme, whether the whole length of the page is shown. A session's is its list's first row."""


@contextmanager
def run_staffed(folder: Path, count: int) -> Iterator[Daphne]:
    """A server with simulated sessions, an account for each role, and the superuser `root`."""
    # Sessions that wait must outlast a slow machine's whole run: with a quarter of an hour they once did not.
    env = build_environment(
        folder, folder / "keys", SESSION_TIMEOUT_SECONDS="86400", DJANGO_SUPERUSER_PASSWORD=STAFF_PASSWORD
    )
    superuser = ["createsuperuser", "--noinput", "--username", "root", "--email", "root@example.org"]
    migrate(env)
    for command in (
        ["manage.py", "create_signing_key"],
        ["manage.py", *superuser],
        ["-m", "tests.e2e.simulated_sessions", str(count)],
    ):
        subprocess.run([sys.executable, *command], cwd=PROJECT, env=env, check=True)
    with run_daphne(env) as daphne:
        yield daphne


def log_in(page: Page, server: Daphne, name: str) -> None:
    page.goto(f"{server.url}/admin/")
    page.locator("#id_username").fill(name)
    page.locator("#id_password").fill(STAFF_PASSWORD)
    page.locator("#login-form [type=submit]").click()
    page.locator("body.dashboard h1").wait_for()


def shoot(browser: Browser, server: Daphne, name: str, address: str, scheme: str, is_whole: bool) -> None:
    context = browser.new_context(
        viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="dark" if scheme == "dark" else "light"
    )
    page = context.new_page()
    log_in(page, server, "root")
    page.goto(server.url + address)
    if address.startswith(SESSIONS):
        page.locator("#result_list tbody th a").first.click()
        page.get_by_role("heading", name="What happened").wait_for()
    if "monitor" in address:
        page.locator("[data-connection=live]").wait_for()
    save(page.screenshot(full_page=is_whole), FOLDER / f"{name}.webp")
    context.close()


def save(png: bytes, path: Path) -> None:
    """As WebP, at the best quality that fits."""
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    for quality in (80, 65, 50, 35):
        picture.save(path, "WEBP", quality=quality, method=6)
        if path.stat().st_size <= MAX_BYTES:
            return
    raise SystemExit(f"{path.name} does not fit into {MAX_BYTES} bytes")


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        run_staffed(Path(folder), 240) as server,
        sync_playwright() as playwright,
    ):
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=BROWSER_ARGS)
        for name, address, scheme, is_whole in SHOTS:
            shoot(chromium, server, name, address, scheme, is_whole)
            sys.stdout.write(f"{name}\n")
        chromium.close()


if __name__ == "__main__":
    main()
