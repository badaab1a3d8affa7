import assert from "node:assert/strict";
import { test } from "node:test";

import { postCapture } from "../../static/js/capture_api.js";
import { CameraMemory } from "../../static/js/camera_memory.js";
import { EmbedChannel, EVENT, HELLO } from "../../static/js/embed_channel.js";
import { recall, remember } from "../../static/js/remembered.js";
import { Voice } from "../../static/js/voice.js";

const EVENT_BODY = { name: "verified", sessionId: "s", decision: "pass", reason: "verified", token: "t", retriesLeft: 0 };

/** A window in a frame: what it posts to the page around it is kept. */
function frameWindow() {
  const frame = new EventTarget();
  frame.posted = [];
  frame.parent = { postMessage: (message, origin) => frame.posted.push([message, origin]) };
  frame.greet = (origin, data = { type: HELLO }, source = frame.parent) => {
    frame.dispatchEvent(Object.assign(new Event("message"), { origin, data, source }));
  };
  return frame;
}

test("a page that is not framed tells nobody", () => {
  const own = new EventTarget();
  own.parent = own;
  const channel = new EmbedChannel(own, ["https://shop.example"]);
  channel.tell(EVENT_BODY);
  assert.equal(channel.isFramed, false);
});

test("events wait for a hello and go to its origin alone", () => {
  const frame = frameWindow();
  const channel = new EmbedChannel(frame, ["https://shop.example"]);
  channel.tell(EVENT_BODY);
  assert.deepEqual(frame.posted, []);
  frame.greet("https://shop.example");
  assert.deepEqual(frame.posted, [[{ type: EVENT, ...EVENT_BODY }, "https://shop.example"]]);
});

test("a hello from elsewhere, from another window or in other words is not heard", () => {
  const frame = frameWindow();
  const channel = new EmbedChannel(frame, ["https://shop.example"]);
  channel.tell(EVENT_BODY);
  frame.greet("https://evil.example");
  frame.greet("https://shop.example.evil.example");
  frame.greet("null");
  frame.greet("https://shop.example", { type: "hello" });
  frame.greet("https://shop.example", null);
  frame.greet("https://shop.example", { type: HELLO }, {});
  assert.deepEqual(frame.posted, []);
});

test("refusals of the server become sentences of the page", async () => {
  const answer = (status, body) => async () => new Response(body === null ? null : JSON.stringify(body), { status });
  assert.deepEqual(await postCapture("/x", {}, answer(200, { skips_left: 2 })), { body: { skips_left: 2 }, failure: null });
  assert.deepEqual(await postCapture("/x", {}, answer(204, null)), { body: {}, failure: null });
  assert.equal((await postCapture("/x", {}, answer(403, { code: "bad_ticket" }))).failure, "ticket_refused");
  assert.equal((await postCapture("/x", {}, answer(422, { code: "consent_outdated" }))).failure, "consent_outdated");
  assert.equal((await postCapture("/x", {}, answer(418, { code: "tea" }))).failure, "server_error");
  assert.equal((await postCapture("/x", {}, async () => new Response("<html>", { status: 502 }))).failure, "server_error");
});

test("silence and absence are told apart", async () => {
  const slow = async () => { throw new DOMException("", "TimeoutError"); };
  assert.equal((await postCapture("/x", {}, slow)).failure, "connect_timeout");
  assert.equal((await postCapture("/x", {}, async () => { throw new TypeError("offline"); })).failure, "connect_failed");
});

test("a browser that keeps nothing is no failure", (t) => {
  const storage = { getItem() { throw new Error("denied"); }, setItem() { throw new Error("denied"); } };
  Object.defineProperty(globalThis, "localStorage", { value: storage, configurable: true });
  t.after(() => delete globalThis.localStorage);
  remember("voice", "on");
  assert.equal(recall("voice"), null);
});

/** A browser that keeps things, with cameras of these ids. */
function createCameraMemory(t, ids) {
  const kept = new Map();
  const storage = {
    getItem: (name) => kept.get(name) ?? null, setItem: (name, value) => kept.set(name, value),
    removeItem: (name) => kept.delete(name),
  };
  Object.defineProperty(globalThis, "localStorage", { value: storage, configurable: true });
  t.after(() => delete globalThis.localStorage);
  const devices = ids.map((deviceId) => ({ kind: "videoinput", deviceId, label: deviceId }));
  return new CameraMemory({ enumerateDevices: async () => devices });
}

test("a chosen camera is opened again, until it fails", async (t) => {
  const memory = createCameraMemory(t, ["front", "desk", "roof"]);
  assert.equal(await memory.recall(), null);
  memory.remember("desk");
  memory.noteEnd("poor_capture", "desk");
  assert.equal(await memory.recall(), "desk");
  memory.noteEnd("camera_silent", "desk");
  assert.equal(await memory.recall(), "roof");
  assert.equal(recall("camera"), null);
});

test("after the last camera comes the first, and after the only one itself", async (t) => {
  const memory = createCameraMemory(t, ["front", "desk"]);
  memory.noteEnd("injection_suspected", "desk");
  assert.equal(await memory.recall(), "front");
  memory.noteEnd("camera_unsuitable", null);
  assert.equal(await memory.recall(), "desk");
  const alone = createCameraMemory(t, ["front"]);
  alone.noteEnd("camera_ended", "front");
  assert.equal(await alone.recall(), null);
});

test("a browser that names no camera is left to choose", async (t) => {
  const memory = createCameraMemory(t, []);
  memory.noteEnd("camera_silent", null);
  assert.equal(await memory.recall(), null);
});

test("only the newest sentence is read, and none unless asked for", (t) => {
  const spoken = [];
  const synthesis = { cancel: () => spoken.push("stop"), speak: ({ text, lang }) => spoken.push(`${lang} ${text}`) };
  globalThis.SpeechSynthesisUtterance = class { constructor(text) { this.text = text; } };
  t.after(() => delete globalThis.SpeechSynthesisUtterance);
  const button = Object.assign(new EventTarget(), { hidden: true, pressed: "", setAttribute(_, value) { this.pressed = value; } });
  const voice = new Voice(synthesis, "de");
  voice.bindTo([button]);
  assert.equal(button.hidden, false);
  voice.read("Blinzeln Sie zweimal");
  assert.deepEqual(spoken, []);
  button.dispatchEvent(new Event("click"));
  assert.equal(button.pressed, "true");
  voice.read("Blinzeln Sie zweimal");
  voice.read("Nicken Sie");
  assert.deepEqual(spoken, ["stop", "de Blinzeln Sie zweimal", "stop", "de Nicken Sie"]);
});

test("a browser without a voice shows no button for it", () => {
  const button = Object.assign(new EventTarget(), { hidden: false, setAttribute() {} });
  new Voice(undefined, "en").bindTo([button]);
  assert.equal(button.hidden, true);
});
