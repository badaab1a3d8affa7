/** The front camera: asked for, opened with fallbacks, watched while it runs. */

export const CAMERA_FAILURES = /** @type {const} */ ([
  "camera_denied", "camera_missing", "camera_busy", "camera_unsuitable", "camera_interrupted", "camera_unsupported",
  "insecure_context", "camera_silent", "camera_ended", "camera_failed",
]);
const FIRST_PICTURE_TIMEOUT_MS = 8000;

/** @typedef {typeof CAMERA_FAILURES[number]} CameraFailure */

/** @type {Readonly<Record<string, CameraFailure>>} */
const FAILURE_BY_ERROR_NAME = {
  NotAllowedError: "camera_denied",
  NotFoundError: "camera_missing",
  NotReadableError: "camera_busy",
  OverconstrainedError: "camera_unsuitable",
  SecurityError: "insecure_context",
  AbortError: "camera_interrupted",
};

/** From what we'd like best to anything that shows a face. */
const PREFERENCES = /** @type {readonly MediaTrackConstraints[]} */ ([
  { facingMode: "user", width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 30, max: 30 } },
  { facingMode: "user" },
  {},
]);

export class CameraError extends Error {
  /**
   * @param {CameraFailure} failure
   * @param {unknown} [cause]
   */
  constructor(failure, cause) {
    super(failure, { cause });
    this.name = "CameraError";
    this.failure = failure;
  }
}

/**
 * Name a rejection of getUserMedia.
 * @param {unknown} error
 * @returns {CameraFailure}
 */
export function classifyCameraError(error) {
  if (error instanceof CameraError) return error.failure;
  const name = error instanceof Error || isNamed(error) ? error.name : "";
  return Object.hasOwn(FAILURE_BY_ERROR_NAME, name)
    ? /** @type {CameraFailure} */ (FAILURE_BY_ERROR_NAME[name])
    : "camera_failed";
}

/**
 * @param {unknown} value
 * @returns {value is {name: string}}
 */
function isNamed(value) {
  return typeof value === "object" && value !== null && "name" in value && typeof value.name === "string";
}

/**
 * Ask for the camera, with fewer wishes each time the device cannot grant them.
 * @param {MediaDevices | undefined} devices
 * @param {boolean} isSecure whether the page is a secure context
 * @returns {Promise<MediaStream>}
 * @throws {CameraError}
 */
export async function openCamera(devices, isSecure) {
  if (!isSecure) throw new CameraError("insecure_context");
  if (!devices?.getUserMedia) throw new CameraError("camera_unsupported");
  /** @type {unknown} */
  let lastError;
  for (const video of PREFERENCES) {
    try {
      return await devices.getUserMedia({ audio: false, video });
    } catch (error) {
      lastError = error;
      if (!isWorthAskingAgain(classifyCameraError(error))) break;
    }
  }
  throw new CameraError(classifyCameraError(lastError), lastError);
}

/**
 * A driver may refuse one mode and grant another; a person's "no" is final.
 * @param {CameraFailure} failure
 */
function isWorthAskingAgain(failure) {
  return failure === "camera_unsuitable" || failure === "camera_busy" || failure === "camera_interrupted";
}

/**
 * Show the stream and wait for its first picture: some cameras open and then send nothing.
 * @param {HTMLVideoElement} video
 * @param {MediaStream} stream
 * @returns {Promise<void>}
 * @throws {CameraError}
 */
export async function playStream(video, stream) {
  video.srcObject = stream;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const timeout = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new CameraError("camera_silent")), FIRST_PICTURE_TIMEOUT_MS);
  });
  try {
    await Promise.race([Promise.all([video.play(), waitForPicture(video)]), timeout]);
  } catch (error) {
    throw error instanceof CameraError ? error : new CameraError(classifyCameraError(error), error);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * @param {HTMLVideoElement} video
 * @returns {Promise<void>}
 */
function waitForPicture(video) {
  if (video.videoWidth > 0 && video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA) return Promise.resolve();
  return new Promise((resolve) => video.addEventListener("loadeddata", () => resolve(), { once: true }));
}

/** @param {MediaStream | null} stream */
export function stopCamera(stream) {
  for (const track of stream?.getTracks() ?? []) track.stop();
}

/**
 * What `ready` tells the server of the camera.
 * @param {MediaStream} stream
 * @returns {{width: number, height: number, fps: number, label: string}}
 */
export function describeCamera(stream) {
  const track = stream.getVideoTracks()[0];
  const settings = track?.getSettings() ?? {};
  return {
    width: settings.width ?? 0,
    height: settings.height ?? 0,
    fps: Math.round(settings.frameRate ?? 0),
    label: track?.label ?? "",
  };
}
