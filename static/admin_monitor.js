// The live monitor: the server sends table rows, this puts them in place and counts the seconds down.
// @ts-check

const RETRY_MS = [1000, 2000, 5000, 10000];
const NOT_PERMITTED = 4403;

/** @typedef {{ id: string, html: string }} Row */
/** @typedef {{ type: "sessions", total: number, rows: Row[] }} Sessions */

/**
 * The text that belongs to a number of sessions.
 * @param {DOMStringMap} texts
 * @param {number} total
 */
export function describeTotal(texts, total) {
  if (total === 0) return texts.textNone ?? "";
  return (texts.textTotal ?? "").replace("{count}", String(total));
}

/**
 * Minutes and seconds until a deadline, never below zero.
 * @param {string} deadline ISO 8601
 * @param {number} nowMs
 */
export function formatTimeLeft(deadline, nowMs) {
  const left = Math.max(0, Math.round((Date.parse(deadline) - nowMs) / 1000));
  return `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
}

/**
 * One row of the server's own template. It escapes what people wrote.
 * @param {string} html
 */
function parseRow(html) {
  const template = document.createElement("template");
  template.innerHTML = html.trim();
  return /** @type {HTMLTableRowElement} */ (template.content.firstElementChild);
}

class Monitor {
  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
    this.body = this.#find("[data-rows]");
    /** @type {Map<string, { html: string, element: HTMLTableRowElement }>} */
    this.rows = new Map();
    this.attempts = 0;
    this.total = -1;
    for (const element of this.body.querySelectorAll("tr")) {
      this.rows.set(element.dataset.session ?? "", { html: "", element });
    }
  }

  start() {
    this.#connect();
    setInterval(() => this.#countDown(), 1000);
    this.#countDown();
  }

  #connect() {
    this.#say("connecting", this.root.dataset.textConnecting);
    const address = new URL(this.root.dataset.socket ?? "", location.href);
    address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(address);
    socket.addEventListener("message", (event) => this.#take(JSON.parse(event.data)));
    socket.addEventListener("close", (event) => this.#retry(event.code));
  }

  /** @param {number} code */
  #retry(code) {
    if (code === NOT_PERMITTED) {
      this.#say("lost", this.root.dataset.textRefused);
      return;
    }
    this.#say("lost", this.root.dataset.textLost);
    const wait = RETRY_MS[Math.min(this.attempts, RETRY_MS.length - 1)];
    this.attempts += 1;
    setTimeout(() => this.#connect(), wait);
  }

  /** @param {Sessions} message */
  #take(message) {
    this.attempts = 0;
    this.#say("live", this.root.dataset.textLive);
    this.#placeRows(message.rows);
    this.#tellTotal(message.total, message.rows.length);
    this.#countDown();
  }

  /** @param {Row[]} rows */
  #placeRows(rows) {
    const kept = new Set(rows.map((row) => row.id));
    for (const [id, row] of this.rows) {
      if (!kept.has(id)) {
        row.element.remove();
        this.rows.delete(id);
      }
    }
    rows.forEach((row, index) => this.#placeRow(row, index));
  }

  /**
   * Rows that did not change are left alone, so that focus and selection stay where they are.
   * @param {Row} row
   * @param {number} index
   */
  #placeRow({ id, html }, index) {
    const known = this.rows.get(id);
    let element = known?.element;
    if (!known || known.html !== html) {
      const fresh = parseRow(html);
      const focused = element?.contains(document.activeElement) ? document.activeElement : null;
      const selector = focused?.tagName === "A" ? `a[href="${focused.getAttribute("href")}"]` : null;
      element?.replaceWith(fresh);
      if (selector) /** @type {HTMLElement | null} */ (fresh.querySelector(selector))?.focus();
      element = fresh;
      this.rows.set(id, { html, element });
    }
    if (element && this.body.children[index] !== element) {
      this.body.insertBefore(element, this.body.children[index] ?? null);
    }
  }

  /**
   * @param {number} total
   * @param {number} shown
   */
  #tellTotal(total, shown) {
    if (total === this.total) return;
    this.total = total;
    this.#find("[data-total]").textContent = describeTotal(this.root.dataset, total);
    this.#find("[data-empty]").hidden = total > 0;
    const note = this.#find("[data-shown]");
    note.hidden = shown >= total;
    note.textContent = (this.root.dataset.textShown ?? "")
      .replace("{shown}", String(shown))
      .replace("{count}", String(total));
  }

  #countDown() {
    for (const time of this.body.querySelectorAll("time[data-deadline]")) {
      time.textContent = formatTimeLeft(time.getAttribute("datetime") ?? "", Date.now());
    }
  }

  /**
   * @param {"connecting" | "live" | "lost"} state
   * @param {string | undefined} text
   */
  #say(state, text) {
    const element = this.#find("[data-connection]");
    element.dataset.connection = state;
    if (element.textContent !== text) element.textContent = text ?? "";
  }

  /** @param {string} selector */
  #find(selector) {
    return /** @type {HTMLElement} */ (this.root.querySelector(selector));
  }
}

if (typeof document !== "undefined") {
  const root = document.querySelector("[data-monitor]");
  if (root instanceof HTMLElement) new Monitor(root).start();
}
