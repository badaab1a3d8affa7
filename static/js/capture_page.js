/**
 * The capture page: which state it is in, and what each message of the server makes of it.
 *
 *     idle -> requesting_camera -> connecting -> aligning -> challenging -> deciding -> finished
 *
 * and from any of them to failed. `document.documentElement.dataset.state` names the state.
 */

import { CaptureRun } from "./capture_run.js";
import { forgetTicket, takeTicket } from "./capture_ticket.js";
import { CaptureView } from "./capture_view.js";
import { describeMiss, FAILURE_TEXT, PAGE_MESSAGES, REASON_TEXT } from "./messages.js";
import { requireElement } from "./page_elements.js";
import { REASONS, isOneOf } from "./protocol.js";
import { ResultView } from "./result_view.js";
import { buildReturnAddress } from "./return_address.js";
import { SessionClock } from "./session_clock.js";
import { buildSocketUrl } from "./verification_socket.js";

/**
 * @typedef {"idle" | "requesting_camera" | "connecting" | "aligning" | "challenging" | "deciding" | "finished"
 *   | "failed"} PageState
 * @typedef {import("./messages.js").Failure} Failure
 * @typedef {import("./protocol.js").ChallengeMessage} ChallengeMessage
 * @typedef {import("./protocol.js").ChallengeResultMessage} ChallengeResultMessage
 * @typedef {import("./protocol.js").ResultMessage} ResultMessage
 * @typedef {import("./protocol.js").ServerMessage} ServerMessage
 */

const MAX_SKIPS = 2;
const CLOCK_INTERVAL_MS = 250;
const CANCEL_ANSWER_MS = 2000;
const DECISION_MS = 15_000;
const REDIRECT_AFTER_MS = 2500;

/** After these the same ticket cannot work. */
const FINAL_FAILURES = /** @type {readonly string[]} */ ([
  "ticket_missing", "ticket_refused", "origin_refused", "session_unknown", "session_timeout", "session_over",
  "already_connected",
]);

