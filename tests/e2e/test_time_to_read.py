"""The time before the consent: it is long, and whoever lets it pass loses nothing."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browsing import RunningServer, agree, await_state, run_server


@pytest.fixture(scope="module")
def hasty_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """Seconds where another server gives half an hour."""
    times = {"SESSION_TIMEOUT_SECONDS": "12", "POL_START_SECONDS": "15"}
    with run_server(tmp_path_factory.mktemp("hasty"), **times) as running:
        yield running


def test_whoever_reads_until_the_link_runs_out_begins_again_and_has_lost_no_try(
    page: Page, hasty_server: RunningServer
) -> None:
    page.goto(hasty_server.open_session())
    first = page.url
    await_state(page, "failed")
    expect(page.locator("#result-title")).to_have_text("Time ran out")
    expect(page.locator("#retries-left")).to_be_hidden()
    page.get_by_role("button", name="Try again").click()
    page.wait_for_url(lambda address: address != first)
    expect(page.locator("#capture")).to_have_attribute("data-retries-left", "2")
    agree(page)
    await_state(page, "aligning", "challenging")
