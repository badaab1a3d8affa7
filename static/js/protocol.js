/** The wire protocol `pol.v1` as the browser sees it: closed sets of words, and one strict reader. */

export const SUBPROTOCOL = "pol.v1";

export const HINTS = /** @type {const} */ ([
  "ok", "no_face", "multiple_faces", "move_closer", "move_back", "center_face", "too_dark", "too_bright",
  "hold_still", "face_obscured", "slow_down", "follow_instruction",
]);

export const DECISIONS = /** @type {const} */ (["pass", "fail", "inconclusive"]);

export const REASONS = /** @type {const} */ ([
  "verified",
  "challenge_failed", "score_below_threshold", "liveness_below_floor", "deepfake_below_floor", "multiple_faces",
  "identity_changed", "injection_suspected", "replay_detected",
  "session_timeout", "no_response", "poor_capture", "cancelled", "disconnected", "server_overloaded",
]);

export const ACTIONS = /** @type {const} */ ([
  "look_straight", "turn_left", "turn_right", "look_up", "look_down", "nod", "blink", "open_mouth",
  "raise_eyebrows", "smile", "surprise",
]);

/** Close codes of our own; 1000 follows a result. */
export const CLOSE_CODES = /** @type {const} */ ([
  4400, 4401, 4403, 4404, 4408, 4409, 4410, 4413, 4429, 4500, 4503,
]);

/**
 * @typedef {typeof HINTS[number]} Hint
 * @typedef {typeof DECISIONS[number]} Decision
 * @typedef {typeof REASONS[number]} Reason
 * @typedef {typeof ACTIONS[number]} Action
 *
 * @typedef {object} CaptureLimits Pixels, frames a second and bytes that the server accepts.
 * @property {number} width
 * @property {number} height
 * @property {number} max_fps
 * @property {number} max_frame_bytes
 * @property {readonly string[]} formats
 *
 * @typedef {object} SessionMessage
 * @property {"session"} type
 * @property {string} session_id
 * @property {string} expires_at ISO 8601.
 * @property {number} challenges_total
 * @property {CaptureLimits} capture
 *
 * @typedef {object} ChallengeMessage
 * @property {"challenge"} type
 * @property {string} challenge_id
 * @property {number} index 0 is the alignment step.
 * @property {number} total
 * @property {"align" | "gesture" | "expression"} kind
 * @property {string} action
 * @property {string} instruction Already in the person's language.
 * @property {string} nonce base64url, 128 bits.
 * @property {number} timeout_ms
 *
 * @typedef {object} FeedbackMessage
 * @property {"feedback"} type
 * @property {number} seq
 * @property {string} hint
 * @property {{box: readonly number[]} | null} [face] In 0..1 of the unmirrored frame.
 * @property {number} progress 0..1 of the current challenge.
 *
 * @typedef {object} ChallengeResultMessage
 * @property {"challenge_result"} type
 * @property {string} challenge_id
 * @property {boolean} passed
 * @property {string | null} reason
 * @property {number} attempts_left
 *
 * @typedef {object} ResultMessage
 * @property {"result"} type
 * @property {Decision} decision
 * @property {string} reason
 * @property {string | null} token
 * @property {number | null} expires_in Seconds.
 *
 * @typedef {object} ErrorMessage
 * @property {"error"} type
 * @property {string} code
 * @property {string} message
 *
 * @typedef {SessionMessage | ChallengeMessage | FeedbackMessage | ChallengeResultMessage | ResultMessage
 *   | ErrorMessage} ServerMessage
 */

/**
 * Fields a message must carry before the page relies on it. Fields the page does not use are not checked, so
 * that a newer server may add to them.
 * @type {Readonly<Record<ServerMessage["type"], Readonly<Record<string, string>>>>}
 */
const REQUIRED_FIELDS = {
  session: { expires_at: "string", capture: "object" },
  challenge: {
    challenge_id: "string", index: "number", total: "number", kind: "string", action: "string",
    instruction: "string", nonce: "string", timeout_ms: "number",
  },
  feedback: { seq: "number", hint: "string", progress: "number" },
  challenge_result: { challenge_id: "string", passed: "boolean", attempts_left: "number" },
  result: { decision: "string", reason: "string" },
  error: { code: "string" },
};

/**
 * Read one text message of the server.
 * @param {string} text
 * @returns {ServerMessage | null} null for what is not JSON, not known, or lacks a field: it is ignored.
 */
export function readServerMessage(text) {
  const message = parseObject(text);
  if (message === null || typeof message["type"] !== "string") return null;
  if (!Object.hasOwn(REQUIRED_FIELDS, message["type"])) return null;
  const required = REQUIRED_FIELDS[/** @type {ServerMessage["type"]} */ (message["type"])];
  const isComplete = Object.entries(required).every(
    ([field, kind]) => message[field] !== null && typeof message[field] === kind,
  );
  return isComplete ? /** @type {ServerMessage} */ (/** @type {unknown} */ (message)) : null;
}

/**
 * @param {string} text
 * @returns {Record<string, unknown> | null}
 */
function parseObject(text) {
  try {
    const value = /** @type {unknown} */ (JSON.parse(text));
    return isRecord(value) ? value : null;
  } catch {
    return null;
  }
}

/**
 * @param {unknown} value
 * @returns {value is Record<string, unknown>}
 */
function isRecord(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * @template {string} T
 * @param {readonly T[]} words
 * @param {string} word
 * @returns {word is T}
 */
export function isOneOf(words, word) {
  return words.includes(/** @type {T} */ (word));
}
