/** One attempt: the camera, the socket and the frames between them. It knows no page. */

import {
  browserCameraSource, CameraError, classifyCameraError, describeCamera, openCamera, playStream, stopCamera,
} from "./camera.js";
import { FrameSender } from "./frame_sender.js";
import { decodeNonce } from "./frame_codec.js";
import { FrameEncoder, VideoFrames } from "./video_frames.js";
import { VerificationSocket } from "./verification_socket.js";

const UNANSWERED_DOUBT_MS = 1500;
const UNANSWERED_LOST_MS = 10_000;
const WATCH_INTERVAL_MS = 250;

/**
 * Used until the server's `session` says otherwise.
 * @type {import("./protocol.js").CaptureLimits}
 */
const CAUTIOUS_LIMITS = { width: 640, height: 480, max_fps: 15, max_frame_bytes: 262_144, formats: ["jpeg"] };

/**
 * @typedef {import("./protocol.js").ServerMessage} ServerMessage
 * @typedef {import("./page_text.js").Failure} Failure
 *
 * @typedef {object} RunEvents
 * @property {(deviceId: string | null) => void} onCamera The camera runs; `connect` may be called.
 * @property {(message: ServerMessage, isCurrent: boolean) => void} onMessage `isCurrent` is false for feedback on a
 *   frame of an earlier challenge.
 * @property {(isDoubtful: boolean) => void} onDoubt Frames leave and nothing comes back, or it does again.
 * @property {(isPaused: boolean) => void} onCameraPaused
 * @property {(failure: Failure) => void} onFailure The run is over. Called at most once.
 */

export class CaptureRun {
  hasConnected = false;
  /** @type {string | null} of the camera, once it is known which one answers */ deviceId = null;
  #video;
  #socketUrl;
  #events;
  #limits = CAUTIOUS_LIMITS;
  #readyAtMs = 0;
  #isOver = false;
  #isDoubtful = false;
  #isPaused = false;
  #frames;
  /** @type {MediaStream | null} */ #stream = null;
  /** @type {VerificationSocket | null} */ #socket = null;
  /** @type {FrameSender | null} */ #sender = null;
  /** @type {ReturnType<typeof setInterval> | undefined} */ #watch;

  /**
   * @param {HTMLVideoElement} video
   * @param {string} socketUrl
   * @param {RunEvents} events
   */
  constructor(video, socketUrl, events) {
    this.#video = video;
    this.#socketUrl = socketUrl;
    this.#events = events;
    this.#frames = new VideoFrames(video, () => void this.#offerPicture());
  }

  /**
   * Open the camera. Failures arrive as events.
   * @param {string | null} deviceId the camera to prefer
   */
  async openCamera(deviceId) {
    try {
      this.deviceId = deviceId;
      const stream = await openCamera(browserCameraSource(), deviceId);
      this.deviceId = stream.getVideoTracks()[0]?.getSettings().deviceId ?? null;
      if (this.#isOver) return stopCamera(stream);
      const previous = this.#stream;
      this.#stream = stream;
      stopCamera(previous);
      this.#watchTrack(stream);
      await playStream(this.#video, stream);
    } catch (error) {
      return this.#fail(classifyCameraError(error));
    }
    if (!this.#isOver) this.#events.onCamera(this.deviceId);
  }

  /** Open the socket; the server asks for the first step as soon as it is there. */
  connect() {
    this.#socket = new VerificationSocket(this.#socketUrl, {
      onOpen: () => this.#announceReady(),
      onMessage: (message) => this.#receive(message),
      onClosed: (failure) => this.#fail(failure),
    });
  }

  /**
   * Send nothing while the page is out of sight: browsers starve it, and the pictures would be old ones.
   * @param {boolean} isPaused
   */
  setPaused(isPaused) {
    this.#isPaused = isPaused;
    this.#sender?.noteAnswerToAll();
    if (isPaused) this.#frames.stop();
    else if (this.#sender !== null && !this.#isOver) this.#frames.start();
  }

  /** @param {string} challengeId */
  skip(challengeId) {
    this.#socket?.sendSkip(challengeId);
  }

  cancel() {
    this.#sender?.endChallenge();
    this.#socket?.sendCancel();
  }

  /** Let go of camera and socket; nothing is reported afterwards. */
  end() {
    this.#isOver = true;
    clearInterval(this.#watch);
    this.#frames.stop();
    this.#socket?.close();
    stopCamera(this.#stream);
    this.#video.srcObject = null;
  }

  /** @param {Failure} failure */
  #fail(failure) {
    if (this.#isOver) return;
    this.end();
    this.#events.onFailure(failure);
  }

  /** @param {MediaStream} stream */
  #watchTrack(stream) {
    const track = stream.getVideoTracks()[0];
    if (track === undefined) throw new CameraError("camera_silent");
    const isCurrent = () => this.#stream === stream;
    track.addEventListener("ended", () => isCurrent() && this.#fail("camera_ended"));
    track.addEventListener("mute", () => isCurrent() && this.#events.onCameraPaused(true));
    track.addEventListener("unmute", () => isCurrent() && this.#events.onCameraPaused(false));
  }

  #announceReady() {
    this.hasConnected = true;
    if (this.#stream !== null) this.#socket?.sendReady(describeCamera(this.#stream));
    this.#readyAtMs = performance.now();
    this.#watch = setInterval(() => this.#checkAnswers(), WATCH_INTERVAL_MS);
  }

  /** @param {ServerMessage} message */
  #receive(message) {
    let isCurrent = true;
    if (message.type === "session") this.#limits = { ...CAUTIOUS_LIMITS, ...message.capture };
    else if (message.type === "challenge") this.#beginChallenge(message.nonce);
    else if (message.type === "challenge_result") this.#sender?.endChallenge();
    else if (message.type === "feedback") isCurrent = this.#sender?.noteFeedback(message.seq) ?? false;
    this.#setDoubt(false);
    if (!this.#isOver) this.#events.onMessage(message, isCurrent);
  }

  /** @param {string} nonce */
  #beginChallenge(nonce) {
    this.#sender ??= this.#createSender();
    try {
      this.#sender.beginChallenge(decodeNonce(nonce));
    } catch {
      return this.#fail("malformed_message");
    }
    if (!this.#isPaused) this.#frames.start();
  }

  #createSender() {
    const encoder = new FrameEncoder(this.#video, this.#limits);
    const parts = {
      encode: (/** @type {number} */ quality, /** @type {number} */ scale) => encoder.encode(quality, scale),
      send: (/** @type {Blob} */ frame) => this.#socket?.sendFrame(frame),
      bufferedBytes: () => this.#socket?.bufferedBytes ?? 0,
      now: () => performance.now(),
      limits: this.#limits,
    };
    return new FrameSender(parts, this.#readyAtMs);
  }

  async #offerPicture() {
    if (this.#video.videoWidth === 0) return;
    try {
      await this.#sender?.offerPicture();
    } catch {
      this.#fail("capture_failed");
    }
  }

  #checkAnswers() {
    const unansweredMs = this.#sender?.unansweredForMs ?? 0;
    if (unansweredMs > UNANSWERED_LOST_MS) this.#fail("server_silent");
    else this.#setDoubt(unansweredMs > UNANSWERED_DOUBT_MS || (unansweredMs > 0 && !navigator.onLine));
  }

  /** @param {boolean} isDoubtful */
  #setDoubt(isDoubtful) {
    if (isDoubtful === this.#isDoubtful) return;
    this.#isDoubtful = isDoubtful;
    if (!this.#isOver) this.#events.onDoubt(isDoubtful);
  }
}
