/** Where the face is on the stage, and which way it should go. Pure; units are those of the guide's drawing. */

/** The drawing's own size; the oval's middle and half axes in it. */
export const DRAWING = { width: 300, height: 400 };
export const OVAL = { cx: 150, cy: 196, rx: 102, ry: 144 };

/**
 * @typedef {{cx: number, cy: number, rx: number, ry: number}} Ellipse
 * @typedef {{width: number, height: number}} Size
 * @typedef {"none" | "closer" | "back" | "left" | "right" | "up" | "down"} Move as seen on the mirrored preview
 */

/**
 * @param {readonly number[]} box x, y, width, height in 0..1 of the unmirrored frame
 * @param {Size} frame of the video, pixels
 * @param {Size} stage that the video covers, pixels
 * @returns {Ellipse}
 */
export function placeFace(box, frame, stage) {
  const [x = 0, y = 0, width = 0, height = 0] = box;
  const cover = Math.max(stage.width / frame.width, stage.height / frame.height);
  const unit = DRAWING.height / stage.height;
  const shownWidth = frame.width * cover * unit;
  const shownHeight = frame.height * cover * unit;
  return {
    cx: DRAWING.width / 2 + (0.5 - (x + width / 2)) * shownWidth,
    cy: DRAWING.height / 2 + (y + height / 2 - 0.5) * shownHeight,
    rx: (width / 2) * shownWidth,
    ry: (height / 2) * shownHeight,
  };
}

/**
 * @param {string} hint
 * @param {Ellipse | null} face
 * @returns {Move}
 */
export function suggestMove(hint, face) {
  if (hint === "move_closer") return "closer";
  if (hint === "move_back") return "back";
  if (hint !== "center_face" || face === null) return "none";
  const dx = OVAL.cx - face.cx;
  const dy = OVAL.cy - face.cy;
  if (Math.abs(dx) >= Math.abs(dy)) return dx < 0 ? "left" : "right";
  return dy < 0 ? "up" : "down";
}
