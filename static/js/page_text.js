/**
 * Every sentence that the scripts show. The server writes them into the page in the person's language, as one JSON
 * object in `#page-text`; here they are only looked up and filled in. Instructions come over the socket.
 *
 * @typedef {{title: string, detail: string, next: string}} Explanation what happened, why, what to do next time
 * @typedef {import("./camera.js").CameraFailure} CameraFailure
 * @typedef {import("./verification_socket.js").ConnectionFailure} ConnectionFailure
 * @typedef {"ticket_missing" | "server_silent" | "capture_failed" | "consent_outdated" | "set_aside_refused"
 *   | "declined"} PageFailure
 * @typedef {CameraFailure | ConnectionFailure | PageFailure} Failure
 *
 * @typedef {object} Catalogue
 * @property {Record<string, string>} hint
 * @property {Record<string, string>} advice
 * @property {Record<string, Explanation>} reason
 * @property {Record<string, Explanation>} failure
 * @property {Record<string, string>} problem
 * @property {Record<string, string>} miss
 * @property {Record<string, string>} light
 * @property {Record<string, string>} message
 */

/** @type {Catalogue | null} */
let catalogue = null;
let language = "en";

/**
 * Take the sentences that the page carries. Called once, before anything is shown.
 * @param {Document} page
 */
export function loadPageText(page) {
  useCatalogue(JSON.parse(page.getElementById("page-text")?.textContent ?? "null"), page.documentElement.lang);
}

/**
 * @param {Catalogue} sentences
 * @param {string} tag BCP 47
 */
export function useCatalogue(sentences, tag) {
  catalogue = sentences;
  language = tag;
}

/**
 * @template {keyof Catalogue} T
 * @param {T} section
 * @param {string} key
 * @returns {Catalogue[T][string]}
 * @throws {Error} when page and script have drifted apart.
 */
function lookUp(section, key) {
  const sentences = /** @type {Record<string, unknown>} */ (catalogue?.[section] ?? {});
  if (!Object.hasOwn(sentences, key)) throw new Error(`The page has no sentence ${section}.${key}.`);
  return /** @type {Catalogue[T][string]} */ (sentences[key]);
}

/**
 * @param {string} key
 * @param {Readonly<Record<string, string | number>>} [values] for the words in braces
 */
export function say(key, values = {}) {
  return fillIn(lookUp("message", key), values);
}

/** @param {import("./protocol.js").Hint} hint */
export function hintText(hint) {
  return lookUp("hint", hint);
}

/** @param {string} hint one that describes a bad picture */
export function adviceFor(hint) {
  return lookUp("advice", hint);
}

/** @param {import("./protocol.js").Reason} reason */
export function explainReason(reason) {
  return lookUp("reason", reason);
}

/** @param {Failure} failure */
export function explainFailure(failure) {
  return lookUp("failure", failure);
}

/** @param {import("./light_check.js").Light} light */
export function lightText(light) {
  return lookUp("light", light);
}

/**
 * @param {string} key a problem's code or an HTTP status
 * @param {Readonly<Record<string, string | number>>} [values]
 * @returns {string | null} null for one that has no sentence of its own.
 */
export function problemText(key, values = {}) {
  const sentences = catalogue?.problem ?? {};
  return Object.hasOwn(sentences, key) ? fillIn(sentences[key] ?? "", values) : null;
}

/**
 * Why a challenge was not met, and how many more may be missed.
 * @param {string | null} reason
 * @param {number} attemptsLeft
 */
export function describeMiss(reason, attemptsLeft) {
  const misses = catalogue?.miss ?? {};
  const miss = lookUp("miss", reason !== null && Object.hasOwn(misses, reason) ? reason : "not_performed");
  return attemptsLeft > 0 ? say("triesLeft", { miss, count: attemptsLeft }) : miss;
}

/**
 * @param {number} index 0 is the alignment step
 * @param {number} total
 */
export function describeStep(index, total) {
  return index === 0 ? say("gettingReady") : say("step", { index, total: Math.max(index, total) });
}

/**
 * A duration with its unit in the right number, which in Arabic has six forms.
 * @param {number} count
 * @param {"second" | "minute"} unit
 */
export function nameDuration(count, unit) {
  const style = { style: "unit", unit, unitDisplay: "long", numberingSystem: "latn" };
  return new Intl.NumberFormat(language, /** @type {Intl.NumberFormatOptions} */ (style)).format(count);
}

/**
 * @param {string} sentence
 * @param {Readonly<Record<string, string | number>>} values
 */
function fillIn(sentence, values) {
  return sentence.replace(/\{(\w+)\}/g, (braced, name) => (Object.hasOwn(values, name) ? String(values[name]) : braced));
}
