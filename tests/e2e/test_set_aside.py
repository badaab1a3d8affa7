"""Movements that a person sets aside before the camera starts: how many they may, and what is asked instead."""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browsing import RunningServer, agree, await_state, run_server

POOL = ["turn_left", "turn_right", "smile", "open_mouth", "nod"]
SET_ASIDE = ["nod", "turn_right"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("wide")


@pytest.fixture(scope="module")
def wide_server(folder: Path) -> Iterator[RunningServer]:
    """A server whose pool has two movements to spare: as many as a session has skips."""
    with run_server(folder, POL_CHALLENGES=",".join(POOL)) as running:
        yield running


def read_policy(folder: Path, session_id: str) -> dict[str, object]:
    """What was stored of the session's policy."""
    with sqlite3.connect(folder / "e2e.sqlite3") as database:
        query = "SELECT policy FROM verification_verificationsession WHERE id = ?"
        (stored,) = database.execute(query, [session_id.replace("-", "")]).fetchone()
    policy: dict[str, object] = json.loads(stored)
    return policy


def test_what_is_set_aside_is_not_asked_for_and_uses_up_the_skips(
    page: Page, wide_server: RunningServer, folder: Path
) -> None:
    page.goto(wide_server.open_session())
    page.locator("details.set-aside summary").click()
    boxes = page.locator("#set-aside input")
    expect(boxes).to_have_count(len(POOL))
    for action in SET_ASIDE:
        page.locator(f"#set-aside input[value={action}]").check()
    expect(page.locator("#set-aside input:not(:checked):disabled")).to_have_count(len(POOL) - len(SET_ASIDE))
    agree(page)
    await_state(page, "challenging")
    expect(page.locator("#skip")).to_be_hidden()
    session_id = page.url.split("/verify/")[1].partition("#")[0]
    policy = read_policy(folder, session_id)
    assert (policy["pool"], policy["max_skips"]) == ([name for name in POOL if name not in SET_ASIDE], 0)
    page.get_by_role("button", name="Cancel").click()
    await_state(page, "failed", "finished")


def test_what_was_set_aside_can_be_taken_back(page: Page, wide_server: RunningServer) -> None:
    page.goto(wide_server.open_session())
    page.locator("details.set-aside summary").click()
    for action in SET_ASIDE:
        page.locator(f"#set-aside input[value={action}]").check()
    page.locator("#set-aside input[value=nod]").uncheck()
    expect(page.locator("#set-aside input:disabled")).to_have_count(0)
