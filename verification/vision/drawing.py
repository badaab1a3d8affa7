"""What the models saw, drawn: mesh and pose on a copy of the picture, scores on a panel beside it."""

import math

import cv2
import numpy as np
import numpy.typing as npt
from mediapipe.tasks.python.vision import FaceLandmarksConnections
from PIL import Image, ImageDraw, ImageFont

from verification.liveness.observation import Face, FaceObservation, HeadPose

PICTURE_HEIGHT_PX = 720
PANEL_WIDTH_PX = 340
_MAX_PICTURE_WIDTH_PX = 1280
_NOSE_TIP = 1

_Image = npt.NDArray[np.uint8]
_Colour = tuple[int, int, int]
# OpenCV's order for what is drawn on the picture, Pillow's for the panel.
_MESH_BGR: _Colour = (235, 215, 170)
_CONTOUR_BGR: _Colour = (120, 235, 120)
_AXES_BGR: tuple[_Colour, ...] = ((70, 70, 235), (90, 210, 90), (245, 150, 70))
_PANEL_RGB: _Colour = (24, 27, 33)
_TEXT_RGB: _Colour = (232, 234, 238)
_DIM_RGB: _Colour = (139, 146, 158)
_TRACK_RGB: _Colour = (49, 54, 64)
_BAR_RGB: _Colour = (94, 164, 255)
_GOOD_RGB: _Colour = (88, 201, 133)
_BAD_RGB: _Colour = (240, 98, 98)

_TESSELATION = np.array(
    [(line.start, line.end) for line in FaceLandmarksConnections.FACE_LANDMARKS_TESSELATION]
)
_CONTOURS = np.array([(line.start, line.end) for line in FaceLandmarksConnections.FACE_LANDMARKS_CONTOURS])
_FONT = ImageFont.load_default(17)
_SMALL_FONT = ImageFont.load_default(14)
_BLENDSHAPES = {
    "mouth open": ("jawOpen",),
    "smile": ("mouthSmileLeft", "mouthSmileRight"),
    "eyes closed": ("eyeBlinkLeft", "eyeBlinkRight"),
    "brows up": ("browInnerUp",),
}


