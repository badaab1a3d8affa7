/** Turns camera pictures into frames of `pol.v1`: one at a time, one or two in flight, as fast as the line carries. */

import { encodeFrame, HEADER_BYTES } from "./frame_codec.js";
import { CapturePace, InFlightWindow } from "./capture_pace.js";

/**
 * @typedef {object} FrameSenderParts
 * @property {(quality: number, scale: number) => Promise<Blob>} encode Compresses the camera's current picture.
 * @property {(frame: Blob) => void} send
 * @property {() => number} bufferedBytes What the socket has not yet handed to the network.
 * @property {() => number} now A monotonic clock in milliseconds.
 * @property {{max_fps: number, max_frame_bytes: number}} limits
 */

export class FrameSender {
  #parts;
  #pace;
  #inFlight = new InFlightWindow();
  #readyAtMs;
  #isEncoding = false;
  #lastSeq = 0;
  #lastFrameBytes = 0;
  #lastCapturedAtMs = 0;
  #challengeFirstSeq = 1;
  /** @type {Uint8Array | null} */ #nonce = null;
  /** @type {number | null} when the oldest frame left that nothing has answered since */ #waitingSinceMs = null;

  /**
   * @param {FrameSenderParts} parts
   * @param {number} readyAtMs when `ready` was sent, on the same clock
   */
  constructor(parts, readyAtMs) {
    this.#parts = parts;
    this.#pace = new CapturePace(parts.limits);
    this.#readyAtMs = readyAtMs;
  }

  /** How many frames are out, the one being compressed included. */
  get inFlight() {
    return this.#inFlight.size + (this.#isEncoding ? 1 : 0);
  }

  get pace() {
    return this.#pace;
  }

  /**
   * Pictures captured from now on answer this challenge.
   * @param {Uint8Array} nonce
   */
  beginChallenge(nonce) {
    this.#nonce = nonce;
    this.#challengeFirstSeq = this.#lastSeq + 1;
    this.noteAnswerToAll();
  }

  /** A consumed nonce must never be sent again: wait for the next challenge. */
  endChallenge() {
    this.#nonce = null;
    this.noteAnswerToAll();
  }

  /**
   * Offer the camera's current picture; it is taken when the pace and those in flight allow it.
   * @returns {Promise<boolean>} whether a frame was sent.
   */
  async offerPicture() {
    const nonce = this.#nonce;
    const nowMs = this.#parts.now();
    if (nonce === null || !this.#mayCapture(nowMs)) return false;
    const capturedAtMs = this.#nextCaptureTime(nowMs);
    this.#pace.noteCapture(nowMs);
    this.#isEncoding = true;
    try {
      const image = await this.#parts.encode(this.#pace.quality, this.#pace.scale);
      return this.#dispatch(nonce, capturedAtMs, image);
    } finally {
      this.#isEncoding = false;
    }
  }

  /**
   * @param {number} seq of a `feedback`; it answers every frame up to it.
   * @returns {boolean} whether the answered frame belongs to the current challenge.
   */
  noteFeedback(seq) {
    const latencyMs = this.#inFlight.answerUpTo(seq, this.#parts.now());
    if (latencyMs !== null) this.#pace.noteAnswer(latencyMs);
    this.#waitingSinceMs = null;
    return seq >= this.#challengeFirstSeq;
  }

  /** A message about the challenge answers everything sent before it. */
  noteAnswerToAll() {
    this.#inFlight.clear();
    this.#waitingSinceMs = null;
  }

  /** @returns {number} how long frames have been leaving without any answer, in milliseconds. */
  get unansweredForMs() {
    return this.#waitingSinceMs === null ? 0 : this.#parts.now() - this.#waitingSinceMs;
  }

  /** @param {number} nowMs */
  #mayCapture(nowMs) {
    if (this.#inFlight.dropExpired(nowMs) > 0) this.#pace.noteLoss();
    if (this.#isEncoding || this.inFlight >= this.#pace.maxInFlight || !this.#pace.isDue(nowMs)) return false;
    return !this.#pace.noteBuffered(this.#parts.bufferedBytes(), this.#lastFrameBytes, nowMs);
  }

  /** @param {number} nowMs */
  #nextCaptureTime(nowMs) {
    this.#lastCapturedAtMs = Math.max(this.#lastCapturedAtMs + 1, Math.round(nowMs - this.#readyAtMs));
    return this.#lastCapturedAtMs;
  }

  /**
   * @param {Uint8Array} nonce the one that was current when the picture was taken
   * @param {number} capturedAtMs
   * @param {Blob} image
   */
  #dispatch(nonce, capturedAtMs, image) {
    if (nonce !== this.#nonce) return false;
    if (image.size + HEADER_BYTES > this.#parts.limits.max_frame_bytes) {
      this.#pace.noteOversize();
      return false;
    }
    this.#lastSeq += 1;
    this.#lastFrameBytes = image.size + HEADER_BYTES;
    const nowMs = this.#parts.now();
    this.#parts.send(encodeFrame({ nonce, seq: this.#lastSeq, capturedAtMs }, image));
    this.#inFlight.add(this.#lastSeq, nowMs);
    this.#waitingSinceMs ??= nowMs;
    return true;
  }
}
