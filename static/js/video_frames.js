/** Pictures out of a playing video element: when a new one is there, and its compressed bytes. */

import { fitFrame } from "./capture_pace.js";

/** Calls back once for every new picture of a video; once a screen refresh where the browser can't tell. */
export class VideoFrames {
  #video;
  #onPicture;
  /** @type {object | null} the loop that runs; one that was stopped never goes on beside a newer one */ #loop = null;

  /**
   * @param {HTMLVideoElement} video
   * @param {() => void} onPicture
   */
  constructor(video, onPicture) {
    this.#video = video;
    this.#onPicture = onPicture;
  }

  start() {
    if (this.#loop !== null) return;
    this.#loop = {};
    this.#scheduleNext(this.#loop);
  }

  stop() {
    this.#loop = null;
  }

  /** @param {object} loop */
  #scheduleNext(loop) {
    const step = () => {
      if (this.#loop !== loop) return;
      this.#onPicture();
      this.#scheduleNext(loop);
    };
    if ("requestVideoFrameCallback" in HTMLVideoElement.prototype) this.#video.requestVideoFrameCallback(step);
    else requestAnimationFrame(step);
  }
}

/** Draws the video unmirrored and compresses it. JPEG, because every browser can write it. */
export class FrameEncoder {
  #video;
  #limits;
  /** @type {OffscreenCanvas | HTMLCanvasElement} */ #canvas;

  /**
   * @param {HTMLVideoElement} video
   * @param {{width: number, height: number}} limits pixels that the server takes
   */
  constructor(video, limits) {
    this.#video = video;
    this.#limits = limits;
    this.#canvas = createCanvas();
  }

  /**
   * @param {number} quality 0..1
   * @param {number} scale 0..1 of the size the server takes
   * @returns {Promise<Blob>}
   */
  async encode(quality, scale) {
    const video = { width: this.#video.videoWidth, height: this.#video.videoHeight };
    const { width, height } = fitFrame(video, this.#limits, scale);
    if (this.#canvas.width !== width) this.#canvas.width = width;
    if (this.#canvas.height !== height) this.#canvas.height = height;
    const context = /** @type {CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D | null} */ (
      this.#canvas.getContext("2d", { alpha: false })
    );
    if (context === null) throw new Error("This browser has no 2D canvas.");
    context.drawImage(this.#video, 0, 0, width, height);
    return compress(this.#canvas, quality);
  }
}

/** @returns {OffscreenCanvas | HTMLCanvasElement} */
function createCanvas() {
  const isOffscreenUsable = "OffscreenCanvas" in globalThis && "convertToBlob" in OffscreenCanvas.prototype;
  return isOffscreenUsable ? new OffscreenCanvas(1, 1) : document.createElement("canvas");
}

/**
 * @param {OffscreenCanvas | HTMLCanvasElement} canvas
 * @param {number} quality
 * @returns {Promise<Blob>}
 */
function compress(canvas, quality) {
  if ("convertToBlob" in canvas) return canvas.convertToBlob({ type: "image/jpeg", quality });
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("The picture could not be compressed."))),
      "image/jpeg", quality);
  });
}
