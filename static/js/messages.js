/**
 * Every sentence that the scripts show, in one closed table. Instructions are not here: the server sends them in the
 * person's language. Each failure says what happened and what to do next, never a score.
 *
 * @typedef {{title: string, detail: string}} Explanation
 * @typedef {import("./camera.js").CameraFailure} CameraFailure
 * @typedef {import("./verification_socket.js").ConnectionFailure} ConnectionFailure
 * @typedef {"ticket_missing" | "server_silent" | "capture_failed"} PageFailure
 * @typedef {CameraFailure | ConnectionFailure | PageFailure} Failure
 */

/** @type {Readonly<Record<import("./protocol.js").Hint, string>>} */
export const HINT_TEXT = {
  ok: "Good, stay there",
  no_face: "Move your face into the oval",
  multiple_faces: "Only one person in the picture, please",
  move_closer: "Come a little closer",
  move_back: "Move back a little",
  center_face: "Move to the middle of the oval",
  too_dark: "It is too dark. Turn towards a light",
  too_bright: "It is too bright. Turn away from the light",
  hold_still: "Hold still for a moment",
  face_obscured: "Uncover your whole face",
  slow_down: "A little slower",
  follow_instruction: "Follow the instruction above",
};

/** @type {Readonly<Record<import("./protocol.js").Reason, Explanation>>} */
export const REASON_TEXT = {
  verified: {
    title: "You are verified",
    detail: "The check saw a living person before the camera. Nothing else is needed here.",
  },
  challenge_failed: {
    title: "The movements did not match",
    detail: "Some movements were not recognised in time. Try again, make each movement clearly and come back to "
      + "the middle. If one is hard for you, press “I can’t do this”.",
  },
  score_below_threshold: {
    title: "We could not be sure enough",
    detail: "Try again in even light, with the camera at eye height and your whole face in the oval.",
  },
  liveness_below_floor: {
    title: "We could not confirm a living person",
    detail: "Try again facing the camera yourself, in even light, without glare on glasses or a screen behind you.",
  },
  deepfake_below_floor: {
    title: "The picture looked altered",
    detail: "Turn off beauty filters, background effects and virtual cameras, then try again.",
  },
  multiple_faces: {
    title: "More than one face was in view",
    detail: "Try again alone, and turn away from posters or screens that show faces.",
  },
  identity_changed: {
    title: "The face changed during the check",
    detail: "One person has to do all steps without leaving the picture. Try again and stay in view.",
  },
  injection_suspected: {
    title: "The pictures did not come straight from a camera",
    detail: "Close virtual-camera and recording programs, choose your device’s own camera, and try again.",
  },
  replay_detected: {
    title: "Old pictures arrived",
    detail: "The connection repeated or delayed pictures. Try again on a steadier connection.",
  },
  session_timeout: {
    title: "Time ran out",
    detail: "A check has to be finished within a short time. Try again when you are ready to begin.",
  },
  no_response: {
    title: "We saw no movement",
    detail: "Nothing was recognised after the instruction. Check that your face is in the oval, then try again.",
  },
  poor_capture: {
    title: "The picture was not clear enough",
    detail: "Clean the lens, find even light on your face, hold the device steady, and try again.",
  },
  cancelled: {
    title: "You stopped the check",
    detail: "Nothing was decided. You can start again whenever you like.",
  },
  disconnected: {
    title: "The connection was lost",
    detail: "The check could not be finished. See that you are online, then try again.",
  },
  server_overloaded: {
    title: "The service is busy",
    detail: "It has nothing to do with you. Wait a minute, then try again.",
  },
};

/** @type {Readonly<Record<CameraFailure, Explanation>>} */
export const CAMERA_TEXT = {
  camera_denied: {
    title: "The camera is blocked for this page",
    detail: "Open the site settings beside the address, allow the camera, then try again. On a phone, also check "
      + "that the browser itself may use the camera.",
  },
  camera_missing: {
    title: "No camera was found",
    detail: "Plug in a camera or switch it on, or open this check on a device that has one.",
  },
  camera_busy: {
    title: "The camera is in use",
    detail: "Another program or tab holds it. Close video calls and camera apps, then try again.",
  },
  camera_unsuitable: {
    title: "This camera does not fit",
    detail: "It offers no picture that the check can use. Try again with another camera or device.",
  },
  camera_interrupted: {
    title: "The camera did not start",
    detail: "The device interrupted it. Wait a moment, then try again.",
  },
  camera_unsupported: {
    title: "This browser gives no access to a camera",
    detail: "Open the check in a current Chrome, Firefox, Safari or Edge, not inside another app.",
  },
  insecure_context: {
    title: "The camera needs a secure page",
    detail: "Browsers only allow the camera where the address begins with https. Ask for a secure address.",
  },
  camera_silent: {
    title: "The camera sends no picture",
    detail: "Open its cover or privacy switch, or choose another camera, then try again.",
  },
  camera_ended: {
    title: "The camera stopped",
    detail: "It was unplugged, covered by another app or switched off. Start the check again.",
  },
  camera_failed: {
    title: "The camera could not be started",
    detail: "Close other programs that use it, reload this page, and try again.",
  },
};

