/** From the first step to the last: what each message of the server makes of the page. */

import { FeedbackHold } from "./feedback_hold.js";
import { HintTally } from "./hint_tally.js";
import { describeMiss, say } from "./page_text.js";

/**
 * @typedef {import("./protocol.js").ChallengeMessage} ChallengeMessage
 * @typedef {import("./protocol.js").ChallengeResultMessage} ChallengeResultMessage
 * @typedef {import("./protocol.js").FeedbackMessage} FeedbackMessage
 *
 * @typedef {object} FlowEvents
 * @property {(step: "aligning" | "challenging") => void} onStep A challenge is shown.
 * @property {(nowMs: number) => void} onGap A challenge is over, and the next word is the server's.
 * @property {() => void} onLast The last challenge is over; the server decides.
 */

export class ChallengeFlow {
  skipsLeft = 0;
  tally = new HintTally();
  #view;
  #clock;
  #events;
  #hold = new FeedbackHold();
  #isSkipping = false;
  #isShown = false;
  /** @type {ChallengeMessage | null} */ #challenge = null;

  /**
   * @param {import("./capture_view.js").CaptureView} view
   * @param {import("./session_clock.js").SessionClock} clock
   * @param {FlowEvents} events
   */
  constructor(view, clock, events) {
    this.#view = view;
    this.#clock = clock;
    this.#events = events;
  }

  /** What can be skipped now: a challenge that is shown, the alignment step excepted. */
  get skippable() {
    const challenge = this.#challenge;
    return this.#isShown && challenge !== null && challenge.index > 0 && this.skipsLeft > 0 ? challenge : null;
  }

  /**
   * The server's time runs already; the person sees the challenge once the last one's tick was seen.
   * @param {ChallengeMessage} challenge
   * @param {number} nowMs
   */
  begin(challenge, nowMs) {
    this.#challenge = challenge;
    this.#isShown = false;
    this.#clock.beginChallenge(challenge.timeout_ms, nowMs);
    this.#hold.whenSeen(nowMs, () => this.#show(challenge));
  }

  /**
   * @param {FeedbackMessage} feedback on a frame of the current challenge
   * @param {number} nowMs
   */
  observe(feedback, nowMs) {
    if (this.#challenge === null) return;
    this.tally.note(feedback.hint);
    if (!this.#isShown) return;
    this.#view.observeHint(feedback.hint, feedback.face?.box ?? null, nowMs);
    this.#view.guide.setProgress(feedback.progress);
  }

  /**
   * @param {ChallengeResultMessage} result
   * @param {number} nowMs
   */
  end(result, nowMs) {
    const challenge = this.#challenge;
    if (challenge === null || result.challenge_id !== challenge.challenge_id) return;
    this.#challenge = null;
    this.#clock.endChallenge();
    this.#view.setTimeLeft(null);
    if (result.passed) this.#celebrate(nowMs);
    else if (this.#isSkipping) this.#view.notify(say("challengeSkipped"), "plain", nowMs);
    else this.#view.notify(describeMiss(result.reason, result.attempts_left), "adjust", nowMs);
    this.#hold.begin(nowMs);
    this.#isSkipping = false;
    this.#events.onGap(nowMs);
    const isLast = result.passed && challenge.index >= challenge.total;
    if (isLast || (!result.passed && result.attempts_left <= 0)) this.whenSeen(nowMs, () => this.#events.onLast());
  }

  /**
   * @param {number} nowMs
   * @param {() => void} action
   */
  whenSeen(nowMs, action) {
    this.#hold.whenSeen(nowMs, action);
  }

  /** @returns {string | null} the id of the challenge to skip, which is then used up. */
  takeSkip() {
    const challenge = this.skippable;
    if (challenge === null) return null;
    this.skipsLeft -= 1;
    this.#isSkipping = true;
    this.#view.skipButton.disabled = true;
    return challenge.challenge_id;
  }

  /** @param {number} nowMs */
  showTimeLeft(nowMs) {
    const challenge = this.#challenge;
    if (challenge === null || !this.#isShown) return;
    this.#view.setTimeLeft(this.#clock.challengeLeftMs(nowMs) / challenge.timeout_ms);
  }

  /** @param {ChallengeMessage} challenge */
  #show(challenge) {
    this.#isShown = true;
    this.#view.setStep(challenge.index, challenge.total);
    this.#view.guide.setShape("adjust");
    this.#view.skipButton.disabled = false;
    this.#view.setInstruction({ text: challenge.instruction, action: challenge.action, hint: "" });
    this.#events.onStep(challenge.index === 0 ? "aligning" : "challenging");
  }

  /** @param {number} nowMs */
  #celebrate(nowMs) {
    this.#view.guide.setProgress(1);
    this.#view.guide.tick();
    this.#view.notify(say("challengePassed"), "good", nowMs);
  }
}
