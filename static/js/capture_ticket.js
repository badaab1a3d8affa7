/** The one-time ticket: taken out of the address bar before anything else can see it. */

const TICKET = /^[A-Za-z0-9_-]{16,256}$/;

/**
 * Read the ticket from the fragment and clear the address. It moves into the history entry's state, which is in no
 * log and no shared link, so that a reload does not lose it: before the camera it opens the socket, afterwards another try.
 * @param {Pick<Location, "hash" | "pathname" | "search">} location
 * @param {Pick<History, "state" | "replaceState">} history
 * @returns {string | null}
 */
export function takeTicket(location, history) {
  const fromFragment = new URLSearchParams(location.hash.slice(1)).get("ticket") ?? "";
  const state = /** @type {{ticket?: unknown} | null} */ (history.state);
  const kept = typeof state?.ticket === "string" ? state.ticket : "";
  const ticket = fromFragment || kept;
  if (!TICKET.test(ticket)) return null;
  history.replaceState({ ticket }, "", location.pathname + location.search);
  return ticket;
}

/**
 * Drop a ticket that is good for nothing any more.
 * @param {Pick<Location, "pathname" | "search">} location
 * @param {Pick<History, "replaceState">} history
 */
export function forgetTicket(location, history) {
  history.replaceState(null, "", location.pathname + location.search);
}

/**
 * Whether the address asks to begin without another question, as it does after "Try again". Read before the ticket.
 * @param {Pick<Location, "hash">} location
 * @returns {boolean}
 */
export function isToStartAtOnce(location) {
  return new URLSearchParams(location.hash.slice(1)).get("start") === "now";
}
