/** The landing page: opens a session by `POST /auth/verify` and goes on to its capture page. */

import { prepareLanguageSwitch } from "./language_switch.js";
import { loadPageText, problemText, say } from "./page_text.js";
import { requireElement } from "./page_elements.js";
import { describeProblem } from "./problem_text.js";
import { findNameFault, normaliseName } from "./subject_name.js";

const ANSWER_TIMEOUT_MS = 10_000;

class LandingPage {
  #form = requireElement("start-form", HTMLFormElement);
  #name = requireElement("user-id", HTMLInputElement);
  #button = requireElement("start", HTMLButtonElement);
  #error = requireElement("start-error", HTMLElement);

  begin() {
    loadPageText(document);
    prepareLanguageSwitch(document.getElementById("languages"), () => null);
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#submit();
    });
    this.#name.addEventListener("input", () => this.#showError(""));
    window.addEventListener("pageshow", () => this.#setBusy(false));
  }

  async #submit() {
    const fault = findNameFault(this.#name.value);
    if (fault !== null) {
      this.#showError(say(fault));
      this.#name.focus();
      return;
    }
    this.#showError("");
    this.#setBusy(true);
    const outcome = await openSession(this.#form.dataset["endpoint"] ?? "", normaliseName(this.#name.value));
    if (outcome.address !== null) return window.location.assign(outcome.address);
    this.#showError(outcome.error);
    this.#setBusy(false);
  }

  /** @param {string} text */
  #showError(text) {
    this.#error.textContent = text;
    this.#name.setAttribute("aria-invalid", String(text !== ""));
  }

  /** @param {boolean} isBusy */
  #setBusy(isBusy) {
    this.#button.disabled = isBusy;
    this.#form.toggleAttribute("data-busy", isBusy);
  }
}

/**
 * @param {string} endpoint
 * @param {string} userId
 * @returns {Promise<{address: string, error: null} | {address: null, error: string}>}
 */
async function openSession(endpoint, userId) {
  try {
    const response = await fetch(endpoint, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json" },
      body: JSON.stringify({ user_id: userId, locale: document.documentElement.lang }),
      credentials: "omit",
      signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
    });
    const body = /** @type {unknown} */ (await response.json().catch(() => null));
    const address = response.ok ? readVerifyUrl(body) : null;
    if (address !== null) return { address, error: null };
    const status = response.ok ? 500 : response.status;
    return { address: null, error: describeProblem(status, body, response.headers.get("Retry-After")) };
  } catch {
    return { address: null, error: problemText("unreachable") ?? "" };
  }
}

/**
 * @param {unknown} body
 * @returns {string | null}
 */
function readVerifyUrl(body) {
  if (typeof body !== "object" || body === null || !("verify_url" in body)) return null;
  const url = String(body.verify_url);
  return /^(https?:\/\/|\/)/.test(url) ? url : null;
}

new LandingPage().begin();
