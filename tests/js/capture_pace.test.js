import assert from "node:assert/strict";
import { test } from "node:test";

import { CapturePace, fitFrame, InFlightWindow, IN_FLIGHT_EXPIRY_MS } from "../../static/js/capture_pace.js";

const LIMITS = { max_fps: 30, max_frame_bytes: 262_144 };

/** Let a camera with jitter offer a picture every `everyMs` for `durationMs`; return the capture times. */
function runCamera(pace, everyMs, durationMs) {
  const times = [];
  for (let index = 0; index * everyMs < durationMs; index += 1) {
    const nowMs = index * everyMs + ((index * 7919) % 11) - 5;
    if (!pace.isDue(nowMs)) continue;
    pace.noteCapture(nowMs);
    times.push(nowMs);
  }
  return times;
}

test("a 60 fps camera is held to the rate the server takes", () => {
  for (const max_fps of [1, 8, 15, 24, 30]) {
    const times = runCamera(new CapturePace({ ...LIMITS, max_fps }), 1000 / 60, 20_000);
    assert.ok(times.length <= 20 * max_fps + 1, `${times.length} frames in 20 s at ${max_fps} fps`);
    assert.ok(times.length >= 20 * max_fps * 0.9, `${times.length} frames in 20 s at ${max_fps} fps`);
  }
});

test("a jittering 30 fps camera is not halved by a limit of 30", () => {
  assert.ok(runCamera(new CapturePace(LIMITS), 1000 / 30, 10_000).length > 280);
});

test("a pause earns no burst afterwards", () => {
  const pace = new CapturePace({ ...LIMITS, max_fps: 10 });
  runCamera(pace, 16, 1000);
  let captured = 0;
  for (let nowMs = 60_000; nowMs < 61_000; nowMs += 1) {
    if (!pace.isDue(nowMs)) continue;
    pace.noteCapture(nowMs);
    captured += 1;
  }
  assert.ok(captured <= 11, `${captured} in the second after the pause`);
});

test("slow answers lower the rate first and leave the size alone", () => {
  const pace = new CapturePace(LIMITS);
  for (let round = 0; round < 100; round += 1) pace.noteAnswer(100);
  const quality = pace.quality;
  assert.ok(quality > 0.85);
  pace.noteAnswer(800);
  assert.ok(pace.fps < 30);
  assert.equal(pace.quality, quality);
  for (let round = 0; round < 100; round += 1) pace.noteAnswer(800);
  assert.equal(pace.scale, 1);
  assert.ok(pace.quality > 0.6 && pace.quality < quality);
});

test("a full socket lowers rate, quality and then size, but never below what is worth analysing", () => {
  const pace = new CapturePace(LIMITS);
  for (let nowMs = 0; nowMs < 60_000; nowMs += 300) assert.equal(pace.noteBuffered(40_000, 30_000, nowMs), true);
  assert.equal(pace.quality, 0.6);
  assert.equal(pace.scale, 0.5);
  assert.ok(pace.fps >= 4.9 && pace.fps < 10);
});

test("quick answers bring everything back, never above the limit", () => {
  const pace = new CapturePace({ ...LIMITS, max_fps: 12 });
  for (let round = 0; round < 50; round += 1) pace.noteLoss();
  for (let round = 0; round < 200; round += 1) pace.noteAnswer(40);
  assert.equal(pace.fps, 12);
  assert.equal(pace.scale, 1);
  assert.ok(pace.quality > 0.85);
});

test("an empty socket changes nothing", () => {
  const pace = new CapturePace(LIMITS);
  assert.equal(pace.noteBuffered(0, 0, 0), false);
  assert.equal(pace.noteBuffered(10_000, 30_000, 10), false);
  assert.equal(pace.fps, 30);
});

test("a full socket that is looked at thirty times a second counts as full three times", () => {
  const pace = new CapturePace(LIMITS);
  for (let nowMs = 0; nowMs < 900; nowMs += 33) pace.noteBuffered(40_000, 30_000, nowMs);
  assert.ok(Math.abs(pace.fps - 30 * 0.8 ** 3) < 0.01, `${pace.fps} fps`);
});

test("answers so late that only the line can be at fault cost size, too", () => {
  const pace = new CapturePace(LIMITS);
  for (let round = 0; round < 30; round += 1) pace.noteAnswer(1_200);
  assert.equal(pace.quality, 0.6);
  assert.ok(pace.scale < 1);
});

test("late answers to frames that were out alone cost some size, too", () => {
  const pace = new CapturePace(LIMITS);
  for (let round = 0; round < 30; round += 1) pace.noteAnswer(700);
  assert.ok(pace.scale < 0.75 && pace.scale > 0.55, `${pace.scale}`);
});

test("one frame at a time leaves until an answer comes quickly, and again after a loss", () => {
  const pace = new CapturePace(LIMITS);
  assert.equal(pace.maxInFlight, 1);
  pace.noteAnswer(800);
  assert.equal(pace.maxInFlight, 1);
  pace.noteAnswer(300);
  assert.equal(pace.maxInFlight, 2);
  pace.noteLoss();
  assert.equal(pace.maxInFlight, 1);
});

test("an answer to one frame answers all before it and none after it", () => {
  const window = new InFlightWindow();
  for (const seq of [1, 2, 3]) window.add(seq, seq * 10);
  assert.equal(window.answerUpTo(2, 100), 80);
  assert.equal(window.size, 1);
  assert.equal(window.answerUpTo(2, 110), null);
});

test("a frame that nobody answers stops counting", () => {
  const window = new InFlightWindow();
  window.add(1, 0);
  assert.equal(window.dropExpired(IN_FLIGHT_EXPIRY_MS - 1), 0);
  assert.equal(window.dropExpired(IN_FLIGHT_EXPIRY_MS), 1);
  assert.equal(window.size, 0);
  assert.equal(window.answerUpTo(1, 2_000), 2_000, "its late answer still tells how slow the line is");
});

test("frames keep the camera's shape and stay within the limits whichever way the device is held", () => {
  const limits = { width: 640, height: 480 };
  assert.deepEqual(fitFrame({ width: 1280, height: 720 }, limits), { width: 640, height: 360 });
  assert.deepEqual(fitFrame({ width: 720, height: 1280 }, limits), { width: 360, height: 640 });
  assert.deepEqual(fitFrame({ width: 480, height: 640 }, limits), { width: 480, height: 640 });
  assert.deepEqual(fitFrame({ width: 320, height: 240 }, limits), { width: 320, height: 240 });
  assert.deepEqual(fitFrame({ width: 640, height: 480 }, limits, 0.5), { width: 320, height: 240 });
});
