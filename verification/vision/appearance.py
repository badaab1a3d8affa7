"""What a face looks like, in numbers that change little with light and much with the person.

Histograms of oriented gradients over brows, eyes and nose, which expressions move least (Dalal and Triggs, CVPR
2005). They are compared within one session only, and kept no longer.
"""

import math

import cv2
import numpy as np
import numpy.typing as npt

from verification.liveness.landmark_indices import LEFT_EYE_CORNERS, RIGHT_EYE_CORNERS

APPEARANCE_SIZE = 900
# Where the middle of the eyes comes to lie, and how far apart they are, in a square of so many pixels.
_SIDE_PX = 48
_EYES_PX = (24.0, 23.0)
_INTEROCULAR_PX = 23.0
_MAX_OVERSAMPLING = 8
_BLUR_PX = 1.0
_HISTOGRAMS = cv2.HOGDescriptor(
    (_SIDE_PX, _SIDE_PX), (16, 16), (8, 8), (8, 8), 9, 1, -1.0, 0, 0.2, True, 64, True
)


def describe_appearance(
    luma: npt.NDArray[np.uint8], landmarks_px: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    """Describe a face by a vector of length 1, shape (APPEARANCE_SIZE,); the dot product of two is their likeness.

    luma: uint8 frame of shape (height, width). landmarks_px: shape (478, 2); its eyes are brought to one
    place, size and tilt. Beyond the frame's edge the outermost pixels are repeated.
    """
    right, left = (landmarks_px[eye].mean(axis=0) for eye in (RIGHT_EYE_CORNERS, LEFT_EYE_CORNERS))
    across = (left - right).astype(np.float64)
    # One step of the square in pixels of the frame, along the eyes; a picture that shrinks is averaged.
    step = across / _INTEROCULAR_PX
    length = float(np.hypot(*step))
    oversampling = min(_MAX_OVERSAMPLING, max(1, math.ceil(length)))
    turn = np.array([(step[0], -step[1]), (step[1], step[0])]) / oversampling
    middle = (left + right) / 2 - turn @ (np.array(_EYES_PX) * oversampling + (oversampling - 1) / 2)
    size = _SIDE_PX * oversampling
    square = cv2.warpAffine(
        luma,
        np.column_stack([turn, middle]),
        (size, size),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    square = cv2.resize(square, (_SIDE_PX, _SIDE_PX), interpolation=cv2.INTER_AREA)
    blurred = cv2.GaussianBlur(square, (0, 0), _BLUR_PX).astype(np.uint8, copy=False)
    roots = np.sqrt(np.asarray(_HISTOGRAMS.compute(blurred), dtype=np.float32).ravel())
    return (roots / max(float(np.linalg.norm(roots)), 1e-6)).astype(np.float32, copy=False)
