/** Keeps the hint line calm: a new hint must persist before it replaces the one that is shown. Pure. */

export const HINT_PERSISTENCE_MS = 400;

export class HintHysteresis {
  /** @type {string | null} */ #shown = null;
  /** @type {string | null} */ #candidate = null;
  #candidateSinceMs = 0;
  #persistenceMs;

  /** @param {number} [persistenceMs] */
  constructor(persistenceMs = HINT_PERSISTENCE_MS) {
    this.#persistenceMs = persistenceMs;
  }

  /**
   * Take the newest hint and say which one to show. The very first one shows at once.
   * @param {string} hint
   * @param {number} nowMs
   * @returns {string}
   */
  observe(hint, nowMs) {
    if (this.#shown === null || hint === this.#shown) {
      this.#candidate = null;
      this.#shown = hint;
    } else if (hint !== this.#candidate) {
      this.#candidate = hint;
      this.#candidateSinceMs = nowMs;
    } else if (nowMs - this.#candidateSinceMs >= this.#persistenceMs) {
      this.#shown = hint;
      this.#candidate = null;
    }
    return this.#shown;
  }

  /** Forget everything, as when a new challenge begins. */
  reset() {
    this.#shown = null;
    this.#candidate = null;
  }
}
