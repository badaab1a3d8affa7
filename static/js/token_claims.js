/** What a token says, for a developer to read. Pure; reading is not checking: only the server's key does that. */

/**
 * @param {string} token compact JWS (RFC 7515)
 * @returns {Record<string, unknown> | null} null for what isn't one.
 */
export function readClaims(token) {
  const payload = token.split(".")[1];
  if (payload === undefined) return null;
  try {
    const bytes = Uint8Array.from(atob(payload.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
    const claims = /** @type {unknown} */ (JSON.parse(new TextDecoder().decode(bytes)));
    return typeof claims === "object" && claims !== null && !Array.isArray(claims)
      ? /** @type {Record<string, unknown>} */ (claims)
      : null;
  } catch {
    return null;
  }
}
