/** Where the person goes after the check. Pure. */

/**
 * The address to return to, with the session and the opener's own state. The token never travels in an address: the
 * opener fetches the result by its session.
 * @param {string} redirectUri
 * @param {{sessionId: string, state: string}} session
 * @returns {URL | null} null where there is none, or it isn't an http(s) address.
 */
export function buildReturnAddress(redirectUri, { sessionId, state }) {
  const address = parseAddress(redirectUri);
  if (address?.protocol !== "https:" && address?.protocol !== "http:") return null;
  address.searchParams.set("session_id", sessionId);
  if (state !== "") address.searchParams.set("state", state);
  return address;
}

/**
 * @param {string} text
 * @returns {URL | null}
 */
function parseAddress(text) {
  try {
    return new URL(text);
  } catch {
    return null;
  }
}
