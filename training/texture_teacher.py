"""FasNet as a teacher: what its two networks say of a scene, for the student head to learn. Optional.

Source: G. Hinton, O. Vinyals, J. Dean, "Distilling the Knowledge in a Neural Network", 2015. The teacher is
Minivision's Silent-Face-Anti-Spoofing (Apache-2.0), the files that `manage.py download_models --all` fetches.
"""

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from training.texture_formats import Image
from verification.vision.crop import PixelBox
from verification.vision.onnx_session import open_session, run_single

NETWORKS = (("2.7_80x80_MiniFASNetV2.onnx", 2.7), ("4_0_0_80x80_MiniFASNetV1SE.onnx", 4.0))
SIDE_PX = 80
LIVE_CLASS = 1


class Teacher:
    """The pair of networks. Raises ModelUnreadable when one is missing from `folder`."""

    def __init__(self, folder: Path) -> None:
        self._sessions = [(open_session(folder / name), scale) for name, scale in NETWORKS]
        self._is_channels_first = [session.get_inputs()[0].shape[1] == 3 for session, _ in self._sessions]

    def classify(self, bgr: Image, box: PixelBox) -> npt.NDArray[np.float32]:
        """Probabilities of the classes of both networks: float32 of shape (2, 3); class 1 is a living face."""
        rows = []
        for (session, scale), is_channels_first in zip(self._sessions, self._is_channels_first, strict=True):
            face = cut_as_teacher(bgr, box, scale).astype(np.float32)[np.newaxis]
            rows.append(run_single(session, face.transpose(0, 3, 1, 2) if is_channels_first else face)[0])
        return np.stack(rows)


def cut_as_teacher(bgr: Image, box: PixelBox, scale: float) -> Image:
    """The teacher's own crop: `scale` times the box, moved into the frame, brought to 80 x 80 px."""
    height, width = bgr.shape[:2]
    x, y, box_width, box_height = (
        round(box.x),
        round(box.y),
        max(1, round(box.width)),
        max(1, round(box.height)),
    )
    scale = min((height - 1) / box_height, (width - 1) / box_width, scale)
    cut_width, cut_height = box_width * scale, box_height * scale
    left = min(max(x + box_width / 2 - cut_width / 2, 0), width - 1 - cut_width)
    top = min(max(y + box_height / 2 - cut_height / 2, 0), height - 1 - cut_height)
    face = bgr[int(top) : int(top + cut_height) + 1, int(left) : int(left + cut_width) + 1]
    return cv2.resize(face, (SIDE_PX, SIDE_PX)).astype(np.uint8, copy=False)
