"""What axe-core finds on a page: one look for every rule in light, one for the colours in the dark, on one load."""

from typing import Any

import pytest
from playwright.sync_api import Page

from tests.server.processes import PROJECT

AXE = PROJECT / "node_modules" / "axe-core" / "axe.min.js"
needs_axe = pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not installed; run npm ci")
# All other rules say the same in the dark.
RULES_ON_COLOURS = ["color-contrast", "link-in-text-block"]
# WCAG 2.2's target-size is off by default. `preload` would fetch each style sheet again, for a rule that is off.
LOOK = """async (rules) => {
  const { violations } = await axe.run(document, {
    preload: false,
    resultTypes: ["violations"],
    rules: { "target-size": { enabled: true } },
    ...(rules && { runOnly: { type: "rule", values: rules } }),
  });
  return violations.map(({ id, nodes }) => [id, nodes.slice(0, 3).map((node) => [node.html, node.failureSummary])]);
}"""
OPEN_ALL = "document.querySelectorAll('details').forEach((element) => { element.open = true; })"


def find_violations(page: Page) -> list[Any]:
    """Of any impact, with everything open that can be opened; each with the page it is on.

    Without motion: a link that still fades from one colour to the other has neither's contrast.
    """
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    page.evaluate(OPEN_ALL)
    page.evaluate(AXE.read_text(encoding="utf-8"))
    light = page.evaluate(LOOK, None)
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    dark = page.evaluate(LOOK, RULES_ON_COLOURS)
    return [
        (page.url, scheme, *entry) for scheme, found in (("light", light), ("dark", dark)) for entry in found
    ]
