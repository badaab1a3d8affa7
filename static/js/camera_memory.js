/** Which camera to open: the one that the person chose before, until it turns out bad; then the next one there is. */

import { listCameras } from "./camera.js";
import { forget, recall, remember } from "./remembered.js";

const REMEMBERED_AS = "camera";
/** After these the same camera is more likely to fail again than another one. */
const CAMERA_IN_DOUBT = /** @type {readonly string[]} */ ([
  "camera_silent", "camera_unsuitable", "camera_ended", "frame_too_large", "injection_suspected",
]);

export class CameraMemory {
  #devices;
  /** @type {Promise<string | null>} */ #next = Promise.resolve(null);

  /** @param {MediaDevices | undefined} devices */
  constructor(devices) {
    this.#devices = devices;
  }

  /** @returns {Promise<string | null>} null for whichever the browser prefers. */
  async recall() {
    return (await this.#next) ?? recall(REMEMBERED_AS);
  }

  /** @param {string} deviceId */
  remember(deviceId) {
    this.#next = Promise.resolve(null);
    remember(REMEMBERED_AS, deviceId);
  }

  /**
   * A check ended: if its camera may be why, the next one is another.
   * @param {string} reason
   * @param {string | null} deviceId of the camera, as far as it is known
   */
  noteEnd(reason, deviceId) {
    if (!CAMERA_IN_DOUBT.includes(reason)) return;
    const failed = deviceId ?? recall(REMEMBERED_AS);
    forget(REMEMBERED_AS);
    this.#next = this.#findOther(failed);
  }

  /** @param {string | null} deviceId null for the browser's own choice, which is the first of the list as a rule */
  async #findOther(deviceId) {
    const ids = (await listCameras(this.#devices)).map(({ id }) => id);
    const other = ids[(Math.max(0, ids.indexOf(deviceId ?? "")) + 1) % ids.length] ?? null;
    return other === deviceId ? null : other;
  }
}
