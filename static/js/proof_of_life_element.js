/**
 * `<proof-of-life src="VERIFY_URL">`: the check inside a relying party's own page. It needs nothing else of this
 * project, and hears only the frame it made, from the origin that `src` names.
 *
 * Events, each with `detail: {sessionId, decision, reason, token, retriesLeft}`: `ready`, `verified`, `failed`,
 * `cancelled`. After `failed` the person may still try again in the frame while `retriesLeft` is above 0.
 */

const HELLO = "proof-of-life:hello";
const EVENT = "proof-of-life:event";
const EVENT_NAMES = ["ready", "verified", "failed", "cancelled"];

export class ProofOfLifeElement extends HTMLElement {
  static observedAttributes = ["src"];
  /** @type {HTMLIFrameElement | null} */ #frame = null;

  connectedCallback() {
    window.addEventListener("message", this.#hear);
    this.#show();
  }

  disconnectedCallback() {
    window.removeEventListener("message", this.#hear);
    this.#frame?.remove();
    this.#frame = null;
  }

  attributeChangedCallback() {
    if (this.isConnected) this.#show();
  }

  get #address() {
    const source = this.getAttribute("src");
    return source === null || source === "" ? null : new URL(source, document.baseURI);
  }

  #show() {
    this.#frame?.remove();
    this.#frame = null;
    const address = this.#address;
    if (address === null || !/^https?:$/.test(address.protocol)) return;
    if (this.lang !== "") address.searchParams.set("lang", this.lang);
    const frame = document.createElement("iframe");
    frame.allow = "camera; autoplay";
    frame.title = this.title || "Proof of Life";
    frame.referrerPolicy = "origin";
    Object.assign(frame.style, { display: "block", width: "100%", height: "100%", minHeight: "54rem", border: "0" });
    frame.addEventListener("load", () => frame.contentWindow?.postMessage({ type: HELLO }, address.origin));
    frame.src = address.href;
    this.#frame = frame;
    this.append(frame);
  }

  #hear = (/** @type {MessageEvent} */ event) => {
    if (this.#frame === null || event.source !== this.#frame.contentWindow) return;
    if (event.origin !== this.#address?.origin || event.data?.type !== EVENT) return;
    const { name, sessionId, decision, reason, token, retriesLeft } = event.data;
    if (!EVENT_NAMES.includes(name)) return;
    const detail = { sessionId, decision, reason, token, retriesLeft };
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true }));
  };
}

if (!customElements.get("proof-of-life")) customElements.define("proof-of-life", ProofOfLifeElement);
