/** What the capture page asks of the server beside the socket: consent, refusal, another try. */

const ANSWER_TIMEOUT_MS = 10_000;

/**
 * @typedef {import("./page_text.js").Failure} Failure
 * @typedef {{body: Record<string, unknown>, failure: null} | {body: null, failure: Failure}} Answer
 */

/** @type {Readonly<Record<string, Failure>>} */
const FAILURE_BY_CODE = {
  bad_ticket: "ticket_refused",
  no_such_session: "session_unknown",
  already_connected: "already_connected",
  session_over: "session_over",
  no_retry_left: "session_over",
  consent_outdated: "consent_outdated",
  pool_exhausted: "set_aside_refused",
  too_many_set_aside: "set_aside_refused",
  throttled: "rate_limited",
  locked_out: "rate_limited",
};

/**
 * @param {string} address
 * @param {object} message
 * @param {typeof fetch} [send]
 * @returns {Promise<Answer>}
 */
export async function postCapture(address, message, send = fetch) {
  try {
    const response = await send(address, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json" },
      body: JSON.stringify(message),
      credentials: "omit",
      signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
    });
    const body = /** @type {unknown} */ (response.status === 204 ? {} : await response.json().catch(() => ({})));
    const record = typeof body === "object" && body !== null ? /** @type {Record<string, unknown>} */ (body) : {};
    if (response.ok) return { body: record, failure: null };
    return { body: null, failure: FAILURE_BY_CODE[String(record["code"])] ?? "server_error" };
  } catch (error) {
    const isSlow = error instanceof Error && error.name === "TimeoutError";
    return { body: null, failure: isSlow ? "connect_timeout" : "connect_failed" };
  }
}
