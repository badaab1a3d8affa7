"""A line that carries little: the page sends less before the person notices, and more again when it can."""

from playwright.sync_api import Page

from tests.e2e.browsing import RunningServer, agree, await_state
from tests.e2e.slow_line import Arrival, SlowLine, run_slow_line

UPLINK_BYTES_PER_S = 40_000
WIDE_BYTES_PER_S = 4_000_000
SETTLED_AFTER_MS = 8_000
WATCH_FOR_MS = 8_000
PATIENCE_MS = 60_000
NOTE_HINTS = """() => {
  window.said = [];
  const hint = document.getElementById("hint");
  new MutationObserver(() => window.said.push(hint.textContent)).observe(hint, { childList: true });
}"""


def await_frames(page: Page, line: SlowLine, until_ms: int) -> None:
    """Until a frame arrived that was captured so long after the first step began."""
    for _ in range(PATIENCE_MS // 200):
        if line.arrivals and line.arrivals[-1].captured_at_ms >= until_ms:
            return
        page.wait_for_timeout(200)
    raise AssertionError(f"after {len(line.arrivals)} frames none came any more")


def measure_mean_bytes(arrivals: list[Arrival]) -> float:
    return sum(arrival.image_bytes for arrival in arrivals) / len(arrivals)


def test_a_slow_uplink_lowers_rate_and_quality_before_it_hurts_and_a_wide_one_brings_them_back(
    page: Page, server: RunningServer
) -> None:
    port = int(server.url.rsplit(":", 1)[1])
    with run_slow_line(port, UPLINK_BYTES_PER_S) as line:
        page.goto(server.open_session().replace(server.url, line.url))
        page.evaluate(NOTE_HINTS)
        agree(page)
        await_state(page, "aligning")
        await_frames(page, line, SETTLED_AFTER_MS + WATCH_FOR_MS)
        settled = [frame for frame in line.arrivals if frame.captured_at_ms >= SETTLED_AFTER_MS]
        line.uplink_bytes_per_s = WIDE_BYTES_PER_S
        widened_at_ms = line.arrivals[-1].captured_at_ms
        await_frames(page, line, widened_at_ms + SETTLED_AFTER_MS + 2_000)
        said = page.evaluate("window.said")
        recovered = [
            frame for frame in line.arrivals if frame.captured_at_ms >= widened_at_ms + SETTLED_AFTER_MS
        ]
    assert not [text for text in said if "Connection lost" in text]
    assert max(frame.late_by_ms for frame in settled) < 1_500
    assert len(settled) / (WATCH_FOR_MS / 1_000) >= 2
    assert measure_mean_bytes(settled) < 0.6 * line.arrivals[0].image_bytes
    assert measure_mean_bytes(recovered) > 1.3 * measure_mean_bytes(settled)
