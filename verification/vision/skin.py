"""The colour of a face's skin, as a check that one person stays before the camera."""

import cv2
import numpy as np
import numpy.typing as npt

# Landmarks in the middle of the forehead and of either cheek, clear of eyes, brows, nose and lips.
_PATCH_CENTRES = (151, 50, 280)
# The outermost landmarks at the face's sides.
_FACE_SIDES = (234, 454)
# Patch side as a share of the face's width: within the cheek on every face that was looked at.
_PATCH_SHARE = 0.12
_NEUTRAL_AB = (128.0, 128.0)


def measure_skin_lab(
    bgr: npt.NDArray[np.uint8], landmarks_px: npt.NDArray[np.float32]
) -> tuple[float, float]:
    """Return mean CIELAB a* and b* over forehead and cheeks, on OpenCV's 8-bit scale (128 is neutral).

    bgr: uint8 frame of shape (height, width, 3). landmarks_px: shape (478, 2). A patch outside the
    frame is left out; with none inside the answer is neutral.
    """
    face_width = float(np.linalg.norm(landmarks_px[_FACE_SIDES[0]] - landmarks_px[_FACE_SIDES[1]]))
    half_side = max(1.0, face_width * _PATCH_SHARE / 2)
    patches = [_cut_patch(bgr, landmarks_px[index], half_side) for index in _PATCH_CENTRES]
    pixels = [patch.reshape(-1, 1, 3) for patch in patches if patch.size]
    if not pixels:
        return _NEUTRAL_AB
    lab = cv2.cvtColor(np.concatenate(pixels), cv2.COLOR_BGR2LAB)
    _, a_mean, b_mean = lab.reshape(-1, 3).mean(axis=0)
    return float(a_mean), float(b_mean)


def _cut_patch(
    bgr: npt.NDArray[np.uint8], centre: npt.NDArray[np.float32], half_side: float
) -> npt.NDArray[np.uint8]:
    left, top = (max(0, int(value)) for value in centre - half_side)
    right, bottom = (max(0, int(np.ceil(value))) for value in centre + half_side)
    return bgr[top:bottom, left:right]
