"""Which landmarks of MediaPipe's 478-point topology form which part of the face.

Left and right are the capture subject's own. Rows that belong together run in the same direction,
from the outer corner of an eye to the inner one, or from the right corner of the mouth to the left.
"""

from mediapipe.tasks.python.vision import FaceLandmarksConnections

Row = tuple[int, ...]

FACE_POINTS = 468
"""Landmarks of the skin; the ten after them are the irises."""

OVAL: Row = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
    152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
)  # fmt: skip
"""The rim of the face, from the hairline round by the subject's left ear."""

UPPER_LIP_OUTER: Row = (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291)
UPPER_LIP_INNER: Row = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308)
LOWER_LIP_INNER: Row = (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308)
LOWER_LIP_OUTER: Row = (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291)

UPPER_LIDS: tuple[Row, Row] = (
    (33, 246, 161, 160, 159, 158, 157, 173, 133),
    (263, 466, 388, 387, 386, 385, 384, 398, 362),
)
LOWER_LIDS: tuple[Row, Row] = (
    (33, 7, 163, 144, 145, 153, 154, 155, 133),
    (263, 249, 390, 373, 374, 380, 381, 382, 362),
)
LID_CREASES: tuple[Row, Row] = (
    (130, 247, 30, 29, 27, 28, 56, 190, 243),
    (359, 467, 260, 259, 257, 258, 286, 414, 463),
)
"""The row of skin just above each upper lid's margin."""

UNDER_BROWS: tuple[Row, Row] = (
    (113, 225, 224, 223, 222, 221, 189),
    (342, 445, 444, 443, 442, 441, 413),
)
UNDER_LIDS: tuple[Row, Row] = (
    (25, 110, 24, 23, 22, 26, 112),
    (255, 339, 254, 253, 252, 256, 341),
)
BROW_TOPS: tuple[Row, Row] = ((70, 63, 105, 66, 107), (300, 293, 334, 296, 336))
BROW_BOTTOMS: tuple[Row, Row] = ((46, 53, 52, 65, 55), (276, 283, 282, 295, 285))
IRIS_CENTRES = (468, 473)


def list_skin_triangles() -> list[tuple[int, int, int]]:
    """Give the 852 triangles of the face; the eyes and the mouth are holes in them."""
    ends = [(edge.start, edge.end) for edge in FaceLandmarksConnections.FACE_LANDMARKS_TESSELATION]
    # The constant lists each triangle's three edges in turn: a-b, b-c, c-a.
    return [(ends[i][0], ends[i][1], ends[i + 1][1]) for i in range(0, len(ends), 3)]
