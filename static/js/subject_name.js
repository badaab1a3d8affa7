/** The name a token is made out to: 1 to 128 characters, none of them a control character. Pure. */

export const MAX_NAME_LENGTH = 128;

/** @param {string} text */
export function normaliseName(text) {
  return text.trim();
}

/**
 * @param {string} text as typed
 * @returns {"nameMissing" | "nameTooLong" | "nameInvisible" | null} null for a name the server takes.
 */
export function findNameFault(text) {
  const name = normaliseName(text);
  if (name === "") return "nameMissing";
  if ([...name].length > MAX_NAME_LENGTH) return "nameTooLong";
  return /\p{Cc}/u.test(name) ? "nameInvisible" : null;
}
