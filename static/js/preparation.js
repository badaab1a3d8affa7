/**
 * Between camera and socket: which camera, and is there light? Where all is well it goes on by itself; where there are
 * several cameras or the light is poor, the person says when. That a camera was chosen before settles nothing: whoever
 * chose the wrong one must be able to see it and change it.
 */

import { listCameras } from "./camera.js";
import { LightMeter } from "./light_check.js";
import { lightText, say } from "./page_text.js";
import { requireElement } from "./page_elements.js";

const LOOK_INTERVAL_MS = 200;
const GOOD_LOOKS_TO_GO_ON = 4;
const PATIENCE_MS = 2000;

/**
 * @typedef {object} PreparationEvents
 * @property {() => void} onReady
 * @property {(deviceId: string) => void} onOtherCamera
 */

export class Preparation {
  #view;
  #memory;
  #events;
  #panel = requireElement("preparation", HTMLElement);
  #choice = requireElement("camera-choice", HTMLElement);
  #list = requireElement("camera-list", HTMLSelectElement);
  #beginButton = requireElement("begin", HTMLButtonElement);
  #meter = new LightMeter();
  #goodLooks = 0;
  #sinceMs = 0;
  #isChoiceOpen = false;
  /** @type {ReturnType<typeof setInterval> | undefined} */ #timer;

  /**
   * @param {import("./capture_view.js").CaptureView} view
   * @param {import("./camera_memory.js").CameraMemory} memory
   * @param {PreparationEvents} events
   */
  constructor(view, memory, events) {
    this.#view = view;
    this.#memory = memory;
    this.#events = events;
    this.#beginButton.addEventListener("click", () => this.#finish());
    this.#list.addEventListener("change", () => {
      this.#memory.remember(this.#list.value);
      this.#events.onOtherCamera(this.#list.value);
    });
  }

  /**
   * The camera runs: look at what it shows.
   * @param {string | null} deviceId of the camera that runs
   */
  async begin(deviceId) {
    // Whoever is choosing goes on choosing: the panel stays, and the focus with it.
    clearInterval(this.#timer);
    this.#goodLooks = 0;
    this.#sinceMs = performance.now();
    this.#view.say(lightText("checking"), "plain");
    this.#timer = setInterval(() => this.#look(), LOOK_INTERVAL_MS);
    this.#offerCameras(await listCameras(navigator.mediaDevices), deviceId);
  }

  end() {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#panel.hidden = true;
  }

  /**
   * @param {readonly {id: string, label: string}[]} cameras
   * @param {string | null} deviceId
   */
  #offerCameras(cameras, deviceId) {
    const options = cameras.map(({ id, label }, position) => {
      const name = label === "" ? say("cameraNumber", { number: position + 1 }) : label;
      return new Option(name, id, false, id === deviceId);
    });
    this.#list.replaceChildren(...options);
    this.#choice.hidden = cameras.length < 2;
    this.#isChoiceOpen = cameras.length > 1;
    if (this.#isChoiceOpen) this.#askToBegin();
  }

  #look() {
    const light = this.#meter.judge(this.#view.preview);
    this.#goodLooks = light === "good" ? this.#goodLooks + 1 : 0;
    this.#view.guide.setShape(light === "good" ? "ok" : "waiting");
    this.#view.say(lightText(light), light === "good" ? "good" : light === "checking" ? "plain" : "adjust");
    const isAsked = !this.#panel.hidden;
    if (!isAsked && !this.#isChoiceOpen && this.#goodLooks >= GOOD_LOOKS_TO_GO_ON) this.#finish();
    else if (!isAsked && performance.now() - this.#sinceMs > PATIENCE_MS) this.#askToBegin();
  }

  #askToBegin() {
    if (this.#timer === undefined) return;
    this.#panel.hidden = false;
    this.#beginButton.focus();
  }

  #finish() {
    if (this.#timer === undefined) return;
    if (this.#list.value !== "") this.#memory.remember(this.#list.value);
    this.end();
    this.#events.onReady();
  }
}
