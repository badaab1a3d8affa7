/** RFC 9457 problems of the HTTP interface, in words. */

import { nameDuration, problemText } from "./page_text.js";

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
    return problemText("429_wait", { wait: nameDuration(seconds, "second") }) ?? "";
  }
  return problemText(code) ?? problemText(String(status)) ?? problemText("unexpected") ?? "";
}
