/** The binary frame of `pol.v1`: a 25-byte header, then the compressed image. Pure. */

export const FRAME_VERSION = 1;
export const HEADER_BYTES = 25;
export const NONCE_BYTES = 16;
const UINT32_MAX = 0xffff_ffff;

/**
 * @typedef {object} FrameHeader
 * @property {Uint8Array} nonce 16 raw bytes.
 * @property {number} seq uint32, from 1, strictly rising.
 * @property {number} capturedAtMs uint32, milliseconds since `ready` was sent, strictly rising.
 */

/**
 * Decode base64url without padding (RFC 4648 section 5) to the 16 bytes of a nonce.
 * @param {string} text
 * @returns {Uint8Array}
 * @throws {RangeError} when the text isn't base64url or isn't 16 bytes long.
 */
export function decodeNonce(text) {
  if (!/^[A-Za-z0-9_-]{22}$/.test(text)) throw new RangeError("A nonce is 22 characters of base64url.");
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/") + "==");
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

/**
 * Encode the header: version, nonce, seq and capture time, integers big-endian.
 * @param {FrameHeader} header
 * @returns {Uint8Array<ArrayBuffer>} 25 bytes.
 * @throws {RangeError} when a field doesn't fit its place.
 */
export function encodeHeader({ nonce, seq, capturedAtMs }) {
  if (nonce.length !== NONCE_BYTES) throw new RangeError("A nonce is 16 bytes long.");
  requireUint32("seq", seq);
  requireUint32("capturedAtMs", capturedAtMs);
  const bytes = new Uint8Array(HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, FRAME_VERSION);
  bytes.set(nonce, 1);
  view.setUint32(17, seq, false);
  view.setUint32(21, capturedAtMs, false);
  return bytes;
}

/**
 * Put the header before the image without copying the image.
 * @param {FrameHeader} header
 * @param {Blob} image JPEG or WebP.
 * @returns {Blob}
 */
export function encodeFrame(header, image) {
  return new Blob([encodeHeader(header), image]);
}

/**
 * @param {string} name
 * @param {number} value
 */
function requireUint32(name, value) {
  if (!Number.isInteger(value) || value < 0 || value > UINT32_MAX) {
    throw new RangeError(`${name} must be an integer from 0 to ${UINT32_MAX}, not ${value}.`);
  }
}
