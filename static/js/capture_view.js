/** The capture page's words and panels. It shows; it decides nothing. */

import { HintHysteresis } from "./hint_hysteresis.js";
import { Guide } from "./guide.js";
import { describeStep, hintText } from "./page_text.js";
import { requireElement } from "./page_elements.js";
import { HINTS, isOneOf } from "./protocol.js";

/** @typedef {"consent" | "session" | "result"} PanelName @typedef {"good" | "adjust" | "plain"} Tone */

const NOTICE_MS = 1400;

export class CaptureView {
  guide = new Guide();
  preview = requireElement("preview", HTMLVideoElement);
  skipButton = requireElement("skip", HTMLButtonElement);
  cancelButton = requireElement("cancel", HTMLButtonElement);
  #voice;
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
  /** @type {Map<"line" | "camera", string>} */ #doubts = new Map();

  /** @param {import("./voice.js").Voice} voice that reads instructions aloud */
  constructor(voice) {
    this.#voice = voice;
  }

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
    this.#voice.read(text);
    this.#hysteresis.reset();
    this.guide.setProgress(0);
    if (hint !== "" || performance.now() >= this.#noticeUntilMs) this.say(hint, "plain");
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

  /**
   * A quiet bar, without numbers: haste makes nobody's head turn better. It keeps its place while it is not shown, so
   * that the words beside it do not jump.
   * @param {number | null} share of the challenge's time, 0..1
   */
  setTimeLeft(share) {
    this.#timeLeft.style.visibility = share === null ? "hidden" : "visible";
    if (share !== null) this.#timeLeft.style.setProperty("--left", Math.min(1, Math.max(0, share)).toFixed(3));
  }

  /**
   * Show the server's hint once it has persisted. The line's shape follows the words.
   * @param {string} hint
   * @param {readonly number[] | null} box of the face
   * @param {number} nowMs
   */
  observeHint(hint, box, nowMs) {
    if (!isOneOf(HINTS, hint)) return;
    const shown = this.#hysteresis.observe(hint, nowMs);
    if (!isOneOf(HINTS, shown)) return;
    this.guide.setShape(shown === "ok" || shown === "follow_instruction" ? "ok" : "adjust");
    this.guide.showPlace(shown, box, this.preview);
    if (this.#doubts.size > 0 || nowMs < this.#noticeUntilMs) return;
    this.say(hintText(shown), shown === "ok" ? "good" : shown === "follow_instruction" ? "plain" : "adjust");
  }

  /**
   * Say something that hints may not overwrite for a moment.
   * @param {string} text
   * @param {Tone} tone
   * @param {number} nowMs
   */
  notify(text, tone, nowMs) {
    this.#noticeUntilMs = nowMs + NOTICE_MS;
    this.say(text, tone);
  }

  /**
   * Something outside the person's reach is wrong; hints wait until it is over. Each source speaks for itself: that
   * the line is well again says nothing of the camera.
   * @param {"line" | "camera"} source
   * @param {string | null} text null when it is over.
   */
  setDoubt(source, text) {
    if (text === null) this.#doubts.delete(source);
    else this.#doubts.set(source, text);
    const remaining = text ?? [...this.#doubts.values()].at(-1);
    if (remaining !== undefined) this.say(remaining, "adjust");
  }

  /** Another camera and another line: nothing is held against them. */
  clearDoubts() {
    this.#doubts.clear();
  }

  /**
   * The line below the picture, for eyes and screen readers alike.
   * @param {string} text
   * @param {Tone} tone
   */
  say(text, tone) {
    if (this.#hint.textContent !== text) this.#hint.textContent = text;
    this.#hint.dataset["tone"] = tone;
    if (tone === "adjust") this.#voice.read(text);
  }
}
