/** The front camera: asked for, opened with fallbacks, watched while it runs. */

export const CAMERA_FAILURES = /** @type {const} */ ([
  "camera_denied", "camera_dismissed", "camera_not_delegated", "camera_missing", "camera_busy", "camera_unsuitable",
  "camera_interrupted", "camera_unsupported", "insecure_context", "camera_silent", "camera_ended", "camera_failed",
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

const WANTED = { width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 30, max: 30 } };
/** From what we'd like best to anything that shows a face. */
const PREFERENCES = /** @type {readonly MediaTrackConstraints[]} */ ([
  { facingMode: "user", ...WANTED },
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
 * @typedef {object} CameraSource What the browser offers, and what it says about it.
 * @property {MediaDevices | undefined} devices
 * @property {boolean} isSecure whether the page is a secure context
 * @property {() => Promise<string>} readPermission "granted", "denied" or "prompt"; may reject
 * @property {boolean} isDelegated false where the page around a frame keeps the camera back
 */

/**
 * Ask for the camera, with fewer wishes each time the device cannot grant them.
 * @param {CameraSource} source
 * @param {string | null} deviceId the camera that was chosen before; another one will do if it is gone
 * @returns {Promise<MediaStream>}
 * @throws {CameraError}
 */
export async function openCamera(source, deviceId = null) {
  if (!source.isSecure) throw new CameraError("insecure_context");
  if (!source.devices?.getUserMedia) throw new CameraError("camera_unsupported");
  const chosen = deviceId === null ? [] : [{ deviceId: { exact: deviceId }, ...WANTED }];
  /** @type {unknown} */
  let lastError;
  for (const video of [...chosen, ...PREFERENCES]) {
    try {
      return await source.devices.getUserMedia({ audio: false, video });
    } catch (error) {
      lastError = error;
      if (!isWorthAskingAgain(classifyCameraError(error))) break;
    }
  }
  const failure = classifyCameraError(lastError);
  throw new CameraError(failure === "camera_denied" ? await tellDenialApart(source, lastError) : failure, lastError);
}

/**
 * One error name covers a "no", a closed question and a frame without the right. The permission tells: it is still
 * to be asked for after a question that was closed.
 * @param {CameraSource} source
 * @param {unknown} error
 * @returns {Promise<CameraFailure>}
 */
async function tellDenialApart(source, error) {
  if (!source.isDelegated) return "camera_not_delegated";
  try {
    return (await source.readPermission()) === "prompt" ? "camera_dismissed" : "camera_denied";
  } catch {
    return error instanceof Error && /dismiss/i.test(error.message) ? "camera_dismissed" : "camera_denied";
  }
}

/**
 * This browser's cameras.
 * @returns {CameraSource}
 */
export function browserCameraSource() {
  const policy = /** @type {{featurePolicy?: {allowsFeature: (name: string) => boolean}}} */ (
    /** @type {unknown} */ (document)
  ).featurePolicy;
  return {
    devices: navigator.mediaDevices,
    isSecure: window.isSecureContext,
    readPermission: async () => (await navigator.permissions.query({ name: /** @type {PermissionName} */ ("camera") })).state,
    isDelegated: policy?.allowsFeature("camera") ?? true,
  };
}

/**
 * @param {MediaDevices | undefined} devices
 * @returns {Promise<readonly {id: string, label: string}[]>} none where the browser does not say.
 */
export async function listCameras(devices) {
  try {
    const found = (await devices?.enumerateDevices()) ?? [];
    return found.filter((device) => device.kind === "videoinput" && device.deviceId !== "")
      .map((device) => ({ id: device.deviceId, label: device.label }));
  } catch {
    return [];
  }
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
