/** What was wrong with the picture most of the time, so that a failure can say what to change. Pure. */

const MIN_SHARE = 0.25;
const MIN_COUNT = 5;
/** Hints that ask for nothing, or for the movement itself. */
const NOT_A_FAULT = /** @type {readonly string[]} */ (["ok", "follow_instruction"]);

export class HintTally {
  /** @type {Map<string, number>} */ #counts = new Map();
  #total = 0;

  /** @param {string} hint */
  note(hint) {
    this.#total += 1;
    this.#counts.set(hint, (this.#counts.get(hint) ?? 0) + 1);
  }

  /** @returns {string | null} the commonest fault, where it was common. */
  get worst() {
    const faults = [...this.#counts].filter(([hint]) => !NOT_A_FAULT.includes(hint));
    const [hint, count] = faults.sort((a, b) => b[1] - a[1])[0] ?? ["", 0];
    return count >= MIN_COUNT && count >= MIN_SHARE * this.#total ? hint : null;
  }
}
