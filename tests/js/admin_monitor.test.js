import assert from "node:assert/strict";
import { test } from "node:test";

import { describeTotal, formatTimeLeft } from "../../static/admin_monitor.js";

const TEXTS = { textNone: "none", textTotal: "sessions: {count}" };

test("the number of sessions is told without a plural", () => {
  assert.equal(describeTotal(TEXTS, 0), "none");
  assert.equal(describeTotal(TEXTS, 12), "sessions: 12");
});

test("time left is minutes and seconds, and never below zero", () => {
  const now = Date.parse("2026-03-01T12:00:00Z");
  assert.equal(formatTimeLeft("2026-03-01T12:02:05Z", now), "2:05");
  assert.equal(formatTimeLeft("2026-03-01T12:00:00.400Z", now), "0:00");
  assert.equal(formatTimeLeft("2026-03-01T11:00:00Z", now), "0:00");
});
