/** Before the camera: what the person agrees to, declines, or cannot do. Nothing starts until the server noted it. */

import { postCapture } from "./capture_api.js";
import { requireElement } from "./page_elements.js";
import { say } from "./page_text.js";

/**
 * @typedef {import("./page_text.js").Failure} Failure
 *
 * @typedef {object} ConsentEvents
 * @property {() => void} onSending
 * @property {(terms: {skipsLeft: number, expiresAt: string}) => void} onAgreed
 * @property {() => void} onDeclined
 * @property {(failure: Failure) => void} onFailure
 */

export class ConsentPanel {
  #page = requireElement("capture", HTMLElement);
  #agree = requireElement("start-camera", HTMLButtonElement);
  #decline = requireElement("decline", HTMLButtonElement);
  #status = requireElement("consent-status", HTMLElement);
  #setAside = document.getElementById("set-aside");
  #ticket;
  #events;

  /**
   * @param {string} ticket
   * @param {ConsentEvents} events
   */
  constructor(ticket, events) {
    this.#ticket = ticket;
    this.#events = events;
    this.#agree.addEventListener("click", () => void this.agree());
    this.#decline.addEventListener("click", () => void this.#refuse());
    this.#setAside?.addEventListener("change", () => this.#limitChoice());
    this.#limitChoice();
    this.#setBusy(false);
  }

  /** The person agreed, here or before an earlier try. */
  async agree() {
    this.#setBusy(true);
    this.#events.onSending();
    const { body, failure } = await postCapture(`${window.location.pathname}/consent`, {
      ticket: this.#ticket,
      version: this.#page.dataset["consentVersion"] ?? "",
      language: document.documentElement.lang,
      set_aside: this.#boxes.filter((box) => box.checked).map((box) => box.value),
    });
    this.#setBusy(false);
    if (failure !== null) return this.#events.onFailure(failure);
    this.#events.onAgreed({ skipsLeft: Number(body["skips_left"] ?? 0), expiresAt: String(body["expires_at"] ?? "") });
  }

  async #refuse() {
    this.#setBusy(true);
    const { failure } = await postCapture(`${window.location.pathname}/decline`, { ticket: this.#ticket });
    this.#setBusy(false);
    // A "no" holds, whether or not the server could be told: the session then ends by itself.
    if (failure !== null && failure !== "connect_failed" && failure !== "connect_timeout") this.#events.onFailure(failure);
    else this.#events.onDeclined();
  }

  get #boxes() {
    return [...(this.#setAside?.querySelectorAll("input") ?? [])];
  }

  #limitChoice() {
    const limit = Number(this.#setAside?.dataset["limit"] ?? 0);
    const isFull = this.#boxes.filter((box) => box.checked).length >= limit;
    for (const box of this.#boxes) box.disabled = isFull && !box.checked;
  }

  /** @param {boolean} isBusy */
  #setBusy(isBusy) {
    this.#agree.disabled = isBusy;
    this.#decline.disabled = isBusy;
    this.#status.textContent = isBusy ? say("connectingHint") : "";
  }
}
