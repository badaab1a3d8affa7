import assert from "node:assert/strict";
import { test } from "node:test";

import { HINT_PERSISTENCE_MS, HintHysteresis } from "../../static/js/hint_hysteresis.js";

test("the first hint shows at once", () => {
  assert.equal(new HintHysteresis().observe("no_face", 0), "no_face");
});

test("a new hint waits until it has persisted", () => {
  const hysteresis = new HintHysteresis();
  hysteresis.observe("ok", 0);
  assert.equal(hysteresis.observe("move_closer", 100), "ok");
  assert.equal(hysteresis.observe("move_closer", 99 + HINT_PERSISTENCE_MS), "ok");
  assert.equal(hysteresis.observe("move_closer", 100 + HINT_PERSISTENCE_MS), "move_closer");
});

test("hints that alternate never replace the one that is shown", () => {
  const hysteresis = new HintHysteresis();
  hysteresis.observe("ok", 0);
  for (let nowMs = 0; nowMs < 5000; nowMs += 66) {
    assert.equal(hysteresis.observe("move_closer", nowMs), "ok");
    assert.equal(hysteresis.observe("center_face", nowMs + 33), "ok");
  }
});

test("the shown hint coming back cancels the waiting one", () => {
  const hysteresis = new HintHysteresis();
  hysteresis.observe("ok", 0);
  hysteresis.observe("too_dark", 100);
  hysteresis.observe("ok", 300);
  assert.equal(hysteresis.observe("too_dark", 600), "ok");
});

test("after a reset the next hint shows at once", () => {
  const hysteresis = new HintHysteresis();
  hysteresis.observe("ok", 0);
  hysteresis.reset();
  assert.equal(hysteresis.observe("hold_still", 1), "hold_still");
});
