"""`python -m tests.e2e.admin_screens`: the reviewers' pages as pictures in docs/screens/admin/.

The server and the pages are real; the sessions are simulated (tests.e2e.simulated_sessions).
"""

import argparse
import io
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from tests.e2e.browsing import BROWSER_ARGS, CHROMIUM, STAFF_PASSWORD
from tests.server.migrated import migrate
from tests.server.processes import PROJECT, Daphne, build_environment, run_daphne

FOLDER = PROJECT / "docs" / "screens" / "admin"
LOGIN = "/admin/login/"
SESSIONS = "/admin/verification/verificationsession/"
DATABASE = "server.sqlite3"
MAX_BYTES = 160_000
WIDTH, HEIGHT = 1280, 900
SHOTS: tuple[tuple[str, str, str, bool], ...] = (
    ("dashboard-light", "/admin/", "light", True),
    ("dashboard-dark", "/admin/", "dark", False),
    ("session-pass-light", f"{SESSIONS}?decision__exact=pass", "light", True),
    ("session-fail-dark", f"{SESSIONS}?decision__exact=fail", "dark", True),
    ("monitor-light", "/admin/monitor/", "light", False),
    ("login-light", LOGIN, "light", False),
    ("audit-log-light", "/admin/audit/auditevent/", "light", False),
    ("audit-intact-light", "/admin/audit/auditevent/", "light", False),
    ("audit-broken-dark", "/admin/audit/auditevent/", "dark", False),
    ("relying-party-light", "/admin/verification/relyingparty/", "light", True),
    ("erase-light", "/admin/erase/", "light", False),
    ("erase-confirm-light", "/admin/erase/", "light", False),
    ("monitor-empty-light", "/admin/monitor/", "light", False),
)
"""Name, address, colour scheme, whether the whole length of the page is shown. A session's is its list's first row.

Taken in this order: some leave the server other than they found it.
"""
BROKEN = """
INSERT INTO audit_chainverification (verified_at, is_intact, checked, head_sequence, head_hash, broken_at, problem)
VALUES (datetime('now', '-3 hours'), 0, 1200, 1200, '', 417, 'altered_event')
"""
"""What a verification leaves that met a changed event. The events are guarded against being changed for a picture."""


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


def shoot(
    browser: Browser, server: Daphne, shot: tuple[str, str, str, bool], database: Path, into: Path
) -> None:
    name, address, scheme, is_whole = shot
    context = browser.new_context(
        viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="dark" if scheme == "dark" else "light"
    )
    page = context.new_page()
    if address != LOGIN:
        log_in(page, server, "root")
    if name.startswith("audit-broken"):
        with closing(sqlite3.connect(database)) as connection, connection:
            connection.execute(BROKEN)
    page.goto(server.url + address)
    if address.startswith(SESSIONS):
        page.locator("#result_list tbody th a").first.click()
        page.get_by_role("heading", name="What happened").wait_for()
    if "monitor" in address:
        page.locator("[data-connection=live]").wait_for()
    for beginning, go_on in FURTHER.items():
        if name.startswith(beginning):
            go_on(page, server)
    save(page.screenshot(full_page=is_whole), into / f"{name}.webp")
    context.close()


def verify(page: Page, _server: Daphne) -> None:
    page.get_by_role("button", name="Verify now").click()
    page.get_by_text("Verified just now").wait_for()


def open_party(page: Page, _server: Daphne) -> None:
    page.locator("#result_list tbody th a").first.click()
    page.locator("#relyingparty_form").wait_for()


def ask_for_nobody(page: Page, _server: Daphne) -> None:
    """The form with its error."""
    page.get_by_label("User id").fill("nobody")
    page.get_by_role("button", name="Show what would change").click()
    page.get_by_role("alert").wait_for()


def ask_for_somebody(page: Page, server: Daphne) -> None:
    """Of a session without a relying party, for which the form asks nothing else."""
    page.goto(f"{server.url}{SESSIONS}?relying_party__isnull=True")
    user_id = page.locator("#result_list .field-user_id").first.inner_text()
    page.goto(f"{server.url}/admin/erase/")
    page.get_by_label("User id").fill(user_id)
    page.get_by_role("button", name="Show what would change").click()
    page.get_by_role("button", name="Erase this subject").wait_for()


def end_all(page: Page, server: Daphne) -> None:
    """Until nothing is in progress."""
    while page.locator("tr[data-session] a.button").count():
        page.locator("tr[data-session] a.button").first.click()
        page.get_by_role("button", name="End the session").click()
        page.goto(f"{server.url}/admin/monitor/")
        page.locator("[data-connection=live]").wait_for()
        page.wait_for_timeout(500)


FURTHER: dict[str, Callable[[Page, Daphne], None]] = {
    "audit-intact": verify,
    "relying-party": open_party,
    "erase-light": ask_for_nobody,
    "erase-confirm": ask_for_somebody,
    "monitor-empty": end_all,
}
"""What is done on a page before its picture, by the beginning of the picture's name."""


def save(png: bytes, path: Path) -> None:
    """As WebP, at the best quality that fits."""
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    for quality in (80, 65, 50, 35):
        picture.save(path, "WEBP", quality=quality, method=6)
        if path.stat().st_size <= MAX_BYTES:
            return
    raise SystemExit(f"{path.name} does not fit into {MAX_BYTES} bytes")


def main() -> None:
    parser = argparse.ArgumentParser(description="Make the pictures in docs/screens/admin/.")
    parser.add_argument("--into", type=Path, default=FOLDER, help="another folder, to look without changing")
    into: Path = parser.parse_args().into
    into.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        run_staffed(Path(folder), 240) as server,
        sync_playwright() as playwright,
    ):
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=BROWSER_ARGS)
        for shot in SHOTS:
            shoot(chromium, server, shot, Path(folder) / DATABASE, into)
            sys.stdout.write(f"{shot[0]}\n")
        chromium.close()


if __name__ == "__main__":
    main()
