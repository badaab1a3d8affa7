/** The capture page's words and panels. It shows; it decides nothing. */

import { HintHysteresis } from "./hint_hysteresis.js";
import { Guide } from "./guide.js";
import { describeStep, describeTimeLeft, HINT_TEXT } from "./messages.js";
import { requireElement } from "./page_elements.js";
import { HINTS, isOneOf } from "./protocol.js";

/** @typedef {"consent" | "session" | "result"} PanelName */

const NOTICE_MS = 1400;
const TIME_LEFT_URGENT_S = 5;

export class CaptureView {
  guide = new Guide();
  preview = requireElement("preview", HTMLVideoElement);
  startButton = requireElement("start-camera", HTMLButtonElement);
  skipButton = requireElement("skip", HTMLButtonElement);
  cancelButton = requireElement("cancel", HTMLButtonElement);
  #panels = {
    consent: requireElement("consent-panel", HTMLElement),
    session: requireElement("session-panel", HTMLElement),
    result: requireElement("result-panel", HTMLElement),
  };
  #step = requireElement("step", HTMLElement);
  #dots = requireElement("step-dots", HTMLElement);
  #instruction = requireElement("instruction", HTMLElement);
  #pictogram = requireElement("pictogram", SVGSVGElement);
  #hint = requireElement("hint", HTMLElement);
  #timeLeft = requireElement("time-left", HTMLElement);
  #hysteresis = new HintHysteresis();
  #noticeUntilMs = 0;
  #isDoubtful = false;

  /** @param {PanelName} name */
  showPanel(name) {
    for (const [panelName, panel] of Object.entries(this.#panels)) panel.hidden = panelName !== name;
    // The button that led here is gone; a keyboard or screen reader must not be left at the top of the page.
    if (name === "session") this.#panels.session.focus({ preventScroll: true });
  }

  /**
   * One instruction at a time, with its picture and nothing left over from the last.
   * @param {{text: string, action: string, hint: string}} instruction
   */
  setInstruction({ text, action, hint }) {
    this.#instruction.textContent = text;
    this.#pictogram.dataset["action"] = action;
    this.#hysteresis.reset();
    this.guide.setProgress(0);
    if (hint !== "") this.#writeHint(hint, "plain");
  }

  /**
   * @param {number} index 0 is the alignment step
   * @param {number} total
   */
  setStep(index, total) {
    this.#step.textContent = describeStep(index, total);
    const dots = Array.from({ length: Math.max(index, total) }, (_, position) => {
      const dot = document.createElement("i");
      dot.dataset["step"] = position + 1 < index ? "done" : position + 1 === index ? "now" : "to-come";
      return dot;
    });
    this.#dots.replaceChildren(...dots);
  }

  clearStep() {
    this.#step.textContent = "";
    this.#dots.replaceChildren();
    this.setTimeLeft(null);
  }

  /** @param {number | null} milliseconds */
  setTimeLeft(milliseconds) {
    const seconds = milliseconds === null ? null : Math.max(0, Math.ceil(milliseconds / 1000));
    this.#timeLeft.textContent = seconds === null ? "" : describeTimeLeft(seconds);
    this.#timeLeft.toggleAttribute("data-urgent", seconds !== null && seconds <= TIME_LEFT_URGENT_S);
  }

  /**
   * Show the server's hint once it has persisted. The line's shape follows the words.
   * @param {string} hint
   * @param {number} nowMs
   */
  observeHint(hint, nowMs) {
    if (!isOneOf(HINTS, hint)) return;
    const shown = this.#hysteresis.observe(hint, nowMs);
    if (!isOneOf(HINTS, shown)) return;
    this.guide.setShape(shown === "ok" || shown === "follow_instruction" ? "ok" : "adjust");
    if (this.#isDoubtful || nowMs < this.#noticeUntilMs) return;
    this.#writeHint(HINT_TEXT[shown], shown === "ok" ? "good" : shown === "follow_instruction" ? "plain" : "adjust");
  }

  /**
   * Say something that hints may not overwrite for a moment.
   * @param {string} text
   * @param {"good" | "adjust" | "plain"} tone
   * @param {number} nowMs
   */
  notify(text, tone, nowMs) {
    this.#noticeUntilMs = nowMs + NOTICE_MS;
    this.#writeHint(text, tone);
  }

  /**
   * Something outside the person's reach is wrong; hints wait until it is over.
   * @param {string | null} text null when it is over.
   */
  setDoubt(text) {
    this.#isDoubtful = text !== null;
    if (text !== null) this.#writeHint(text, "adjust");
  }

  /**
   * @param {string} text
   * @param {"good" | "adjust" | "plain"} tone
   */
  #writeHint(text, tone) {
    if (this.#hint.textContent !== text) this.#hint.textContent = text;
    this.#hint.dataset["tone"] = tone;
  }
}
