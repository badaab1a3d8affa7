/**
 * When to capture the next frame, and how small to make it. Pure: times are passed in, milliseconds of one clock.
 *
 * The numbers aim at frames that are worth analysing: below about 10 frames a second a blink is missed, below
 * JPEG quality 0.6 the texture that tells skin from a screen is gone. So rate gives way first, quality second,
 * size last.
 */

export const MAX_IN_FLIGHT = 2;
export const IN_FLIGHT_EXPIRY_MS = 1500;
const SLOW_ANSWER_MS = 450;
const QUICK_ANSWER_MS = 200;
const COMFORTABLE_FPS = 10;
const MIN_FPS = 5;
const MIN_QUALITY = 0.6;
const MIN_QUALITY_FOR_LATENCY = 0.74;
const MAX_QUALITY = 0.88;
const MIN_SCALE = 0.5;
const FULL_BUFFER_SHARE = 0.5;

/** Frames sent and not yet answered. An answer to one frame answers all before it. */
export class InFlightWindow {
  /** @type {Map<number, number>} seq to the time it was sent */ #sentAtMs = new Map();

  /** @param {number} seq @param {number} nowMs */
  add(seq, nowMs) {
    this.#sentAtMs.set(seq, nowMs);
  }

  get size() {
    return this.#sentAtMs.size;
  }

  /**
   * Stop counting frames that were lost, so that the sender never stalls on them.
   * @param {number} nowMs
   * @returns {number} how many were given up.
   */
  dropExpired(nowMs) {
    const expired = [...this.#sentAtMs].filter(([, sentAtMs]) => nowMs - sentAtMs >= IN_FLIGHT_EXPIRY_MS);
    for (const [seq] of expired) this.#sentAtMs.delete(seq);
    return expired.length;
  }

  /**
   * The server's newest waiting frame replaces older ones, so some are never answered by name.
   * @param {number} seq
   * @param {number} nowMs
   * @returns {number | null} how long the answer to exactly this frame took.
   */
  answerUpTo(seq, nowMs) {
    const sentAtMs = this.#sentAtMs.get(seq);
    for (const sent of [...this.#sentAtMs.keys()]) if (sent <= seq) this.#sentAtMs.delete(sent);
    return sentAtMs === undefined ? null : nowMs - sentAtMs;
  }

  clear() {
    this.#sentAtMs.clear();
  }
}

/** Frame rate, JPEG quality and scale that the line and the server can carry right now. */
export class CapturePace {
  #maxFps;
  #maxFrameBytes;
  #dueAtMs = Number.NEGATIVE_INFINITY;
  #fps;
  quality = MAX_QUALITY;
  scale = 1;

  /** @param {{max_fps: number, max_frame_bytes: number}} limits */
  constructor({ max_fps, max_frame_bytes }) {
    this.#maxFps = Math.max(1, max_fps);
    this.#maxFrameBytes = max_frame_bytes;
    this.#fps = this.#maxFps;
  }

  get fps() {
    return this.#fps;
  }

  /**
   * Whether a frame may be captured now. A camera's own jitter is tolerated, the average rate is not exceeded.
   * @param {number} nowMs
   * @returns {boolean}
   */
  isDue(nowMs) {
    return nowMs >= this.#dueAtMs - this.#toleranceMs;
  }

  /** @param {number} nowMs */
  noteCapture(nowMs) {
    this.#dueAtMs = Math.max(this.#dueAtMs, nowMs - this.#toleranceMs) + 1000 / this.#fps;
  }

  /**
   * A late answer may be the server's doing as well as the line's, and a poorer picture helps only the line: so it
   * costs little quality and no size.
   * @param {number} latencyMs from sending a frame to its answer
   */
  noteAnswer(latencyMs) {
    if (latencyMs > SLOW_ANSWER_MS) this.#slowDown(this.quality > MIN_QUALITY_FOR_LATENCY);
    else if (latencyMs < QUICK_ANSWER_MS) this.#speedUp();
  }

  /** A frame was never answered. */
  noteLoss() {
    this.#slowDown(true);
  }

  /**
   * @param {number} bufferedBytes what the socket has not yet handed to the network
   * @returns {boolean} true when the line is so full that another frame would only queue.
   */
  noteBuffered(bufferedBytes) {
    const isFull = bufferedBytes > this.#maxFrameBytes * FULL_BUFFER_SHARE;
    if (isFull) this.#slowDown(true);
    return isFull;
  }

  /** A frame came out larger than the server takes. */
  noteOversize() {
    this.#shrink();
  }

  get #toleranceMs() {
    return 250 / this.#fps;
  }

  /** @param {boolean} mayShrink */
  #slowDown(mayShrink) {
    if (this.#fps > Math.min(COMFORTABLE_FPS, this.#maxFps)) {
      this.#fps = Math.max(this.#fps * 0.8, Math.min(COMFORTABLE_FPS, this.#maxFps));
      return;
    }
    if (mayShrink) this.#shrink();
    this.#fps = Math.max(this.#fps * 0.9, Math.min(MIN_FPS, this.#maxFps));
  }

  #shrink() {
    if (this.quality > MIN_QUALITY) this.quality = Math.max(MIN_QUALITY, this.quality - 0.07);
    else this.scale = Math.max(MIN_SCALE, this.scale * 0.85);
  }

  #speedUp() {
    if (this.scale < 1) this.scale = Math.min(1, this.scale * 1.05);
    else if (this.quality < MAX_QUALITY) this.quality = Math.min(MAX_QUALITY, this.quality + 0.01);
    this.#fps = Math.min(this.#maxFps, this.#fps + 0.5);
  }
}

/**
 * The size to encode at: the video's shape, never enlarged, within the server's limits whichever way the device
 * is held.
 * @param {{width: number, height: number}} video
 * @param {{width: number, height: number}} limits
 * @param {number} [scale]
 * @returns {{width: number, height: number}} whole pixels, at least 1.
 */
export function fitFrame(video, limits, scale = 1) {
  const longSide = Math.max(limits.width, limits.height);
  const shortSide = Math.min(limits.width, limits.height);
  const ratio = Math.min(
    1,
    longSide / Math.max(video.width, video.height),
    shortSide / Math.min(video.width, video.height),
  );
  return {
    width: Math.max(1, Math.round(video.width * ratio * scale)),
    height: Math.max(1, Math.round(video.height * ratio * scale)),
  };
}