/** @type {Readonly<Record<ConnectionFailure, Explanation>>} */
export const CONNECTION_TEXT = {
  connect_timeout: {
    title: "The service does not answer",
    detail: "We waited eight seconds. See that you are online, then try again.",
  },
  connect_failed: {
    title: "We could not reach the service",
    detail: "See that you are online and that no firewall or blocker stops this page, then try again.",
  },
  disconnected: REASON_TEXT.disconnected,
  malformed_message: {
    title: "This page and the service disagree",
    detail: "Your browser may hold an old copy of this page. Reload it, then start again.",
  },
  ticket_refused: {
    title: "This link has been used",
    detail: "Each link starts one check, once. Start again for a new one.",
  },
  origin_refused: {
    title: "This page may not start a check",
    detail: "It was opened from an address that the service does not know. Open the link as you received it.",
  },
  session_unknown: {
    title: "This check does not exist",
    detail: "The link may be incomplete. Start again for a new one.",
  },
  session_timeout: REASON_TEXT.session_timeout,
  already_connected: {
    title: "This check is open somewhere else",
    detail: "Go on in the other tab or device, or close it and start again.",
  },
  session_over: {
    title: "This check is already over",
    detail: "A check runs once. Start again for a new one.",
  },
  frame_too_large: {
    title: "The camera’s pictures are too large",
    detail: "Start again, and choose another camera if it happens twice.",
  },
  rate_limited: {
    title: "Too many tries in a short time",
    detail: "Wait a minute, then start again.",
  },
  server_error: {
    title: "Something went wrong on our side",
    detail: "It has nothing to do with you. Start again in a moment.",
  },
  server_overloaded: REASON_TEXT.server_overloaded,
};

/** @type {Readonly<Record<PageFailure, Explanation>>} */
export const PAGE_TEXT = {
  ticket_missing: {
    title: "This link is incomplete",
    detail: "The part after # holds its one-time key. Open the whole link as you received it, or start again.",
  },
  server_silent: {
    title: "The service stopped answering",
    detail: "Your pictures no longer arrive. See that you are online, then start again.",
  },
  capture_failed: {
    title: "The camera’s picture could not be read",
    detail: "A privacy setting or extension may block it. Try another browser.",
  },
};

/** @type {Readonly<Record<Failure, Explanation>>} */
export const FAILURE_TEXT = { ...CAMERA_TEXT, ...CONNECTION_TEXT, ...PAGE_TEXT };

/** Problem codes and statuses of `POST /auth/verify` (RFC 9457). */
export const PROBLEM_TEXT = {
  pool_exhausted: "Too many movements were ruled out. At least three, one of them a head movement, must remain.",
  400: "The service did not accept this. Check the name: 1 to 128 characters, all of them visible.",
  401: "This service only opens checks for its partners. Start from the site that sent you here.",
  403: "This page may not open a check. Open it from the service’s own address.",
  404: "The service does not open checks at this address.",
  422: "The service cannot open a check like this.",
  429: "Too many checks were opened from here. Wait a little, then try again.",
  503: "The service is busy. Wait a minute, then try again.",
  unreachable: "We could not reach the service. See that you are online, then try again.",
  unexpected: "Something went wrong on our side. Try again in a moment.",
};

export const PAGE_MESSAGES = {
  askingForCamera: "Allow the camera",
  askingForCameraHint: "Your browser asks for permission",
  connecting: "Connecting",
  connectingHint: "One moment",
  deciding: "Checking",
  decidingHint: "You can relax now",
  cancelling: "Stopping",
  challengePassed: "Done",
  challengeSkipped: "No problem, here is another one",
  connectionDoubtful: "Connection lost? Waiting…",
  cameraPaused: "The camera is paused",
  tryAgain: "Try again",
  startOver: "Start over",
  tokenCopied: "Copied",
  tokenNotCopied: "Select the text and copy it",
  nameMissing: "Enter who the token should name.",
  nameTooLong: "At most 128 characters, please.",
  nameInvisible: "Leave out line breaks and other invisible characters.",
};

/** @param {number} index 1-based @param {number} total */
export function describeStep(index, total) {
  return index === 0 ? "Getting ready" : `Step ${index} of ${Math.max(index, total)}`;
}

/** @param {number} seconds */
export function describeTimeLeft(seconds) {
  return `${seconds} s left`;
}

/** @param {number} attemptsLeft */
export function describeMiss(attemptsLeft) {
  if (attemptsLeft <= 0) return "Not recognised";
  return attemptsLeft === 1 ? "Not recognised. One more try" : `Not recognised. ${attemptsLeft} tries left`;
}

/** @param {string} host */
export function describeReturn(host) {
  return `Taking you back to ${host}.`;
}

/** @param {string} host */
export function nameReturnLink(host) {
  return `Return to ${host}`;
}

/** @param {number} seconds */
export function describeWait(seconds) {
  return `Try again in ${seconds} ${seconds === 1 ? "second" : "seconds"}.`;
}

/** @param {number} minutes */
export function describeTokenLife(minutes) {
  return `Valid for ${minutes} ${minutes === 1 ? "minute" : "minutes"}. Check it with POST /token/validate.`;
}
