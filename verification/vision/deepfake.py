"""Is the face a camera's or a generator's? MesoNet-4 over a square face crop, and a companion network beside it.

Source: D. Afchar et al., "MesoNet: a Compact Facial Video Forgery Detection Network", WIFS 2018.
"""

import math
from collections.abc import Sequence
from copy import copy
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime

from verification.vision.crop import DEEPFAKE_INPUT_PX, PixelBox, prepare_deepfake_input
from verification.vision.onnx_session import ModelUnreadable, open_session, run_single

# A network that is certain must not outvote the other without bound.
LEAST_SCORE = 1e-4


def average_scores(scores: Sequence[float]) -> float:
    """Return the probability whose log odds are the mean of the scores' log odds, 0..1.

    A single score is given back as it is. Each score is first brought into 0.0001..0.9999.
    Raises ValueError when there is none.
    """
    if not scores:
        raise ValueError("there is no score to average")
    if len(scores) == 1:
        return scores[0]
    bounded = [min(1 - LEAST_SCORE, max(LEAST_SCORE, score)) for score in scores]
    mean = math.fsum(math.log(score / (1 - score)) for score in bounded) / len(bounded)
    return 1 / (1 + math.exp(-mean))


class DeepfakeModel:
    """MesoNet-4, or a network of the same input and output; loaded once and shared by all threads.

    Raises ModelUnreadable when the file is no network with MesoNet's input and output.
    """

    def __init__(self, path: Path) -> None:
        self._sessions: tuple[onnxruntime.InferenceSession, ...] = (_open_network(path),)

    def with_companion(self, companion: "DeepfakeModel") -> "DeepfakeModel":
        """Return a model that runs both, and answers with the average of their scores."""
        joined = copy(self)
        joined._sessions = (*self._sessions, *companion._sessions)
        return joined

    def score(self, bgr: npt.NDArray[np.uint8], box: PixelBox) -> float:
        """Return P(the face is genuine), 0..1.

        bgr: uint8 frame of shape (height, width, 3). box: the landmarks' bounding box in pixels.
        """
        face = prepare_deepfake_input(bgr, box).astype(np.float32) / np.float32(255)
        scores = [float(run_single(session, face[np.newaxis])[0, 0]) for session in self._sessions]
        return average_scores([min(1.0, max(0.0, score)) for score in scores])


def _open_network(path: Path) -> onnxruntime.InferenceSession:
    if path.suffix.lower() in {".h5", ".hdf5"}:
        raise ModelUnreadable(
            f"{path} is a Keras file: convert it with training/convert_h5.py, "
            "then set DEEPFAKE_MODEL_PATH to the .onnx file"
        )
    session = open_session(path)
    inputs, outputs = session.get_inputs(), session.get_outputs()
    side = DEEPFAKE_INPUT_PX
    if len(inputs) != 1 or inputs[0].shape[1:] != [side, side, 3] or outputs[0].shape[1:] != [1]:
        raise ModelUnreadable(f"{path} is not MesoNet-4: it must map ({side}, {side}, 3) to one number")
    return session