class CapturePage {
  #root = requireElement("capture", HTMLElement);
  #view = new CaptureView();
  #result = new ResultView();
  #clock = new SessionClock(this.#root.dataset, performance.now());
  #returnAddress = buildReturnAddress(this.#root.dataset["redirectUri"] ?? "", {
    sessionId: this.#root.dataset["sessionId"] ?? "",
    state: this.#root.dataset["redirectState"] ?? "",
  });
  #ticket = takeTicket(window.location, window.history);
  #skips = 0;
  #isSkipping = false;
  #isCancelled = false;
  #decideByMs = Number.POSITIVE_INFINITY;
  /** @type {PageState} */ #state = "idle";
  /** @type {CaptureRun | null} */ #run = null;
  /** @type {ChallengeMessage | null} */ #challenge = null;

  begin() {
    this.#enter("idle");
    this.#view.startButton.addEventListener("click", () => this.#start());
    this.#result.retryButton.addEventListener("click", () => this.#start());
    this.#view.skipButton.addEventListener("click", () => this.#skip());
    this.#view.cancelButton.addEventListener("click", () => this.#cancel());
    window.addEventListener("pagehide", () => this.#run?.end());
    window.addEventListener("pageshow", (event) => event.persisted && window.location.reload());
    setInterval(() => this.#checkClock(performance.now()), CLOCK_INTERVAL_MS);
    if (this.#ticket === null) this.#fail("ticket_missing");
    else this.#view.startButton.disabled = false;
  }

  /** @param {PageState} state */
  #enter(state) {
    this.#state = state;
    document.documentElement.dataset["state"] = state;
    this.#view.skipButton.hidden = state !== "challenging" || this.#skips >= MAX_SKIPS;
    this.#view.cancelButton.hidden = state === "deciding";
  }

  get #isConcluded() {
    return this.#state === "finished" || this.#state === "failed";
  }

  #start() {
    const path = this.#root.dataset["websocketPath"] ?? "";
    this.#isCancelled = false;
    this.#enter("requesting_camera");
    this.#view.showPanel("session");
    this.#view.clearStep();
    this.#view.guide.setShape("waiting");
    this.#view.setInstruction({
      text: PAGE_MESSAGES.askingForCamera, action: "camera", hint: PAGE_MESSAGES.askingForCameraHint,
    });
    this.#run = new CaptureRun(this.#view.preview, buildSocketUrl(window.location, path, this.#ticket ?? ""), {
      onCamera: () => this.#noteCamera(),
      onConnected: () => forgetTicket(window.location, window.history),
      onMessage: (message, isCurrent) => this.#receive(message, isCurrent),
      onDoubt: (isDoubtful) => this.#view.setDoubt(isDoubtful ? PAGE_MESSAGES.connectionDoubtful : null),
      onCameraPaused: (isPaused) => this.#view.setDoubt(isPaused ? PAGE_MESSAGES.cameraPaused : null),
      onFailure: (failure) => this.#fail(failure),
    });
    void this.#run.begin();
  }

  #noteCamera() {
    this.#enter("connecting");
    this.#view.guide.fitStage(this.#view.preview);
    this.#view.setInstruction({
      text: PAGE_MESSAGES.connecting, action: "look_straight", hint: PAGE_MESSAGES.connectingHint,
    });
  }

  /**
   * @param {ServerMessage} message
   * @param {boolean} isCurrent
   */
  #receive(message, isCurrent) {
    if (this.#isConcluded) return;
    if (message.type === "session") this.#clock.adjust(message.expires_at);
    else if (message.type === "result") this.#finish(message);
    else if (this.#isCancelled) return;
    else if (message.type === "challenge") this.#beginChallenge(message);
    else if (message.type === "challenge_result") this.#endChallenge(message);
    else if (message.type === "feedback" && isCurrent && this.#challenge !== null) {
      this.#view.observeHint(message.hint, performance.now());
      this.#view.guide.setProgress(message.progress);
    }
  }

  /** @param {ChallengeMessage} challenge */
  #beginChallenge(challenge) {
    this.#challenge = challenge;
    this.#clock.beginChallenge(challenge.timeout_ms, performance.now());
    this.#enter(challenge.index === 0 ? "aligning" : "challenging");
    this.#decideByMs = Number.POSITIVE_INFINITY;
    this.#view.setStep(challenge.index, challenge.total);
    this.#view.guide.setShape("adjust");
    this.#view.skipButton.disabled = false;
    this.#view.setInstruction({ text: challenge.instruction, action: challenge.action, hint: "" });
  }

  /** @param {ChallengeResultMessage} result */
  #endChallenge(result) {
    const challenge = this.#challenge;
    const nowMs = performance.now();
    if (challenge === null || result.challenge_id !== challenge.challenge_id) return;
    this.#challenge = null;
    this.#clock.endChallenge();
    this.#view.setTimeLeft(null);
    if (result.passed) this.#celebrate(nowMs);
    else if (this.#isSkipping) this.#view.notify(PAGE_MESSAGES.challengeSkipped, "plain", nowMs);
    else this.#view.notify(describeMiss(result.attempts_left), "adjust", nowMs);
    this.#isSkipping = false;
    const isLast = result.passed && challenge.index >= challenge.total;
    if (isLast || (!result.passed && result.attempts_left <= 0)) this.#awaitDecision(PAGE_MESSAGES.deciding, DECISION_MS);
  }

  /** @param {number} nowMs */
  #celebrate(nowMs) {
    this.#view.guide.setProgress(1);
    this.#view.guide.tick();
    this.#view.notify(PAGE_MESSAGES.challengePassed, "good", nowMs);
  }

  /**
   * @param {string} text
   * @param {number} withinMs
   */
  #awaitDecision(text, withinMs) {
    this.#enter("deciding");
    this.#decideByMs = performance.now() + withinMs;
    this.#view.clearStep();
    this.#view.guide.setShape("working");
    this.#view.setInstruction({ text, action: "deciding", hint: PAGE_MESSAGES.decidingHint });
  }

  #skip() {
    if (this.#challenge === null || this.#challenge.index === 0 || this.#skips >= MAX_SKIPS) return;
    this.#skips += 1;
    this.#isSkipping = true;
    this.#view.skipButton.disabled = true;
    this.#run?.skip(this.#challenge.challenge_id);
  }

  #cancel() {
    this.#isCancelled = true;
    if (this.#run?.hasConnected !== true) return this.#concludeWithoutServer("cancelled");
    this.#run.cancel();
    this.#awaitDecision(PAGE_MESSAGES.cancelling, CANCEL_ANSWER_MS);
  }

  /** @param {ResultMessage} message */
  #finish(message) {
    this.#run?.end();
    this.#enter("finished");
    const isVerified = message.decision === "pass";
    const reason = isOneOf(REASONS, message.reason) ? message.reason : "score_below_threshold";
    this.#present(message.decision, message.reason, REASON_TEXT[isVerified ? "verified" : reason], false);
    if (!isVerified) return;
    if (this.#returnAddress !== null) this.#leaveFor(this.#returnAddress);
    else if (typeof message.token === "string") this.#result.showToken(message.token, message.expires_in ?? null);
  }

  /** @param {URL} address */
  #leaveFor(address) {
    setTimeout(() => window.location.assign(address.href), REDIRECT_AFTER_MS);
  }

  /** @param {Failure | "cancelled"} failure */
  #concludeWithoutServer(failure) {
    if (this.#isConcluded) return;
    const isRetryable = this.#run?.hasConnected !== true && !FINAL_FAILURES.includes(failure);
    this.#run?.end();
    this.#enter("failed");
    this.#present(null, failure, failure === "cancelled" ? REASON_TEXT.cancelled : FAILURE_TEXT[failure], isRetryable);
  }

  /** @param {Failure} failure */
  #fail(failure) {
    this.#concludeWithoutServer(this.#isCancelled ? "cancelled" : failure);
  }

  /**
   * @param {import("./protocol.js").Decision | null} decision
   * @param {string} reason
   * @param {import("./messages.js").Explanation} explanation
   * @param {boolean} isRetryable
   */
  #present(decision, reason, explanation, isRetryable) {
    this.#result.show({ decision, reason, explanation, returnAddress: this.#returnAddress, isRetryable });
    this.#view.showPanel("result");
    this.#result.focus();
    document.dispatchEvent(new CustomEvent("proof-of-life:result", { detail: { decision, reason } }));
  }

  /** @param {number} nowMs */
  #checkClock(nowMs) {
    if (this.#isConcluded) return;
    const isBeforeSocket = this.#state === "idle" || this.#state === "requesting_camera";
    if (isBeforeSocket && this.#clock.sessionLeftMs(nowMs) <= 0) this.#fail("session_timeout");
    else if (nowMs > this.#decideByMs) this.#fail("server_silent");
    else if (this.#challenge !== null) this.#view.setTimeLeft(this.#clock.challengeLeftMs(nowMs));
  }
}

new CapturePage().begin();
