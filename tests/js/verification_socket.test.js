import assert from "node:assert/strict";
import { mock, test } from "node:test";

import {
  buildSocketUrl, classifyClose, CONNECT_TIMEOUT_MS, CONNECTION_FAILURES, VerificationSocket,
} from "../../static/js/verification_socket.js";

/** The browser's WebSocket without a network: what a test dispatches arrives, what is sent is kept. */
class LoopSocket extends EventTarget {
  readyState = 0;
  bufferedAmount = 0;
  sent = [];
  closedWith = null;

  open() {
    this.readyState = 1;
    this.dispatchEvent(new Event("open"));
  }

  deliver(data) {
    this.dispatchEvent(Object.assign(new Event("message"), { data }));
  }

  drop(code) {
    this.readyState = 3;
    this.dispatchEvent(Object.assign(new Event("close"), { code }));
  }

  send(data) {
    this.sent.push(data);
  }

  close(code) {
    this.closedWith = code;
  }
}

function connect(t) {
  mock.timers.enable({ apis: ["setTimeout"] });
  t.after(() => mock.timers.reset());
  const loop = new LoopSocket();
  const seen = { opened: 0, messages: [], failures: [], protocol: null };
  const socket = new VerificationSocket("ws://host/ws/verify/s?ticket=t", {
    onOpen: () => { seen.opened += 1; },
    onMessage: (message) => seen.messages.push(message),
    onClosed: (failure) => seen.failures.push(failure),
  }, (_url, protocol) => {
    seen.protocol = protocol;
    return loop;
  });
  return { socket, loop, seen };
}

const SESSION = JSON.stringify({ type: "session", expires_at: "2026-11-01T00:00:00Z", capture: {} });
const FEEDBACK = JSON.stringify({ type: "feedback", seq: 4, hint: "ok", face: null, progress: 0.5, scores: null });

test("the address keeps the page's host and asks for encryption where the page has it", () => {
  assert.equal(buildSocketUrl({ protocol: "https:", host: "a.example" }, "/ws/verify/1", "T-_"), "wss://a.example/ws/verify/1?ticket=T-_");
  assert.equal(buildSocketUrl({ protocol: "http:", host: "localhost:8000" }, "/ws/verify/1", "T"), "ws://localhost:8000/ws/verify/1?ticket=T");
});

test("the subprotocol is offered", (t) => {
  assert.equal(connect(t).seen.protocol, "pol.v1");
});

test("known messages are handed on, unknown and broken ones are ignored", (t) => {
  const { loop, seen } = connect(t);
  loop.open();
  for (const text of ["{", "[]", "null", '{"type":"toString"}', '{"type":"weather"}', '{"type":"feedback"}']) loop.deliver(text);
  loop.deliver(new ArrayBuffer(4));
  assert.deepEqual(seen.messages, []);
  loop.deliver(FEEDBACK);
  assert.equal(seen.messages[0].seq, 4);
  assert.deepEqual(seen.failures, []);
});

test("what the page says is what the protocol knows", (t) => {
  const { socket, loop } = connect(t);
  loop.open();
  socket.sendReady({ width: 640, height: 480, fps: 30, label: "Camera" });
  socket.sendSkip("c1");
  socket.sendCancel();
  assert.deepEqual(loop.sent.map((text) => JSON.parse(text)), [
    { type: "ready", camera: { width: 640, height: 480, fps: 30, label: "Camera" } },
    { type: "skip", challenge_id: "c1" },
    { type: "cancel" },
  ]);
});

test("nothing is sent into a socket that is not open", (t) => {
  const { socket, loop } = connect(t);
  socket.sendCancel();
  socket.sendFrame(new Blob(["x"]));
  assert.deepEqual(loop.sent, []);
});

test("a socket that never opens ends in words after eight seconds", (t) => {
  const { loop, seen } = connect(t);
  mock.timers.tick(CONNECT_TIMEOUT_MS - 1);
  assert.deepEqual(seen.failures, []);
  mock.timers.tick(1);
  assert.deepEqual(seen.failures, ["connect_timeout"]);
  assert.equal(loop.closedWith, 1000);
});

test("a socket that opens and stays silent ends in words too", (t) => {
  const { loop, seen } = connect(t);
  mock.timers.tick(7000);
  loop.open();
  mock.timers.tick(7000);
  loop.deliver(SESSION);
  mock.timers.tick(CONNECT_TIMEOUT_MS);
  assert.deepEqual(seen.failures, ["connect_timeout"]);
});

test("once the challenges run, the connect timer is gone for good", (t) => {
  const { loop, seen } = connect(t);
  loop.open();
  loop.deliver(FEEDBACK);
  loop.deliver(SESSION);
  mock.timers.tick(60_000);
  assert.deepEqual(seen.failures, []);
});

test("a close is reported once, and nothing after it", (t) => {
  const { loop, seen } = connect(t);
  loop.open();
  loop.drop(4408);
  loop.drop(1006);
  loop.deliver(FEEDBACK);
  mock.timers.tick(60_000);
  assert.deepEqual(seen.failures, ["session_timeout"]);
  assert.deepEqual(seen.messages, []);
});

test("closing from this side is not a failure", (t) => {
  const { socket, loop, seen } = connect(t);
  loop.open();
  socket.close();
  loop.drop(1000);
  assert.deepEqual(seen.failures, []);
});

test("every close code of the protocol has a name of its own", () => {
  const codes = [4400, 4401, 4403, 4404, 4408, 4409, 4410, 4413, 4429, 4500, 4503];
  const names = codes.map((code) => classifyClose(code, true));
  assert.equal(new Set(names).size, codes.length);
  assert.ok(names.every((name) => CONNECTION_FAILURES.includes(name) && name !== "disconnected"));
});

test("a close without a code of ours is a lost connection, or one that never was", () => {
  for (const code of [1000, 1001, 1006, 1011, 4999]) {
    assert.equal(classifyClose(code, true), "disconnected");
    assert.equal(classifyClose(code, false), "connect_failed");
  }
});
