/** One WebSocket of `pol.v1`: typed messages in, typed messages out, every way of closing named. */

import { CLOSE_CODES, readServerMessage, SUBPROTOCOL } from "./protocol.js";

export const CONNECT_TIMEOUT_MS = 8000;

/**
 * @typedef {import("./protocol.js").ServerMessage} ServerMessage
 * @typedef {typeof CONNECTION_FAILURES[number]} ConnectionFailure
 *
 * @typedef {object} SocketEvents
 * @property {() => void} onOpen
 * @property {(message: ServerMessage) => void} onMessage
 * @property {(failure: ConnectionFailure) => void} onClosed Called once, and never after `close()`.
 */

export const CONNECTION_FAILURES = /** @type {const} */ ([
  "connect_timeout", "connect_failed", "disconnected",
  "malformed_message", "ticket_refused", "origin_refused", "session_unknown", "session_timeout",
  "already_connected", "session_over", "frame_too_large", "rate_limited", "server_error", "server_overloaded",
]);

/** @type {Readonly<Record<typeof CLOSE_CODES[number], ConnectionFailure>>} */
const FAILURE_BY_CLOSE_CODE = {
  4400: "malformed_message",
  4401: "ticket_refused",
  4403: "origin_refused",
  4404: "session_unknown",
  4408: "session_timeout",
  4409: "already_connected",
  4410: "session_over",
  4413: "frame_too_large",
  4429: "rate_limited",
  4500: "server_error",
  4503: "server_overloaded",
};

/**
 * Name a close. A refusal before the handshake is all the browser tells us when `wasOpen` is false.
 * @param {number} code
 * @param {boolean} wasOpen
 * @returns {ConnectionFailure}
 */
export function classifyClose(code, wasOpen) {
  const known = CLOSE_CODES.find((candidate) => candidate === code);
  if (known !== undefined) return FAILURE_BY_CLOSE_CODE[known];
  return wasOpen ? "disconnected" : "connect_failed";
}

/**
 * The socket's address on the page's own host.
 * @param {{protocol: string, host: string}} location
 * @param {string} path
 * @param {string} ticket
 * @returns {string}
 */
export function buildSocketUrl(location, path, ticket) {
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  return `${scheme}//${location.host}${path}?ticket=${encodeURIComponent(ticket)}`;
}

export class VerificationSocket {
  #socket;
  #events;
  #isOpen = false;
  #isDone = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #timer;

  /**
   * @param {string} url
   * @param {SocketEvents} events
   * @param {(url: string, protocol: string) => WebSocket} [createSocket]
   */
  constructor(url, events, createSocket = (address, protocol) => new WebSocket(address, protocol)) {
    this.#events = events;
    this.#socket = createSocket(url, SUBPROTOCOL);
    this.#socket.addEventListener("open", () => this.#noteOpen());
    this.#socket.addEventListener("message", (event) => this.#noteMessage(event.data));
    this.#socket.addEventListener("close", (event) => this.#finish(classifyClose(event.code, this.#isOpen)));
    this.#timer = setTimeout(() => this.#giveUp(), CONNECT_TIMEOUT_MS);
  }

  get bufferedBytes() {
    return this.#socket.bufferedAmount;
  }

  /** @param {{width: number, height: number, fps: number, label: string}} camera */
  sendReady(camera) {
    this.#sendJson({ type: "ready", camera });
  }

  /** @param {string} challengeId */
  sendSkip(challengeId) {
    this.#sendJson({ type: "skip", challenge_id: challengeId });
  }

  sendCancel() {
    this.#sendJson({ type: "cancel" });
  }

  /** @param {Blob} frame */
  sendFrame(frame) {
    if (this.#socket.readyState === 1) this.#socket.send(frame);
  }

  /** Close from this side; nothing is reported afterwards. */
  close() {
    this.#isDone = true;
    this.#stopTimer();
    this.#socket.close(1000);
  }

  /** @param {object} message */
  #sendJson(message) {
    if (this.#socket.readyState === 1) this.#socket.send(JSON.stringify(message));
  }

  #noteOpen() {
    if (this.#isDone) return;
    this.#isOpen = true;
    this.#restartTimer();
    this.#events.onOpen();
  }

  /** @param {unknown} data */
  #noteMessage(data) {
    const message = typeof data === "string" ? readServerMessage(data) : null;
    if (message === null || this.#isDone) return;
    if (message.type !== "session") this.#stopTimer();
    else if (this.#timer !== undefined) this.#restartTimer();
    this.#events.onMessage(message);
  }

  #stopTimer() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Each step of getting started has its own eight seconds. */
  #restartTimer() {
    this.#stopTimer();
    this.#timer = setTimeout(() => this.#giveUp(), CONNECT_TIMEOUT_MS);
  }

  #giveUp() {
    this.#finish("connect_timeout");
    this.#socket.close(1000);
  }

  /** @param {ConnectionFailure} failure */
  #finish(failure) {
    if (this.#isDone) return;
    this.#isDone = true;
    this.#stopTimer();
    this.#events.onClosed(failure);
  }
}
