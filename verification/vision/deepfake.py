"""Is the face a camera's or a generator's? MesoNet-4 over a square face crop.

Source: D. Afchar et al., "MesoNet: a Compact Facial Video Forgery Detection Network", WIFS 2018.
"""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from verification.vision.crop import DEEPFAKE_INPUT_PX, PixelBox, prepare_deepfake_input
from verification.vision.onnx_session import ModelUnreadable, open_session, run_single


class DeepfakeModel:
    """MesoNet-4, loaded once and shared by all threads.

    Raises ModelUnreadable when the file is no network with MesoNet's input and output.
    """

    def __init__(self, path: Path) -> None:
        if path.suffix.lower() in {".h5", ".hdf5"}:
            raise ModelUnreadable(
                f"{path} is a Keras file: convert it with training/convert_h5.py, "
                "then set DEEPFAKE_MODEL_PATH to the .onnx file"
            )
        self._session = open_session(path)
        inputs, outputs = self._session.get_inputs(), self._session.get_outputs()
        side = DEEPFAKE_INPUT_PX
        if len(inputs) != 1 or inputs[0].shape[1:] != [side, side, 3] or outputs[0].shape[1:] != [1]:
            raise ModelUnreadable(f"{path} is not MesoNet-4: it must map ({side}, {side}, 3) to one number")

    def score(self, bgr: npt.NDArray[np.uint8], box: PixelBox) -> float:
        """Return P(the face is genuine), 0..1.

        bgr: uint8 frame of shape (height, width, 3). box: the landmarks' bounding box in pixels.
        """
        face = prepare_deepfake_input(bgr, box).astype(np.float32) / np.float32(255)
        return min(1.0, max(0.0, float(run_single(self._session, face[np.newaxis])[0, 0])))
