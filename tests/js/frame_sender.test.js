import assert from "node:assert/strict";
import { test } from "node:test";

import { FrameSender } from "../../static/js/frame_sender.js";

const FIRST_NONCE = new Uint8Array(16).fill(1);
const SECOND_NONCE = new Uint8Array(16).fill(2);

/** A sender on a clock that the test moves, whose encoder and line the test may replace. */
function createBench(overrides = {}) {
  const bench = { nowMs: 1000, sent: [], imageBytes: 20_000 };
  const parts = {
    encode: async () => new Blob([new Uint8Array(bench.imageBytes)]),
    send: (frame) => bench.sent.push(frame),
    bufferedBytes: () => 0,
    now: () => bench.nowMs,
    limits: { max_fps: 30, max_frame_bytes: 262_144 },
    ...overrides,
  };
  bench.sender = new FrameSender(parts, 1000);
  return bench;
}

async function readHeaders(frames) {
  const buffers = await Promise.all(frames.map(async (frame) => Buffer.from(await frame.arrayBuffer())));
  return buffers.map((buffer) => ({
    nonce: buffer[1], seq: buffer.readUInt32BE(17), capturedAtMs: buffer.readUInt32BE(21),
  }));
}

async function offerFor(bench, durationMs, stepMs = 16) {
  for (const endMs = bench.nowMs + durationMs; bench.nowMs < endMs; bench.nowMs += stepMs) {
    await bench.sender.offerPicture();
    assert.ok(bench.sender.inFlight <= 2, `${bench.sender.inFlight} in flight`);
  }
}

test("nothing is sent before the first challenge", async () => {
  const bench = createBench();
  await offerFor(bench, 500);
  assert.equal(bench.sent.length, 0);
});

test("a silent server gets one frame and no more until it expires", async () => {
  const bench = createBench();
  bench.sender.beginChallenge(FIRST_NONCE);
  await offerFor(bench, 1400);
  assert.equal(bench.sent.length, 1);
});

test("once an answer came quickly, two frames may be out", async () => {
  const bench = createBench();
  bench.sender.beginChallenge(FIRST_NONCE);
  await offerFor(bench, 100);
  bench.sender.noteFeedback(1);
  await offerFor(bench, 1000);
  assert.equal(bench.sent.length, 3);
});

test("a server that loses every answer never stalls the sender for good", async () => {
  const bench = createBench();
  bench.sender.beginChallenge(FIRST_NONCE);
  await offerFor(bench, 10_000);
  assert.ok(bench.sent.length >= 6, `${bench.sent.length} frames in 10 s`);
});

test("a picture still being compressed counts as in flight, and only one is compressed at a time", async () => {
  const finish = [];
  const bench = createBench({ encode: () => new Promise((resolve) => finish.push(resolve)) });
  bench.sender.beginChallenge(FIRST_NONCE);
  const first = bench.sender.offerPicture();
  assert.equal(bench.sender.inFlight, 1);
  bench.nowMs += 500;
  assert.equal(await bench.sender.offerPicture(), false);
  assert.equal(finish.length, 1);
  finish[0](new Blob(["x"]));
  assert.equal(await first, true);
});

test("an answer to a later frame frees the place of an earlier one", async () => {
  const bench = createBench();
  bench.sender.beginChallenge(FIRST_NONCE);
  await offerFor(bench, 100);
  bench.sender.noteFeedback(1);
  await offerFor(bench, 200);
  assert.equal(bench.sender.inFlight, 2);
  bench.sender.noteFeedback(3);
  assert.equal(bench.sender.inFlight, 0);
});

test("seq rises from 1 and the capture time rises strictly, even when the clock stands still", async () => {
  const bench = createBench();
  bench.sender.beginChallenge(FIRST_NONCE);
  for (let round = 0; round < 40; round += 1) {
    await bench.sender.offerPicture();
    bench.sender.noteAnswerToAll();
    if (round % 3 === 0) bench.nowMs += 40.4;
  }
  const headers = await readHeaders(bench.sent);
  assert.deepEqual(headers.map(({ seq }) => seq), headers.map((_, index) => index + 1));
  for (let index = 1; index < headers.length; index += 1) {
    assert.ok(headers[index].capturedAtMs > headers[index - 1].capturedAtMs);
  }
});

