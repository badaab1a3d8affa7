/** The language menu: a link for each language. The one-time ticket goes along in the fragment, never in a query. */

/**
 * @param {HTMLElement | null} menu a `<details>`
 * @param {() => string | null} readTicket
 */
export function prepareLanguageSwitch(menu, readTicket) {
  if (!(menu instanceof HTMLDetailsElement)) return;
  menu.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    const ticket = readTicket();
    if (link !== null && ticket !== null) link.hash = `ticket=${ticket}`;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    menu.open = false;
    menu.querySelector("summary")?.focus();
  });
  document.addEventListener("click", (event) => {
    if (event.target instanceof Node && !menu.contains(event.target)) menu.open = false;
  });
}
