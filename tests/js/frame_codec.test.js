import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";

import { decodeNonce, encodeFrame, encodeHeader, HEADER_BYTES } from "../../static/js/frame_codec.js";

const NONCE = Uint8Array.from({ length: 16 }, (_, index) => index * 16 + 15);

/** Read a frame as the protocol lays it out, independently of the encoder. */
function readFrame(buffer) {
  return {
    version: buffer.readUInt8(0),
    nonce: buffer.subarray(1, 17),
    seq: buffer.readUInt32BE(17),
    capturedAtMs: buffer.readUInt32BE(21),
    image: buffer.subarray(25),
  };
}

test("a frame carries version, nonce, seq, capture time and image where the protocol puts them", async () => {
  const image = new Blob([Uint8Array.of(0xff, 0xd8, 0xff, 0xe0)]);
  const frame = encodeFrame({ nonce: NONCE, seq: 0x01020304, capturedAtMs: 0xfffefdfc }, image);
  const read = readFrame(Buffer.from(await frame.arrayBuffer()));
  assert.equal(read.version, 1);
  assert.deepEqual([...read.nonce], [...NONCE]);
  assert.equal(read.seq, 0x01020304);
  assert.equal(read.capturedAtMs, 0xfffefdfc);
  assert.deepEqual([...read.image], [0xff, 0xd8, 0xff, 0xe0]);
});

test("the header is 25 bytes", () => {
  assert.equal(encodeHeader({ nonce: NONCE, seq: 1, capturedAtMs: 0 }).length, 25);
  assert.equal(HEADER_BYTES, 25);
});

test("any 128-bit nonce survives base64url without padding", () => {
  for (let round = 0; round < 500; round += 1) {
    const nonce = randomBytes(16);
    assert.deepEqual([...decodeNonce(nonce.toString("base64url"))], [...nonce]);
  }
});

test("text that is not a nonce is refused", () => {
  for (const text of ["", "short", "A".repeat(21), "A".repeat(23), `${"A".repeat(20)}==`, `${"A".repeat(21)}+`]) {
    assert.throws(() => decodeNonce(text), RangeError, text);
  }
});

test("numbers that do not fit four bytes are refused", () => {
  for (const seq of [-1, 1.5, 2 ** 32, Number.NaN]) {
    assert.throws(() => encodeHeader({ nonce: NONCE, seq, capturedAtMs: 0 }), RangeError);
    assert.throws(() => encodeHeader({ nonce: NONCE, seq: 1, capturedAtMs: seq }), RangeError);
  }
});

test("a nonce of the wrong length is refused", () => {
  assert.throws(() => encodeHeader({ nonce: NONCE.subarray(1), seq: 1, capturedAtMs: 0 }), RangeError);
});
