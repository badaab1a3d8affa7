import assert from "node:assert/strict";
import { test } from "node:test";

import { CameraError, classifyCameraError, describeCamera, openCamera } from "../../static/js/camera.js";

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
  assert.equal(await openCamera(devices, true), STREAM);
  assert.equal(devices.asked[0].audio, false);
  assert.equal(devices.asked[0].video.facingMode, "user");
});

test("a camera that cannot meet every wish is asked again with fewer", async () => {
  for (const refusal of ["OverconstrainedError", "NotReadableError", "AbortError"]) {
    const devices = createDevices(refusal, refusal, STREAM);
    assert.equal(await openCamera(devices, true), STREAM);
    assert.deepEqual(devices.asked[2].video, {});
  }
});

test("a camera that refuses every wish is named by its last answer", async () => {
  const devices = createDevices("OverconstrainedError", "OverconstrainedError", "NotReadableError");
  await assert.rejects(openCamera(devices, true), { failure: "camera_busy" });
});

test("a person's no is not asked twice", async () => {
  const devices = createDevices("NotAllowedError", STREAM);
  await assert.rejects(openCamera(devices, true), { failure: "camera_denied" });
  assert.equal(devices.asked.length, 1);
});

test("an insecure page and a browser without cameras are told apart", async () => {
  await assert.rejects(openCamera(undefined, false), { failure: "insecure_context" });
  await assert.rejects(openCamera(undefined, true), { failure: "camera_unsupported" });
});

test("ready describes the camera in whole numbers", () => {
  assert.deepEqual(describeCamera(STREAM), { width: 640, height: 480, fps: 30, label: "Front" });
});
