/** How a check ends on the page: the words, another try where one is left, the ways out, and who is told. */

import { postCapture } from "./capture_api.js";
import { EmbedChannel } from "./embed_channel.js";
import { adviceFor, explainFailure, explainReason } from "./page_text.js";
import { REASONS, isOneOf } from "./protocol.js";
import { readWaysOut, ResultView } from "./result_view.js";
import { buildReturnAddress } from "./return_address.js";

/**
 * @typedef {import("./capture_view.js").CaptureView} CaptureView
 * @typedef {import("./page_text.js").Failure} Failure
 * @typedef {import("./page_text.js").Explanation} Explanation
 * @typedef {import("./protocol.js").Decision} Decision
 */

const REDIRECT_AFTER_MS = 2500;
/** Reasons that the commonest hint explains better than a general sentence. */
const EXPLAINED_BY_HINT = /** @type {readonly string[]} */ ([
  "challenge_failed", "score_below_threshold", "liveness_below_floor", "no_response", "poor_capture", "session_timeout",
]);
/** After these neither this ticket nor another try helps. */
const FINAL_FAILURES = /** @type {readonly string[]} */ ([
  "ticket_missing", "ticket_refused", "origin_refused", "session_unknown", "session_over", "already_connected",
]);

/** What these say to do next is to try again: said only where there is another try. */
const NEXT_IS_A_TRY = /** @type {readonly string[]} */ ([
  "session_timeout", "cancelled", "server_overloaded", "server_error", "rate_limited", "malformed_message",
  "camera_interrupted", "camera_dismissed",
]);

export class Ending {
  #page;
  #ticket;
  #restart;
  #session;
  #returnAddress;
  #channel;
  #result;
  #retriesLeft;
  #needsNewSession = false;

  /**
   * @param {HTMLElement} page
   * @param {string | null} ticket
   * @param {() => boolean} restart begins anew in the same session, whose ticket is unspent; false where its time is over
   */
  constructor(page, ticket, restart) {
    this.#page = page;
    this.#ticket = ticket;
    this.#restart = restart;
    this.#session = { sessionId: page.dataset["sessionId"] ?? "", state: page.dataset["redirectState"] ?? "" };
    this.#channel = new EmbedChannel(window, readFramingOrigins());
    // A page around this one hears the outcome; sending its frame elsewhere would take the place of its own page.
    this.#returnAddress = this.#channel.isFramed ? null : buildReturnAddress(page.dataset["redirectUri"] ?? "", this.#session);
    this.#result = new ResultView(readWaysOut(page, this.#session));
    this.#retriesLeft = Number(page.dataset["retriesLeft"]);
    this.#result.retryButton.addEventListener("click", () => void this.#retry());
  }

  tellReady() {
    this.#tell("ready", null, null, null, this.#retriesLeft);
  }

