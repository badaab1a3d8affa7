/** Is the light good enough to begin? A look at the preview before anything is sent. The server judges for itself. */

/** @typedef {"checking" | "good" | "dark" | "bright" | "behind"} Light */

/**
 * @typedef {object} LightReading Mean luma, 0..255.
 * @property {number} centre where the oval is
 * @property {number} border around it
 */

const DARK_LUMA = 48;
const BRIGHT_LUMA = 222;
const BACKLIT_CENTRE_LUMA = 90;
const BACKLIT_CONTRAST = 75;
const SAMPLE_WIDTH_PX = 32;
const SAMPLE_HEIGHT_PX = 24;
const CENTRE_RADIUS = 0.5;

/**
 * @param {LightReading} reading
 * @returns {Exclude<Light, "checking">}
 */
export function judgeLight({ centre, border }) {
  if (centre < BACKLIT_CENTRE_LUMA && border - centre > BACKLIT_CONTRAST) return "behind";
  if (centre < DARK_LUMA) return "dark";
  return centre > BRIGHT_LUMA ? "bright" : "good";
}

/**
 * @param {ArrayLike<number>} rgba four values for each pixel, row by row
 * @param {number} width
 * @param {number} height
 * @returns {LightReading}
 */
export function readLight(rgba, width, height) {
  const sums = { centre: 0, border: 0 };
  const counts = { centre: 0, border: 0 };
  for (let pixel = 0; pixel < width * height; pixel += 1) {
    const x = (((pixel % width) + 0.5) / width - 0.5) * 2;
    const y = ((Math.floor(pixel / width) + 0.5) / height - 0.5) * 2;
    const place = Math.hypot(x, y) <= CENTRE_RADIUS ? "centre" : "border";
    sums[place] += lumaAt(rgba, pixel * 4);
    counts[place] += 1;
  }
  return { centre: sums.centre / Math.max(1, counts.centre), border: sums.border / Math.max(1, counts.border) };
}

/**
 * Luma of ITU-R BT.601.
 * @param {ArrayLike<number>} rgba
 * @param {number} offset
 */
function lumaAt(rgba, offset) {
  return 0.299 * (rgba[offset] ?? 0) + 0.587 * (rgba[offset + 1] ?? 0) + 0.114 * (rgba[offset + 2] ?? 0);
}

/** Looks at a playing video, a few dozen pixels at a time. */
export class LightMeter {
  #canvas = document.createElement("canvas");

  constructor() {
    this.#canvas.width = SAMPLE_WIDTH_PX;
    this.#canvas.height = SAMPLE_HEIGHT_PX;
  }

  /**
   * @param {HTMLVideoElement} video
   * @returns {Light} "good" where the browser hands out no pixels: then the server's hints must do.
   */
  judge(video) {
    const context = this.#canvas.getContext("2d", { willReadFrequently: true });
    if (context === null || video.videoWidth === 0) return "checking";
    try {
      context.drawImage(video, 0, 0, SAMPLE_WIDTH_PX, SAMPLE_HEIGHT_PX);
      const { data } = context.getImageData(0, 0, SAMPLE_WIDTH_PX, SAMPLE_HEIGHT_PX);
      return judgeLight(readLight(data, SAMPLE_WIDTH_PX, SAMPLE_HEIGHT_PX));
    } catch {
      return "good";
    }
  }
}
