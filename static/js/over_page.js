/**
 * The page of a check that is over, or runs in another window. Whoever reloaded in mid-check, or opened the link once
 * more, still holds the ticket, and with it the tries that are left.
 */

import { postCapture } from "./capture_api.js";
import { takeTicket } from "./capture_ticket.js";
import { requireElement } from "./page_elements.js";
import { explainFailure, loadPageText } from "./page_text.js";

const WORTH_ANOTHER_PRESS = /** @type {readonly string[]} */ (["connect_failed", "connect_timeout", "rate_limited"]);

/** @param {string} ticket */
function offerRetry(ticket) {
  const button = requireElement("retry", HTMLButtonElement);
  for (const link of document.querySelectorAll("main .actions a")) link.classList.remove("primary");
  button.hidden = false;
  button.addEventListener("click", () => void retry(button, ticket));
}

/**
 * @param {HTMLButtonElement} button
 * @param {string} ticket
 */
async function retry(button, ticket) {
  button.disabled = true;
  const { body, failure } = await postCapture(`${window.location.pathname}/retry`, { ticket });
  const address = typeof body?.["verify_url"] === "string" ? body["verify_url"] : "";
  if (failure === null && /^https?:\/\//.test(address)) return window.location.replace(`${address}&start=now`);
  const reason = failure ?? "server_error";
  const { title, next } = explainFailure(reason);
  requireElement("retry-status", HTMLElement).textContent = `${title}. ${next}`;
  button.disabled = false;
  button.hidden = !WORTH_ANOTHER_PRESS.includes(reason);
}

loadPageText(document);
const ticket = takeTicket(window.location, window.history);
if (ticket !== null) offerRetry(ticket);