  /**
   * @param {CaptureView} view
   * @param {import("./protocol.js").ResultMessage} message
   * @param {string | null} worstHint
   */
  showResult(view, { decision, reason, token, expires_in }, worstHint) {
    const isVerified = decision === "pass";
    const known = isOneOf(REASONS, reason) ? reason : "score_below_threshold";
    const explanation = explainReason(isVerified ? "verified" : known);
    const isHintBetter = worstHint !== null && EXPLAINED_BY_HINT.includes(known);
    const detail = isHintBetter ? adviceFor(worstHint) : explanation.detail;
    const isFinal = isVerified || (this.#page.dataset["finalReasons"] ?? "").split(" ").includes(reason);
    this.#needsNewSession = true;
    this.#show(view, decision, reason, { ...explanation, detail }, isFinal ? 0 : this.#retriesLeft, true);
    this.#tell(nameEvent(decision, reason), decision, reason, token, isFinal ? 0 : this.#retriesLeft);
    if (!isVerified) return;
    if (this.#returnAddress !== null) this.#leaveFor(this.#returnAddress, REDIRECT_AFTER_MS);
    else if (!this.#channel.isFramed && typeof token === "string") this.#result.showToken(token, expires_in ?? null);
  }

  /**
   * @param {CaptureView} view
   * @param {Failure} failure
   * @param {boolean} hasConnected whether the ticket is spent
   */
  showFailure(view, failure, hasConnected) {
    // A session that ran out before its socket needs another in its place; the server does not count it as a try.
    this.#needsNewSession = hasConnected || failure === "session_timeout";
    const retriesLeft = this.#countTries(FINAL_FAILURES.includes(failure), hasConnected);
    this.#show(view, null, failure, explainFailure(failure), retriesLeft, hasConnected);
    this.#tell("failed", null, failure, null, retriesLeft);
  }

  /**
   * The person stopped before the server could say so.
   * @param {CaptureView} view
   * @param {boolean} hasConnected
   */
  showCancelled(view, hasConnected) {
    this.#needsNewSession = hasConnected;
    const retriesLeft = this.#countTries(false, hasConnected);
    this.#show(view, null, "cancelled", explainReason("cancelled"), retriesLeft, hasConnected);
    this.#tell("cancelled", null, "cancelled", null, retriesLeft);
  }

  /** @param {CaptureView} view */
  showDeclined(view) {
    this.#tell("cancelled", "inconclusive", "cancelled", null, 0);
    this.#show(view, "inconclusive", "declined", explainFailure("declined"), 0, false);
    if (this.#returnAddress !== null) this.#leaveFor(this.#returnAddress, REDIRECT_AFTER_MS);
  }

  /**
   * @param {boolean} isFinal
   * @param {boolean} hasConnected only then was it a try
   */
  #countTries(isFinal, hasConnected) {
    if (isFinal) return 0;
    return hasConnected ? this.#retriesLeft : 1;
  }

  /**
   * @param {CaptureView} view
   * @param {Decision | null} decision
   * @param {string} reason
   * @param {Explanation} explanation
   * @param {number} retriesLeft
   * @param {boolean} isCounted
   */
  #show(view, decision, reason, explanation, retriesLeft, isCounted) {
    this.#write(decision, reason, explanation, retriesLeft, isCounted);
    view.showPanel("result");
    this.#result.focus();
  }

  /**
   * @param {Decision | null} decision
   * @param {string} reason
   * @param {Explanation} explanation
   * @param {number} retriesLeft
   * @param {boolean} isCounted
   */
  #write(decision, reason, explanation, retriesLeft, isCounted) {
    this.#result.show({
      decision, reason, returnAddress: this.#returnAddress, retriesLeft,
      explanation: retriesLeft > 0 || !NEXT_IS_A_TRY.includes(reason) ? explanation : { ...explanation, next: "" },
      isCounted: isCounted && !FINAL_FAILURES.includes(reason),
    });
  }

  async #retry() {
    if (!this.#needsNewSession && this.#restart()) return;
    this.#result.retryButton.disabled = true;
    const { body, failure } = await postCapture(`${window.location.pathname}/retry`, { ticket: this.#ticket ?? "" });
    const address = typeof body?.["verify_url"] === "string" ? body["verify_url"] : "";
    if (failure === null && /^https?:\/\//.test(address)) return window.location.replace(`${address}&start=now`);
    this.#retriesLeft = failure === "connect_failed" || failure === "connect_timeout" ? this.#retriesLeft : 0;
    const reason = failure ?? "server_error";
    this.#write(null, reason, explainFailure(reason), this.#retriesLeft, true);
    this.#result.focus();
  }

  /**
   * @param {URL} address
   * @param {number} afterMs
   */
  #leaveFor(address, afterMs) {
    setTimeout(() => window.location.assign(address.href), afterMs);
  }

  /**
   * @param {"ready" | "verified" | "failed" | "cancelled"} name
   * @param {Decision | null} decision
   * @param {string | null} reason
   * @param {string | null} token
   * @param {number} retriesLeft
   */
  #tell(name, decision, reason, token, retriesLeft) {
    const { sessionId } = this.#session;
    this.#channel.tell({ name, sessionId, decision, reason, token: token ?? null, retriesLeft });
  }
}

/**
 * @param {Decision} decision
 * @param {string} reason
 */
function nameEvent(decision, reason) {
  if (decision === "pass") return "verified";
  return reason === "cancelled" ? "cancelled" : "failed";
}

/** @returns {string[]} */
function readFramingOrigins() {
  const origins = /** @type {unknown} */ (JSON.parse(document.getElementById("framing-origins")?.textContent ?? "[]"));
  return Array.isArray(origins) ? origins.map(String) : [];
}
