/** RFC 9457 problems of the HTTP interface, in words. Pure. */

import { describeWait, PROBLEM_TEXT } from "./messages.js";

/**
 * @param {number} status HTTP status
 * @param {unknown} problem the parsed `application/problem+json`, or whatever came instead
 * @param {string | null} retryAfter the header of that name
 * @returns {string}
 */
export function describeProblem(status, problem, retryAfter) {
  const code = typeof problem === "object" && problem !== null && "code" in problem ? String(problem.code) : "";
  const seconds = Number(retryAfter);
  if (status === 429 && Number.isInteger(seconds) && seconds > 0) {
    return `${PROBLEM_TEXT[429].split(". ")[0]}. ${describeWait(seconds)}`;
  }
  return lookUp(code) ?? lookUp(String(status)) ?? PROBLEM_TEXT.unexpected;
}

/**
 * @param {string} key
 * @returns {string | null}
 */
function lookUp(key) {
  return Object.hasOwn(PROBLEM_TEXT, key) ? PROBLEM_TEXT[/** @type {keyof typeof PROBLEM_TEXT} */ (key)] : null;
}
