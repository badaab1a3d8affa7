/** Instructions read aloud by the browser's own voice (Web Speech), where the person wants it. */

import { recall, remember } from "./remembered.js";

const REMEMBERED_AS = "voice";

export class Voice {
  #synthesis;
  #language;
  #lastText = "";
  isOn;

  /**
   * @param {SpeechSynthesis | undefined} synthesis
   * @param {string} language BCP 47
   */
  constructor(synthesis, language) {
    this.#synthesis = synthesis;
    this.#language = language;
    this.isOn = synthesis !== undefined && recall(REMEMBERED_AS) === "on";
  }

  get isAvailable() {
    return this.#synthesis !== undefined;
  }

  /** @param {readonly HTMLButtonElement[]} buttons that switch it on and off, all alike */
  bindTo(buttons) {
    const show = () => buttons.forEach((button) => button.setAttribute("aria-pressed", String(this.isOn)));
    for (const button of buttons) {
      button.hidden = !this.isAvailable;
      button.addEventListener("click", () => {
        this.#setOn(!this.isOn);
        show();
      });
    }
    show();
  }

  /**
   * Only the newest sentence matters: a longer one that is still being read is cut off.
   * @param {string} text
   */
  read(text) {
    if (text === "" || text === this.#lastText) return;
    this.#lastText = text;
    if (this.isOn) this.#speak(text);
  }

  /** @param {boolean} isOn */
  #setOn(isOn) {
    this.isOn = isOn;
    remember(REMEMBERED_AS, isOn ? "on" : "off");
    if (isOn) this.#speak(this.#lastText);
    else this.#synthesis?.cancel();
  }

  /** @param {string} text */
  #speak(text) {
    this.#synthesis?.cancel();
    if (text === "") return;
    const utterance = new SpeechSynthesisUtterance(text);
    utterance.lang = this.#language;
    this.#synthesis?.speak(utterance);
  }
}