test("the capture time counts from ready", async () => {
  const bench = createBench();
  bench.sender.beginChallenge(FIRST_NONCE);
  bench.nowMs = 1234;
  await bench.sender.offerPicture();
  assert.equal((await readHeaders(bench.sent))[0].capturedAtMs, 234);
});

test("pictures taken after a new challenge carry its nonce", async () => {
  const bench = createBench();
  bench.sender.beginChallenge(FIRST_NONCE);
  await bench.sender.offerPicture();
  bench.sender.beginChallenge(SECOND_NONCE);
  bench.nowMs += 100;
  await bench.sender.offerPicture();
  assert.deepEqual((await readHeaders(bench.sent)).map(({ nonce }) => nonce), [1, 2]);
});

test("a picture whose challenge ended while it was compressed is not sent", async () => {
  let finish;
  const bench = createBench({ encode: () => new Promise((resolve) => { finish = resolve; }) });
  bench.sender.beginChallenge(FIRST_NONCE);
  const offer = bench.sender.offerPicture();
  bench.sender.beginChallenge(SECOND_NONCE);
  finish(new Blob(["x"]));
  assert.equal(await offer, false);
  assert.equal(bench.sent.length, 0);
});

test("a consumed nonce is never sent again", async () => {
  const bench = createBench();
  bench.sender.beginChallenge(FIRST_NONCE);
  bench.sender.endChallenge();
  await offerFor(bench, 1000);
  assert.equal(bench.sent.length, 0);
});

test("a picture above the byte cap, header included, is dropped and the next one is smaller", async () => {
  const qualities = [];
  const bench = createBench({
    encode: async (quality) => {
      qualities.push(quality);
      return new Blob([new Uint8Array(262_144 - 24)]);
    },
  });
  bench.sender.beginChallenge(FIRST_NONCE);
  await offerFor(bench, 200);
  assert.equal(bench.sent.length, 0);
  assert.ok(qualities.at(-1) < qualities[0]);
});

test("a full line takes no further frame", async () => {
  const bench = createBench({ bufferedBytes: () => 200_000 });
  bench.sender.beginChallenge(FIRST_NONCE);
  await offerFor(bench, 1000);
  assert.equal(bench.sent.length, 0);
});

test("feedback on a frame of the last challenge is told apart", async () => {
  const bench = createBench();
  bench.sender.beginChallenge(FIRST_NONCE);
  await offerFor(bench, 100);
  bench.sender.beginChallenge(SECOND_NONCE);
  bench.nowMs += 100;
  await bench.sender.offerPicture();
  assert.equal(bench.sender.noteFeedback(1), false);
  assert.equal(bench.sender.noteFeedback(2), true);
});

test("how long nothing was answered is counted from the first frame that got no answer", async () => {
  const bench = createBench();
  assert.equal(bench.sender.unansweredForMs, 0);
  bench.sender.beginChallenge(FIRST_NONCE);
  await bench.sender.offerPicture();
  bench.nowMs += 700;
  assert.equal(bench.sender.unansweredForMs, 700);
  bench.sender.noteFeedback(1);
  assert.equal(bench.sender.unansweredForMs, 0);
});

test("an encoder that breaks is reported and does not block the next picture", async () => {
  let isBroken = true;
  const bench = createBench({
    encode: async () => {
      if (isBroken) throw new Error("no canvas");
      return new Blob(["x"]);
    },
  });
  bench.sender.beginChallenge(FIRST_NONCE);
  await assert.rejects(bench.sender.offerPicture(), /no canvas/);
  isBroken = false;
  bench.nowMs += 500;
  assert.equal(await bench.sender.offerPicture(), true);
});
