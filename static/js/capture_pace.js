/**
 * When to capture the next frame, and how small to make it. Pure: times are passed in, milliseconds of one clock.
 *
 * The numbers aim at frames that are worth analysing: below about 10 frames a second a blink is missed, below
 * JPEG quality 0.6 the texture that tells skin from a screen is gone. So rate gives way first, quality second,
 * size last.
 *
 * What a full line queues is out of sight, in the operating system and in every router, so the answers have to tell:
 * one frame at a time until they come quickly, and again once one was not answered in time.
 */

export const MAX_IN_FLIGHT = 2;
export const IN_FLIGHT_EXPIRY_MS = 1500;
const SLOW_ANSWER_MS = 450;
/** Later than any server answers that still takes newcomers, so it must be the line. */
const LINE_ANSWER_MS = 900;
const QUICK_ANSWER_MS = 200;
const COMFORTABLE_FPS = 10;
const MIN_FPS = 5;
const MIN_QUALITY = 0.6;
const MIN_QUALITY_FOR_LATENCY = 0.74;
const MAX_QUALITY = 0.88;
const MIN_SCALE = 0.5;
const MIN_SCALE_FOR_LATENCY = 0.7;
const BUFFER_LOOK_MS = 300;

/** Frames sent and not yet answered. An answer to one frame answers all before it. */
export class InFlightWindow {
  /** @type {Map<number, number>} seq to the time it was sent */ #sentAtMs = new Map();
  /** @type {Map<number, number>} the same of those given up, whose answer may still tell how late it is */ #givenUp = new Map();

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
    for (const [seq, sentAtMs] of expired) {
      this.#sentAtMs.delete(seq);
      this.#givenUp.set(seq, sentAtMs);
    }
    return expired.length;
  }

  /**
   * The server's newest waiting frame replaces older ones, so some are never answered by name.
   * @param {number} seq
   * @param {number} nowMs
   * @returns {number | null} how long the answer to exactly this frame took.
   */
  answerUpTo(seq, nowMs) {
    const sentAtMs = this.#sentAtMs.get(seq) ?? this.#givenUp.get(seq);
    for (const sent of [this.#sentAtMs, this.#givenUp]) {
      for (const earlier of [...sent.keys()]) if (earlier <= seq) sent.delete(earlier);
    }
    return sentAtMs === undefined ? null : nowMs - sentAtMs;
  }

  clear() {
    this.#sentAtMs.clear();
    this.#givenUp.clear();
  }
}

/** Frame rate, JPEG quality and scale that the line and the server can carry right now. */
export class CapturePace {
  #maxFps;
  #dueAtMs = Number.NEGATIVE_INFINITY;
  #bufferSeenAtMs = Number.NEGATIVE_INFINITY;
  #fps;
  /** Modest at first: nothing is known of the line, and a first frame that takes two seconds looks like a lost one. */
  quality = MIN_QUALITY_FOR_LATENCY;
  scale = 1;
  maxInFlight = 1;

  /** @param {{max_fps: number}} limits */
  constructor({ max_fps }) {
    this.#maxFps = Math.max(1, max_fps);
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
   * A late answer may be the server's doing as well as the line's, and a poorer picture helps only the line: so with
   * two frames out it costs little quality and no size, with one alone more, and all there is where it is very late.
   * @param {number} latencyMs from sending a frame to its answer
   */
  noteAnswer(latencyMs) {
    const wasAlone = this.maxInFlight === 1;
    if (latencyMs < SLOW_ANSWER_MS) this.maxInFlight = MAX_IN_FLIGHT;
    if (latencyMs > LINE_ANSWER_MS) this.#giveWay();
    else if (latencyMs > SLOW_ANSWER_MS) {
      this.#slowDown(this.quality > MIN_QUALITY_FOR_LATENCY || (wasAlone && this.scale > MIN_SCALE_FOR_LATENCY));
    } else if (latencyMs < QUICK_ANSWER_MS) this.#speedUp();
  }

  /** A frame was not answered in time. */
  noteLoss() {
    this.maxInFlight = 1;
    this.#giveWay();
  }

  /**
   * @param {number} bufferedBytes what the socket has not yet handed to the network
   * @param {number} frameBytes the size of the last frame
   * @param {number} nowMs
   * @returns {boolean} true when the line is so full that another frame would only queue.
   */
  noteBuffered(bufferedBytes, frameBytes, nowMs) {
    const isFull = bufferedBytes > 0 && bufferedBytes >= frameBytes;
    if (isFull && nowMs - this.#bufferSeenAtMs >= BUFFER_LOOK_MS) {
      this.#bufferSeenAtMs = nowMs;
      this.#slowDown(true);
    }
    return isFull;
  }

  /** A frame came out larger than the server takes. */
  noteOversize() {
    this.#shrink();
  }

  get #toleranceMs() {
    return 250 / this.#fps;
  }

  /** The line is full: rate and size at once, there is no time to try one after the other. */
  #giveWay() {
    this.#fps = Math.min(this.#fps, COMFORTABLE_FPS);
    this.#slowDown(true);
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
