import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { FEEDBACK_SEEN_MS, FeedbackHold } from "../../static/js/feedback_hold.js";
import { OVAL, placeFace, suggestMove } from "../../static/js/guide_geometry.js";
import { HintTally } from "../../static/js/hint_tally.js";
import { judgeLight, readLight } from "../../static/js/light_check.js";

const STAGE = { width: 640, height: 480 };

/** A grey picture whose middle and rim differ; RGBA. */
function paint(centre, border, width = 32, height = 24) {
  const rgba = new Uint8ClampedArray(width * height * 4);
  for (let pixel = 0; pixel < width * height; pixel += 1) {
    const x = ((pixel % width) + 0.5) / width - 0.5;
    const y = (Math.floor(pixel / width) + 0.5) / height - 0.5;
    rgba.fill(Math.hypot(x, y) < 0.25 ? centre : border, pixel * 4, pixel * 4 + 3);
  }
  return readLight(rgba, width, height);
}

test("the light is judged where the face is, and against what is around it", () => {
  assert.equal(judgeLight(paint(120, 130)), "good");
  assert.equal(judgeLight(paint(20, 30)), "dark");
  assert.equal(judgeLight(paint(245, 240)), "bright");
  assert.equal(judgeLight(paint(70, 220)), "behind");
  assert.equal(judgeLight(paint(130, 250)), "good");
});

test("mean luma weighs colours as an eye does", () => {
  const green = readLight([0, 255, 0, 255], 1, 1).centre;
  const blue = readLight([0, 0, 255, 255], 1, 1).centre;
  assert.ok(green > 4 * blue);
});

test("a face in the middle of the frame lies in the middle of the drawing", () => {
  const face = placeFace([0.4, 0.3, 0.2, 0.4], STAGE, STAGE);
  assert.deepEqual([face.cx, face.cy].map(Math.round), [150, 200]);
  assert.equal(Math.round(face.ry * 2), 160);
});

test("the drawing is mirrored, as the preview is", () => {
  assert.ok(placeFace([0.7, 0.3, 0.2, 0.4], STAGE, STAGE).cx < OVAL.cx);
});

test("a portrait stage shows the middle of a wide picture, larger", () => {
  const wide = placeFace([0.4, 0.3, 0.2, 0.4], STAGE, STAGE);
  const cropped = placeFace([0.4, 0.3, 0.2, 0.4], STAGE, { width: 300, height: 400 });
  assert.equal(Math.round(cropped.cx), Math.round(wide.cx));
  assert.equal(Math.round(cropped.ry), Math.round(wide.ry));
});

test("arrows point the way the person sees, and only while there is a way to go", () => {
  const face = { cx: 150, cy: 196, rx: 60, ry: 80 };
  assert.equal(suggestMove("move_closer", null), "closer");
  assert.equal(suggestMove("move_back", face), "back");
  assert.equal(suggestMove("center_face", { ...face, cx: 250 }), "left");
  assert.equal(suggestMove("center_face", { ...face, cx: 20 }), "right");
  assert.equal(suggestMove("center_face", { ...face, cy: 20 }), "down");
  assert.equal(suggestMove("center_face", { ...face, cy: 350 }), "up");
  for (const hint of ["ok", "too_dark", "no_face"]) assert.equal(suggestMove(hint, face), "none");
});

test("what was wrong most of the time is named, a moment's fault is not", () => {
  const tally = new HintTally();
  for (let count = 0; count < 4; count += 1) tally.note("too_dark");
  assert.equal(tally.worst, null);
  for (let count = 0; count < 4; count += 1) tally.note("too_dark");
  tally.note("no_face");
  assert.equal(tally.worst, "too_dark");
  for (let count = 0; count < 40; count += 1) tally.note("ok");
  assert.equal(tally.worst, null);
});

test("asking for the movement is no fault", () => {
  const tally = new HintTally();
  for (let count = 0; count < 40; count += 1) tally.note("follow_instruction");
  assert.equal(tally.worst, null);
});

test("what comes next waits until the feedback was seen", (t) => {
  mock.timers.enable({ apis: ["setTimeout"] });
  t.after(() => mock.timers.reset());
  const done = [];
  const hold = new FeedbackHold();
  hold.whenSeen(0, () => done.push("first"));
  hold.begin(0);
  hold.whenSeen(100, () => done.push("replaced"));
  hold.whenSeen(100, () => done.push("second"));
  mock.timers.tick(FEEDBACK_SEEN_MS - 101);
  assert.deepEqual(done, ["first"]);
  mock.timers.tick(1);
  assert.deepEqual(done, ["first", "second"]);
  hold.whenSeen(FEEDBACK_SEEN_MS, () => done.push("at once"));
  assert.equal(done.length, 3);
});

test("feedback is on the page for more than half a second", () => {
  assert.ok(FEEDBACK_SEEN_MS >= 600);
});
