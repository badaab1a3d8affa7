import assert from "node:assert/strict";
import { test } from "node:test";

import { CameraError, classifyCameraError, describeCamera, listCameras, openCamera } from "../../static/js/camera.js";

/** MediaDevices that answer each request with the next of `answers`: an error's name, or a stream. */
function createDevices(...answers) {
  const asked = [];
  return {
    asked,
    async getUserMedia(constraints) {
      asked.push(constraints);
      const answer = answers[asked.length - 1];
      if (typeof answer === "string") throw new DOMException("refused", answer);
      return answer;
    },
  };
}

/** A browser's cameras, with nothing in the way unless a test puts it there. */
function createSource(devices, differences = {}) {
  return { devices, isSecure: true, isDelegated: true, readPermission: async () => "denied", ...differences };
}

const STREAM = { getVideoTracks: () => [{ label: "Front", getSettings: () => ({ width: 640, height: 480, frameRate: 29.97 }) }] };

test("each error of getUserMedia has a name of its own", () => {
  const names = {
    NotAllowedError: "camera_denied", NotFoundError: "camera_missing", NotReadableError: "camera_busy",
    OverconstrainedError: "camera_unsuitable", SecurityError: "insecure_context", AbortError: "camera_interrupted",
  };
  for (const [name, failure] of Object.entries(names)) {
    assert.equal(classifyCameraError(new DOMException("", name)), failure);
  }
});

test("an error nobody has heard of is still a camera failure", () => {
  for (const error of [new TypeError("x"), { name: "toString" }, undefined, null, "text"]) {
    assert.equal(classifyCameraError(error), "camera_failed");
  }
});

test("a named camera failure stays what it is", () => {
  assert.equal(classifyCameraError(new CameraError("camera_silent")), "camera_silent");
});

test("only video is asked for, from the front", async () => {
  const devices = createDevices(STREAM);
  assert.equal(await openCamera(createSource(devices)), STREAM);
  assert.equal(devices.asked[0].audio, false);
  assert.equal(devices.asked[0].video.facingMode, "user");
});

test("a camera that cannot meet every wish is asked again with fewer", async () => {
  for (const refusal of ["OverconstrainedError", "NotReadableError", "AbortError"]) {
    const devices = createDevices(refusal, refusal, STREAM);
    assert.equal(await openCamera(createSource(devices)), STREAM);
    assert.deepEqual(devices.asked[2].video, {});
  }
});

test("a camera that refuses every wish is named by its last answer", async () => {
  const devices = createDevices("OverconstrainedError", "OverconstrainedError", "NotReadableError");
  await assert.rejects(openCamera(createSource(devices)), { failure: "camera_busy" });
});

test("a person's no is not asked twice", async () => {
  const devices = createDevices("NotAllowedError", STREAM);
  await assert.rejects(openCamera(createSource(devices)), { failure: "camera_denied" });
  assert.equal(devices.asked.length, 1);
});

test("a no, a closed question and a frame without the right are told apart", async () => {
  const cases = [
    [{ readPermission: async () => "denied" }, "camera_denied"],
    [{ readPermission: async () => "prompt" }, "camera_dismissed"],
    [{ isDelegated: false }, "camera_not_delegated"],
    [{ readPermission: async () => { throw new TypeError("not a permission here"); } }, "camera_denied"],
  ];
  for (const [difference, failure] of cases) {
    const source = createSource(createDevices("NotAllowedError"), difference);
    await assert.rejects(openCamera(source), { failure });
  }
});

test("a browser that knows no camera permission tells a closed question by its message", async () => {
  const devices = { getUserMedia: async () => { throw new DOMException("Permission dismissed", "NotAllowedError"); } };
  const readPermission = async () => { throw new TypeError("not a permission here"); };
  await assert.rejects(openCamera(createSource(devices, { readPermission })), { failure: "camera_dismissed" });
});

test("the camera chosen before comes first, and any other where it is gone", async () => {
  const devices = createDevices("OverconstrainedError", STREAM);
  assert.equal(await openCamera(createSource(devices), "desk"), STREAM);
  assert.deepEqual(devices.asked[0].video.deviceId, { exact: "desk" });
  assert.equal(devices.asked[1].video.deviceId, undefined);
});

test("cameras are listed by name; microphones and nameless ids are not", async () => {
  const enumerateDevices = async () => [
    { kind: "videoinput", deviceId: "a", label: "Front" }, { kind: "audioinput", deviceId: "m", label: "Mic" },
    { kind: "videoinput", deviceId: "", label: "" },
  ];
  assert.deepEqual(await listCameras({ enumerateDevices }), [{ id: "a", label: "Front" }]);
  assert.deepEqual(await listCameras(undefined), []);
  assert.deepEqual(await listCameras({ enumerateDevices: async () => { throw new Error("no"); } }), []);
});

test("an insecure page and a browser without cameras are told apart", async () => {
  await assert.rejects(openCamera(createSource(undefined, { isSecure: false })), { failure: "insecure_context" });
  await assert.rejects(openCamera(createSource(undefined)), { failure: "camera_unsupported" });
});

test("ready describes the camera in whole numbers", () => {
  assert.deepEqual(describeCamera(STREAM), { width: 640, height: 480, fps: 30, label: "Front" });
});
