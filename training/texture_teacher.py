"""FasNet as a teacher: what its two networks say of a scene. The texture network starts from the first of them.

Source: G. Hinton, O. Vinyals, J. Dean, "Distilling the Knowledge in a Neural Network", 2015. The teacher is
Minivision's Silent-Face-Anti-Spoofing (Apache-2.0), the files that `manage.py download_models --all` fetches.
"""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from training.texture_formats import Image
from verification.vision.crop import PixelBox, cut_surroundings
from verification.vision.onnx_session import open_session, run_single

FIRST_FILE = "2.7_80x80_MiniFASNetV2.onnx"
NETWORKS = ((FIRST_FILE, 2.7), ("4_0_0_80x80_MiniFASNetV1SE.onnx", 4.0))
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
            face = cut_surroundings(bgr, box, scale).astype(np.float32)[np.newaxis]
            rows.append(run_single(session, face.transpose(0, 3, 1, 2) if is_channels_first else face)[0])
        return np.stack(rows)