def draw_observation(bgr: _Image, observation: FaceObservation) -> _Image:
    """Return a copy of the frame with everything the observation holds drawn on and beside it.

    bgr: uint8 of shape (height, width, 3). The answer is uint8 BGR, 720 pixels high, with both sides even
    as video encoders want them.
    """
    height_px, width_px = bgr.shape[:2]
    scale = min(PICTURE_HEIGHT_PX / height_px, _MAX_PICTURE_WIDTH_PX / width_px)
    size = (2 * max(1, round(width_px * scale / 2)), max(1, round(height_px * scale)))
    interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    picture: _Image = cv2.resize(bgr, size, interpolation=interpolation).astype(np.uint8, copy=False)
    if observation.face is not None:
        factors = np.array([size[0] / width_px, size[1] / height_px], dtype=np.float32)
        points = (observation.face.landmarks_px * factors).astype(np.float32)
        _draw_mesh(picture, points)
        _draw_axes(picture, points, observation.face.pose)
    border = PICTURE_HEIGHT_PX - picture.shape[0]
    above = max(0, border // 2)
    framed = cv2.copyMakeBorder(picture, above, max(0, border) - above, 0, 0, cv2.BORDER_CONSTANT)
    return np.hstack([framed.astype(np.uint8, copy=False), _draw_panel(observation)])


def _draw_mesh(picture: _Image, points: npt.NDArray[np.float32]) -> None:
    """The mesh half transparent, the contours of eyes, brows, lips and face opaque."""
    veil = picture.copy()
    _draw_lines(veil, points, _TESSELATION, _MESH_BGR)
    cv2.addWeighted(veil, 0.4, picture, 0.6, 0, dst=picture)
    _draw_lines(picture, points, _CONTOURS, _CONTOUR_BGR)


def _draw_lines(
    picture: _Image, points: npt.NDArray[np.float32], lines: npt.NDArray[np.int_], colour: _Colour
) -> None:
    ends = np.round(points[lines] * 16).astype(np.int32)  # four fractional bits, as `shift` tells OpenCV
    cv2.polylines(picture, list(ends), False, colour, 1, cv2.LINE_AA, shift=4)


def _draw_axes(picture: _Image, points: npt.NDArray[np.float32], pose: HeadPose) -> None:
    """From the nose's tip: red to the image's right, green up, blue out of the face."""
    length = 0.45 * float(np.ptp(points[:, 1]))
    origin = points[_NOSE_TIP]
    for axis, colour in zip(_project_axes(pose), _AXES_BGR, strict=True):
        tip = origin + length * axis
        start, end = (tuple(int(value) for value in np.round(point)) for point in (origin, tip))
        cv2.arrowedLine(picture, start, end, colour, 3, cv2.LINE_AA, tipLength=0.12)


def _project_axes(pose: HeadPose) -> npt.NDArray[np.float64]:
    """Return the head's three axes as seen by the camera: shape (3, 2), x to the right, y down."""
    yaw, pitch, roll = (math.radians(angle) for angle in (pose.yaw_deg, -pose.pitch_deg, -pose.roll_deg))
    turn = np.array([[math.cos(yaw), 0, math.sin(yaw)], [0, 1, 0], [-math.sin(yaw), 0, math.cos(yaw)]])
    nod = np.array([[1, 0, 0], [0, math.cos(pitch), -math.sin(pitch)], [0, math.sin(pitch), math.cos(pitch)]])
    tilt = np.array([[math.cos(roll), -math.sin(roll), 0], [math.sin(roll), math.cos(roll), 0], [0, 0, 1]])
    axes: npt.NDArray[np.float64] = (turn @ nod @ tilt).T[:, :2] * (1, -1)
    return axes


def _draw_panel(observation: FaceObservation) -> _Image:
    image = Image.new("RGB", (PANEL_WIDTH_PX, PICTURE_HEIGHT_PX), _PANEL_RGB)
    pen = _PanelPen(ImageDraw.Draw(image))
    pen.write(_describe_count(observation.face_count))
    if observation.face is not None:
        _draw_face(pen, observation.face)
    pen.head("Scores: 1 is a live, genuine face")
    pen.score("texture", observation.texture)
    pen.score("deepfake", observation.deepfake)
    pen.head("Expression")
    if observation.emotions is None:
        pen.write("no face, or no model", _DIM_RGB)
    else:
        for label, share in observation.emotions.items():
            pen.bar(label, share, _BAR_RGB)
    return np.asarray(image, dtype=np.uint8)[:, :, ::-1]


def _draw_face(pen: "_PanelPen", face: Face) -> None:
    pose = face.pose
    pen.write(
        f"yaw {pose.yaw_deg:+.0f}°   pitch {pose.pitch_deg:+.0f}°   roll {pose.roll_deg:+.0f}°", _DIM_RGB
    )
    pen.head("Face")
    for label, names in _BLENDSHAPES.items():
        pen.bar(label, sum(face.blendshapes.get(name, 0.0) for name in names) / len(names), _BAR_RGB)


def _describe_count(count: int) -> str:
    return {0: "no face", 1: "one face"}.get(count, f"{count} faces; the largest is drawn")


class _PanelPen:
    """Writes lines and bars from the panel's top to its bottom."""

    def __init__(self, draw: ImageDraw.ImageDraw) -> None:
        self._draw = draw
        self._y = 20

    def write(self, text: str, colour: _Colour = _TEXT_RGB) -> None:
        self._draw.text((22, self._y), text, colour, _FONT)
        self._y += 28

    def head(self, text: str) -> None:
        self._y += 16
        self._draw.text((22, self._y), text, _DIM_RGB, _SMALL_FONT)
        self._y += 28

    def score(self, label: str, value: float | None) -> None:
        if value is None:
            self._label(label)
            self._draw.text((132, self._y), "not seen", _DIM_RGB, _FONT)
            self._y += 28
        else:
            self.bar(label, value, _GOOD_RGB if value >= 0.5 else _BAD_RGB)

    def bar(self, label: str, share: float, colour: _Colour) -> None:
        left, right, top = 132, 264, self._y + 5
        self._label(label)
        filled = left + round((right - left) * min(1.0, max(0.0, share)))
        self._draw.rectangle((left, top, right, top + 11), _TRACK_RGB)
        if filled > left:
            self._draw.rectangle((left, top, filled, top + 11), colour)
        self._draw.text((276, self._y), f"{share:.2f}", _TEXT_RGB, _FONT)
        self._y += 28

    def _label(self, label: str) -> None:
        self._draw.text((22, self._y), label, _TEXT_RGB, _FONT)
