/** The last panel: what was decided or went wrong, and what to do next. */

import { describeReturn, describeTokenLife, nameReturnLink, PAGE_MESSAGES } from "./messages.js";
import { requireElement } from "./page_elements.js";
import { readClaims } from "./token_claims.js";

/**
 * @typedef {object} Outcome
 * @property {import("./protocol.js").Decision | null} decision null when the server gave none.
 * @property {string} reason
 * @property {import("./messages.js").Explanation} explanation
 * @property {URL | null} returnAddress
 * @property {boolean} isRetryable whether this same session can still be tried.
 */

const TIME_CLAIMS = ["iat", "nbf", "exp"];

export class ResultView {
  retryButton = requireElement("retry", HTMLButtonElement);
  #panel = requireElement("result-panel", HTMLElement);
  #title = requireElement("result-title", HTMLElement);
  #detail = requireElement("result-detail", HTMLElement);
  #restart = requireElement("try-again", HTMLAnchorElement);
  #continue = requireElement("continue", HTMLAnchorElement);
  #tokenBox = requireElement("token-box", HTMLElement);
  #token = requireElement("token", HTMLTextAreaElement);
  #tokenLife = requireElement("token-life", HTMLElement);
  #claims = requireElement("claims", HTMLElement);
  #copyButton = requireElement("copy-token", HTMLButtonElement);
  #copyStatus = requireElement("copy-status", HTMLElement);

  constructor() {
    this.#copyButton.addEventListener("click", () => void this.#copyToken());
  }

  /** @param {Outcome} outcome */
  show({ decision, reason, explanation, returnAddress, isRetryable }) {
    this.#panel.dataset["decision"] = decision ?? "";
    this.#panel.dataset["reason"] = reason;
    this.#title.textContent = explanation.title;
    const isVerified = decision === "pass";
    const goesBack = isVerified && returnAddress !== null;
    this.#detail.textContent = goesBack ? describeReturn(returnAddress.host) : explanation.detail;
    this.#restart.hidden = isVerified;
    this.#restart.classList.toggle("primary", !isRetryable);
    this.#restart.textContent = isRetryable ? PAGE_MESSAGES.startOver : PAGE_MESSAGES.tryAgain;
    this.retryButton.hidden = !isRetryable;
    this.#continue.hidden = returnAddress === null;
    this.#continue.classList.toggle("primary", goesBack);
    if (returnAddress !== null) {
      this.#continue.href = returnAddress.href;
      this.#continue.textContent = nameReturnLink(returnAddress.host);
    }
    this.#tokenBox.hidden = true;
  }

  /** Move the reader's attention here; only useful once the panel is visible. */
  focus() {
    this.#title.focus({ preventScroll: true });
  }

  /**
   * Show the token to whoever tries the service without a site to return to.
   * @param {string} token
   * @param {number | null} expiresInS
   */
  showToken(token, expiresInS) {
    this.#token.value = token;
    this.#tokenLife.textContent = expiresInS === null ? "" : describeTokenLife(Math.round(expiresInS / 60));
    const claims = Object.entries(readClaims(token) ?? {});
    this.#claims.replaceChildren(...claims.flatMap(([name, value]) => describeClaim(name, value)));
    this.#tokenBox.hidden = false;
  }

  async #copyToken() {
    try {
      await navigator.clipboard.writeText(this.#token.value);
      this.#copyStatus.textContent = PAGE_MESSAGES.tokenCopied;
    } catch {
      this.#token.select();
      this.#copyStatus.textContent = PAGE_MESSAGES.tokenNotCopied;
    }
  }
}

/**
 * @param {string} name
 * @param {unknown} value
 * @returns {HTMLElement[]}
 */
function describeClaim(name, value) {
  const term = document.createElement("dt");
  term.textContent = name;
  const definition = document.createElement("dd");
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const isTime = TIME_CLAIMS.includes(name) && typeof value === "number";
  definition.textContent = isTime ? `${text} (${new Date(value * 1000).toLocaleTimeString()})` : text;
  return [term, definition];
}
