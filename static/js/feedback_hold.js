/** Holds back what comes next until the feedback on what was done has been seen. */

export const FEEDBACK_SEEN_MS = 600;

export class FeedbackHold {
  #untilMs = Number.NEGATIVE_INFINITY;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #timer;

  /** @param {number} nowMs when the feedback appeared */
  begin(nowMs) {
    this.#untilMs = nowMs + FEEDBACK_SEEN_MS;
  }

  /**
   * Do it at once, or when the feedback has been seen. What waited before is dropped: only the newest counts.
   * @param {number} nowMs
   * @param {() => void} action
   */
  whenSeen(nowMs, action) {
    clearTimeout(this.#timer);
    const waitMs = this.#untilMs - nowMs;
    if (waitMs <= 0) action();
    else this.#timer = setTimeout(action, waitMs);
  }

  cancel() {
    clearTimeout(this.#timer);
  }
}
