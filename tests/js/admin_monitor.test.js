import assert from "node:assert/strict";
import { test } from "node:test";

import { describeTotal, formatTimeLeft } from "../../static/admin_monitor.js";

const TEXTS = { textNone: "none", textOne: "one", textMany: "{count} of them" };

test("the number of sessions is told in words", () => {
  assert.equal(describeTotal(TEXTS, 0), "none");
  assert.equal(describeTotal(TEXTS, 1), "one");
  assert.equal(describeTotal(TEXTS, 12), "12 of them");
});

test("time left is minutes and seconds, and never below zero", () => {
  const now = Date.parse("2026-03-01T12:00:00Z");
  assert.equal(formatTimeLeft("2026-03-01T12:02:05Z", now), "2:05");
  assert.equal(formatTimeLeft("2026-03-01T12:00:00.400Z", now), "0:00");
  assert.equal(formatTimeLeft("2026-03-01T11:00:00Z", now), "0:00");
});
