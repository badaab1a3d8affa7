"""Is the medium skin, or paper or a screen? The project's own small network, FasNet, or both.

Each answers P(the medium is a living face), 0..1, and is loaded once and shared by all threads.
"""

from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from verification.vision.crop import TEXTURE_CONTEXT_PX, TEXTURE_DETAIL_PX, PixelBox, prepare_texture_views
from verification.vision.onnx_session import ModelUnreadable, open_session

_INPUT_SHAPES = {
    "context": [TEXTURE_CONTEXT_PX, TEXTURE_CONTEXT_PX, 3],
    "detail": [TEXTURE_DETAIL_PX, TEXTURE_DETAIL_PX, 3],
}


class TextureModel(Protocol):
    """Whatever can tell skin from paper and screens."""

    def score(self, bgr: npt.NDArray[np.uint8], box: PixelBox) -> float:
        """Return P(the medium is a living face), 0..1.

        bgr: uint8 frame of shape (height, width, 3). box: the landmarks' bounding box in pixels.
        """
        ...


class ProjectTexture:
    """The network that `training.train_texture` makes; its card lies beside the weights.

    Raises ModelUnreadable when the file is no network with its inputs and output.
    """

    def __init__(self, path: Path) -> None:
        self._session = open_session(path)
        shapes = {entry.name: list(entry.shape[1:]) for entry in self._session.get_inputs()}
        if shapes != _INPUT_SHAPES or list(self._session.get_outputs()[0].shape[1:]) != [1]:
            raise ModelUnreadable(
                f"{path} is not the texture network: it must map {_INPUT_SHAPES} to one number"
            )

    def score(self, bgr: npt.NDArray[np.uint8], box: PixelBox) -> float:
        """Return P(the medium is a living face), 0..1; see TextureModel."""
        views = prepare_texture_views(bgr, box)
        feed = {
            "context": views.context.astype(np.float32)[np.newaxis],
            "detail": views.detail.astype(np.float32)[np.newaxis],
        }
        return min(1.0, max(0.0, float(self._session.run(None, feed)[0][0, 0])))


def fuse_texture(fasnet: float, own: float) -> float:
    """Join two probabilities, 0..1: their mean.

    FasNet knows more real screens and prints, the own network more kinds of screen, and each doubts other living
    faces. Of the ways that were compared, only the mean doubts no clip of a living person (docs/detection.md).
    """
    return (fasnet + own) / 2


class FusedTexture:
    """FasNet and the project's own network together."""

    def __init__(self, fasnet: TextureModel, own: TextureModel) -> None:
        self._fasnet = fasnet
        self._own = own

    def score(self, bgr: npt.NDArray[np.uint8], box: PixelBox) -> float:
        """Return P(the medium is a living face), 0..1; see TextureModel."""
        return fuse_texture(self._fasnet.score(bgr, box), self._own.score(bgr, box))
