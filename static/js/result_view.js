/** The last panel: what was decided or went wrong, and what to do next. */

import { nameDuration, say } from "./page_text.js";
import { requireElement } from "./page_elements.js";
import { buildReturnAddress } from "./return_address.js";
import { readClaims } from "./token_claims.js";

/**
 * @typedef {object} Outcome
 * @property {import("./protocol.js").Decision | null} decision null when the server gave none.
 * @property {string} reason
 * @property {import("./page_text.js").Explanation} explanation
 * @property {URL | null} returnAddress
 * @property {number} retriesLeft 0 where another try makes no sense either.
 * @property {boolean} isCounted whether tries are worth a word: not where none was used up, or none ever helps
 *
 * @typedef {object} WaysOut Where the relying party wants people to go who are not verified.
 * @property {URL | null} help
 * @property {URL | null} alternative
 */

const TIME_CLAIMS = ["iat", "nbf", "exp"];

/**
 * @param {HTMLElement} page with the relying party's addresses
 * @param {{sessionId: string, state: string}} session
 * @returns {WaysOut}
 */
export function readWaysOut(page, session) {
  return {
    help: buildReturnAddress(page.dataset["helpUrl"] ?? "", session),
    alternative: buildReturnAddress(page.dataset["alternativeUrl"] ?? "", session),
  };
}

export class ResultView {
  retryButton = requireElement("retry", HTMLButtonElement);
  #waysOut;
  #panel = requireElement("result-panel", HTMLElement);
  #title = requireElement("result-title", HTMLElement);
  #detail = requireElement("result-detail", HTMLElement);
  #next = requireElement("result-next", HTMLElement);
  #retriesLeft = requireElement("retries-left", HTMLElement);
  #continue = requireElement("continue", HTMLAnchorElement);
  #alternative = requireElement("alternative", HTMLAnchorElement);
  #help = requireElement("help", HTMLAnchorElement);
  #startOver = requireElement("start-over", HTMLAnchorElement);
  #tokenBox = requireElement("token-box", HTMLElement);
  #token = requireElement("token", HTMLTextAreaElement);
  #tokenLife = requireElement("token-life", HTMLElement);
  #claims = requireElement("claims", HTMLElement);
  #copyButton = requireElement("copy-token", HTMLButtonElement);
  #copyStatus = requireElement("copy-status", HTMLElement);

  /** @param {WaysOut} waysOut */
  constructor(waysOut) {
    this.#waysOut = waysOut;
    this.#copyButton.addEventListener("click", () => void this.#copyToken());
  }

  /** @param {Outcome} outcome */
  show({ decision, reason, explanation, returnAddress, retriesLeft, isCounted }) {
    this.#panel.dataset["decision"] = decision ?? "";
    this.#panel.dataset["reason"] = reason;
    const isVerified = decision === "pass";
    const goesBack = isVerified && returnAddress !== null;
    this.#title.textContent = explanation.title;
    this.#detail.textContent = goesBack ? say("returning", { host: returnAddress.host }) : explanation.detail;
    write(this.#next, isVerified ? "" : explanation.next);
    this.retryButton.hidden = retriesLeft <= 0;
    this.retryButton.disabled = false;
    write(this.#retriesLeft, isVerified || !isCounted ? "" : describeRetries(retriesLeft));
    this.#offerWaysOut(isVerified, returnAddress, retriesLeft > 0);
    this.#tokenBox.hidden = true;
  }

  /**
   * The first way that is open is the prominent one.
   * @param {boolean} isVerified
   * @param {URL | null} returnAddress
   * @param {boolean} isRetryable
   */
  #offerWaysOut(isVerified, returnAddress, isRetryable) {
    const { help, alternative } = this.#waysOut;
    if (returnAddress !== null) this.#continue.textContent = say("returnTo", { host: returnAddress.host });
    const ways = /** @type {const} */ ([
      [this.#alternative, isVerified ? null : alternative],
      [this.#continue, returnAddress],
      [this.#help, isVerified ? null : help],
    ]);
    let isProminent = !isRetryable;
    for (const [link, address] of ways) {
      link.hidden = address === null;
      if (address !== null) link.href = address.href;
      link.classList.toggle("primary", isProminent && address !== null);
      if (address !== null) isProminent = false;
    }
    this.#startOver.hidden = isVerified || ways.some(([, address]) => address !== null);
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
    this.#tokenLife.textContent = expiresInS === null
      ? "" : say("tokenLife", { duration: nameDuration(Math.round(expiresInS / 60), "minute") });
    const claims = Object.entries(readClaims(token) ?? {});
    this.#claims.replaceChildren(...claims.flatMap(([name, value]) => describeClaim(name, value)));
    this.#tokenBox.hidden = false;
  }

  async #copyToken() {
    try {
      await navigator.clipboard.writeText(this.#token.value);
      this.#copyStatus.textContent = say("tokenCopied");
    } catch {
      this.#token.select();
      this.#copyStatus.textContent = say("tokenNotCopied");
    }
  }
}

/** @param {number} retriesLeft */
function describeRetries(retriesLeft) {
  return retriesLeft > 0 ? say("retriesLeft", { count: retriesLeft }) : say("noRetryLeft");
}

/**
 * @param {HTMLElement} element
 * @param {string} text nothing hides it
 */
function write(element, text) {
  element.textContent = text;
  element.hidden = text === "";
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
