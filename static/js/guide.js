/** The oval over the preview: its line's shape says how well the face sits, the ring how far the challenge is. */

import { requireElement } from "./page_elements.js";

/** `waiting` dotted, `adjust` dashed, `ok` solid, `working` circling. @typedef {"waiting" | "adjust" | "ok" | "working"} GuideShape */

const TICK_MS = 1100;
const NARROWEST_ASPECT = 0.7;
const WIDEST_ASPECT = 1.4;

export class Guide {
  #svg = requireElement("guide", SVGSVGElement);
  #ring = requireElement("guide-ring", SVGElement);
  #stage = requireElement("stage", HTMLElement);
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #tickTimer;

  /** @param {GuideShape} shape */
  setShape(shape) {
    if (this.#svg.dataset["shape"] !== shape) this.#svg.dataset["shape"] = shape;
  }

  /** @param {number} progress 0..1 */
  setProgress(progress) {
    const clamped = Math.min(1, Math.max(0, progress));
    this.#svg.dataset["progress"] = clamped === 0 ? "none" : "some";
    this.#ring.style.setProperty("--progress", String(clamped));
  }

  /** Show the tick for a moment. */
  tick() {
    clearTimeout(this.#tickTimer);
    this.#svg.dataset["tick"] = "on";
    this.#tickTimer = setTimeout(() => delete this.#svg.dataset["tick"], TICK_MS);
  }

  /**
   * Give the stage the camera's shape, so that the oval lies where the server sees the middle of the frame.
   * @param {HTMLVideoElement} video
   */
  fitStage(video) {
    if (video.videoWidth === 0 || video.videoHeight === 0) return;
    const aspect = video.videoWidth / video.videoHeight;
    const shown = Math.min(WIDEST_ASPECT, Math.max(NARROWEST_ASPECT, aspect));
    this.#stage.style.setProperty("--aspect", shown.toFixed(4));
  }
}
