/**
 * The oval over the preview. Its line says how well the face sits, an outline where the face is, arrows which way to
 * go, the ring how far the challenge is: all by shape, so that colour is never needed.
 */

import { placeFace, suggestMove } from "./guide_geometry.js";
import { requireElement } from "./page_elements.js";

/** `waiting` dotted, `adjust` dashed, `ok` solid, `working` circling. @typedef {"waiting" | "adjust" | "ok" | "working"} GuideShape */

const TICK_MS = 1100;
const NARROWEST_ASPECT = 0.7;
const WIDEST_ASPECT = 1.4;

export class Guide {
  #svg = requireElement("guide", SVGSVGElement);
  #ring = requireElement("guide-ring", SVGElement);
  #face = requireElement("guide-face", SVGElement);
  #stage = requireElement("stage", HTMLElement);
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #tickTimer;

  /** @param {GuideShape} shape */
  setShape(shape) {
    if (this.#svg.dataset["shape"] !== shape) this.#svg.dataset["shape"] = shape;
    if (shape !== "adjust") this.#svg.dataset["move"] = "none";
  }

  /**
   * Draw where the face is while it should be elsewhere.
   * @param {string} hint the one that is shown
   * @param {readonly number[] | null} box of the face, 0..1 of the unmirrored frame
   * @param {HTMLVideoElement} video
   */
  showPlace(hint, box, video) {
    const frame = { width: video.videoWidth, height: video.videoHeight };
    const stage = { width: this.#stage.clientWidth, height: this.#stage.clientHeight };
    const face = box === null || frame.width === 0 ? null : placeFace(box, frame, stage);
    const move = suggestMove(hint, face);
    this.#svg.dataset["move"] = move;
    if (face === null || move === "none") return;
    for (const [name, value] of Object.entries(face)) this.#face.setAttribute(name, value.toFixed(1));
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
