import assert from "node:assert/strict";
import { test } from "node:test";

import { CAMERA_FAILURES } from "../../static/js/camera.js";
import * as messages from "../../static/js/messages.js";
import { HINTS, REASONS } from "../../static/js/protocol.js";
import { CONNECTION_FAILURES } from "../../static/js/verification_socket.js";

const PROTOCOL_HINTS = "ok no_face multiple_faces move_closer move_back center_face too_dark too_bright hold_still face_obscured slow_down follow_instruction".split(" ");
const PROTOCOL_REASONS = ("verified challenge_failed score_below_threshold liveness_below_floor deepfake_below_floor "
  + "multiple_faces identity_changed injection_suspected replay_detected session_timeout no_response poor_capture "
  + "cancelled disconnected server_overloaded").split(" ");

test("every hint of the protocol has a sentence, and there is no other", () => {
  assert.deepEqual([...HINTS].sort(), [...PROTOCOL_HINTS].sort());
  assert.deepEqual(Object.keys(messages.HINT_TEXT).sort(), [...PROTOCOL_HINTS].sort());
});

test("every reason of the protocol is explained, and there is no other", () => {
  assert.deepEqual([...REASONS].sort(), [...PROTOCOL_REASONS].sort());
  assert.deepEqual(Object.keys(messages.REASON_TEXT).sort(), [...PROTOCOL_REASONS].sort());
});

test("every camera and connection failure is explained", () => {
  assert.deepEqual(Object.keys(messages.CAMERA_TEXT).sort(), [...CAMERA_FAILURES].sort());
  assert.deepEqual(Object.keys(messages.CONNECTION_TEXT).sort(), [...CONNECTION_FAILURES].sort());
});

test("every explanation says what happened and what to do, in short sentences without scores", () => {
  for (const [key, { title, detail }] of Object.entries({ ...messages.REASON_TEXT, ...messages.FAILURE_TEXT })) {
    assert.match(title, /^[A-Z][^.]{5,60}$/, key);
    assert.match(detail, /\.$/, key);
    assert.ok(detail.length > 20 && detail.length < 220, key);
    assert.doesNotMatch(title + detail, /score|threshold|floor|\d+ ?%/i, key);
  }
});

test("a hint fits one line of the preview", () => {
  for (const [key, text] of Object.entries(messages.HINT_TEXT)) assert.ok(text.length <= 45, key);
});

test("counts read as sentences", () => {
  assert.equal(messages.describeStep(0, 4), "Getting ready");
  assert.equal(messages.describeStep(2, 4), "Step 2 of 4");
  assert.equal(messages.describeMiss(1), "Not recognised. One more try");
  assert.equal(messages.describeMiss(2), "Not recognised. 2 tries left");
  assert.equal(messages.describeMiss(0), "Not recognised");
  assert.equal(messages.describeWait(1), "Try again in 1 second.");
});
