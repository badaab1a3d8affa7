/**
 * Tells the page around this one what came of the check, and nobody else. The page around says hello first; its
 * origin must be one that the server named for this session, and every message is addressed to that origin.
 */

export const HELLO = "proof-of-life:hello";
export const EVENT = "proof-of-life:event";

/**
 * @typedef {object} CheckEvent
 * @property {"ready" | "verified" | "failed" | "cancelled"} name
 * @property {string} sessionId
 * @property {string | null} decision
 * @property {string | null} reason
 * @property {string | null} token
 * @property {number} retriesLeft how often the person may still try again in the frame
 */

export class EmbedChannel {
  #window;
  #allowedOrigins;
  /** @type {string | null} */ #origin = null;
  /** @type {CheckEvent[]} */ #waiting = [];

  /**
   * @param {Pick<Window, "parent" | "addEventListener"> & object} ownWindow
   * @param {readonly string[]} allowedOrigins
   */
  constructor(ownWindow, allowedOrigins) {
    this.#window = ownWindow;
    this.#allowedOrigins = allowedOrigins;
    if (this.isFramed) ownWindow.addEventListener("message", (event) => this.#greet(event));
  }

  get isFramed() {
    return this.#window.parent !== /** @type {unknown} */ (this.#window);
  }

  /** @param {CheckEvent} event kept until the page around has said hello. */
  tell(event) {
    if (!this.isFramed) return;
    if (this.#origin === null) this.#waiting.push(event);
    else this.#window.parent.postMessage({ type: EVENT, ...event }, this.#origin);
  }

  /** @param {MessageEvent} event */
  #greet(event) {
    const data = /** @type {{type?: unknown} | null} */ (event.data);
    if (event.source !== this.#window.parent || data?.type !== HELLO) return;
    if (!this.#allowedOrigins.includes(event.origin)) return;
    this.#origin = event.origin;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const kept of waiting) this.tell(kept);
  }
}
