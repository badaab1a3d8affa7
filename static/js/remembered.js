/** What this browser remembers between visits: which camera, whether to read aloud. Never anything of a check. */

const PREFIX = "proof-of-life:";

/**
 * @param {string} name
 * @returns {string | null} null where nothing is kept or the browser keeps nothing, as in a foreign frame.
 */
export function recall(name) {
  try {
    return globalThis.localStorage.getItem(PREFIX + name);
  } catch {
    return null;
  }
}

/**
 * @param {string} name
 * @param {string} value
 */
export function remember(name, value) {
  try {
    globalThis.localStorage.setItem(PREFIX + name, value);
  } catch {
    // A browser that keeps nothing asks again next time.
  }
}

/** @param {string} name */
export function forget(name) {
  try {
    globalThis.localStorage.removeItem(PREFIX + name);
  } catch {
    // A browser that keeps nothing has forgotten it already.
  }
}
