/**
 * How long the session and its current challenge still run. Pure. The device's own date may be wrong, so the end is
 * reckoned from the moment the server wrote the page, on the browser's monotonic clock.
 */
export class SessionClock {
  #expiresAtMs;
  #sessionEndMs;
  #challengeEndMs = Number.POSITIVE_INFINITY;

  /**
   * @param {{readonly [name: string]: string | undefined}} dates `expiresAt` and `renderedAt`, ISO 8601, the server's clock
   * @param {number} nowMs monotonic
   */
  constructor(dates, nowMs) {
    this.#expiresAtMs = Date.parse(dates["expiresAt"] ?? "");
    const leftMs = this.#expiresAtMs - Date.parse(dates["renderedAt"] ?? "");
    this.#sessionEndMs = Number.isNaN(leftMs) ? Number.POSITIVE_INFINITY : nowMs + leftMs;
  }

  /**
   * The server moved the end.
   * @param {string} expiresAt ISO 8601
   */
  adjust(expiresAt) {
    const newExpiryMs = Date.parse(expiresAt);
    if (Number.isNaN(newExpiryMs) || Number.isNaN(this.#expiresAtMs)) return;
    this.#sessionEndMs += newExpiryMs - this.#expiresAtMs;
    this.#expiresAtMs = newExpiryMs;
  }

  /**
   * @param {number} timeoutMs
   * @param {number} nowMs
   */
  beginChallenge(timeoutMs, nowMs) {
    this.#challengeEndMs = nowMs + timeoutMs;
  }

  endChallenge() {
    this.#challengeEndMs = Number.POSITIVE_INFINITY;
  }

  /** @param {number} nowMs */
  sessionLeftMs(nowMs) {
    return this.#sessionEndMs - nowMs;
  }

  /**
   * @param {number} nowMs
   * @returns {number} until the challenge or the session ends, whichever is first.
   */
  challengeLeftMs(nowMs) {
    return Math.min(this.#challengeEndMs, this.#sessionEndMs) - nowMs;
  }
}
