import assert from "node:assert/strict";
import { test } from "node:test";

import { describeMiss, describeStep, explainReason, nameDuration, problemText, say, useCatalogue } from "../../static/js/page_text.js";
import { describeProblem } from "../../static/js/problem_text.js";

const CATALOGUE = {
  hint: {}, advice: {}, failure: {}, light: {},
  reason: { verified: { title: "You are verified", detail: "Nothing else is needed.", next: "" } },
  problem: {
    pool_exhausted: "Too many movements were left out.", 422: "Cannot be opened.", 401: "Partners only.",
    429: "Too many.", "429_wait": "Too many. Wait {wait}.", unexpected: "Something went wrong.",
  },
  miss: { not_performed: "Not recognised", no_response: "No face was seen" },
  message: { step: "Step {index} of {total}", gettingReady: "Getting ready", triesLeft: "{miss}. Tries left: {count}" },
};

test.beforeEach(() => useCatalogue(CATALOGUE, "en"));

test("counts are filled into the sentence", () => {
  assert.equal(describeStep(0, 4), "Getting ready");
  assert.equal(describeStep(2, 4), "Step 2 of 4");
  assert.equal(describeStep(5, 4), "Step 5 of 5");
});

test("a miss says why, and how many tries are left while there are any", () => {
  assert.equal(describeMiss("no_response", 2), "No face was seen. Tries left: 2");
  assert.equal(describeMiss("no_response", 0), "No face was seen");
  assert.equal(describeMiss("something_newer", 1), "Not recognised. Tries left: 1");
});

test("durations have their unit in the right number of the language", () => {
  assert.equal(nameDuration(1, "second"), "1 second");
  assert.equal(nameDuration(30, "second"), "30 seconds");
  useCatalogue(CATALOGUE, "ar");
  assert.notEqual(nameDuration(2, "minute"), nameDuration(11, "minute").replace("11", "2"));
  assert.match(nameDuration(15, "minute"), /15/);
});

test("a sentence that the page lacks is an error, not an empty line", () => {
  assert.throws(() => say("nonsense"), /message\.nonsense/);
  assert.throws(() => explainReason("toString"), /reason\.toString/);
});

test("problems are told in words, the known code before the status", () => {
  assert.match(describeProblem(422, { code: "pool_exhausted" }, null), /movements/);
  assert.match(describeProblem(422, { code: "newer" }, null), /Cannot/);
  assert.match(describeProblem(401, null, null), /Partners/);
  assert.match(describeProblem(418, "tea", null), /went wrong/);
});

test("a limit says how long to wait", () => {
  assert.equal(describeProblem(429, {}, "30"), "Too many. Wait 30 seconds.");
  assert.equal(describeProblem(429, {}, null), "Too many.");
  assert.equal(problemText("constructor"), null);
});
