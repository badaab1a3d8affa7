"""Is the medium skin, or paper or a screen? DeepFace's FasNet, that is MiniFASNetV2 and MiniFASNetV1SE.

Source: Minivision, Silent-Face-Anti-Spoofing, https://github.com/minivision-ai/Silent-Face-Anti-Spoofing
"""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime
from deepface.commons.onnx_utils import run_session
from deepface.models.spoofing.FasNetUtils import crop
from deepface.models.spoofing.onnx.FasNet import Fasnet

from verification.vision.crop import PixelBox
from verification.vision.onnx_session import ModelUnreadable, open_session

FIRST_FILE = "2.7_80x80_MiniFASNetV2.onnx"
SECOND_FILE = "4_0_0_80x80_MiniFASNetV1SE.onnx"
_INPUT_PX = 80
_CHANNELS = 3
_LIVE_CLASS = 1


class _ChannelsLastSession:
    """A session that takes channels-last input, whichever layout its graph was exported with.

    DeepFace's own export is channels last; a plain export of the authors' network is channels first.
    """

    def __init__(self, session: onnxruntime.InferenceSession) -> None:
        self._session = session
        shape = session.get_inputs()[0].shape
        if len(shape) != 4 or _CHANNELS not in (shape[1], shape[3]):
            raise ModelUnreadable(f"a MiniFASNet takes one colour picture, not input of shape {shape}")
        self._is_channels_first = shape[1] == _CHANNELS

    def get_inputs(self) -> list[Any]:
        return list(self._session.get_inputs())

    def run(self, outputs: list[str] | None, feed: dict[str, npt.NDArray[np.float32]]) -> list[Any]:
        if self._is_channels_first:
            feed = {name: np.ascontiguousarray(values.transpose(0, 3, 1, 2)) for name, values in feed.items()}
        return list(self._session.run(outputs, feed))


class _LiveClassFasnet(Fasnet):  # type: ignore[misc]  # deepface ships no types
    """DeepFace's FasNet on sessions of our own, asked for the live class rather than the winning one."""

    def __init__(self, first: _ChannelsLastSession, second: _ChannelsLastSession) -> None:
        # Not super().__init__(): it downloads what it doesn't find, and takes a thread for every core.
        self.first_model = first
        self.second_model = second

    def score_live_class(self, bgr: npt.NDArray[np.uint8], box: tuple[int, int, int, int]) -> float:
        first = run_session(self.first_model, crop(bgr, box, 2.7, _INPUT_PX, _INPUT_PX))
        second = run_session(self.second_model, crop(bgr, box, 4.0, _INPUT_PX, _INPUT_PX))
        return float(first[0, _LIVE_CLASS] + second[0, _LIVE_CLASS]) / 2


class FasnetTexture:
    """The pair of networks, loaded once and shared by all threads.

    Raises ModelUnreadable when a weight file can't be loaded.
    """

    def __init__(self, weights_dir: Path) -> None:
        self._fasnet = _LiveClassFasnet(
            _ChannelsLastSession(open_session(weights_dir / FIRST_FILE)),
            _ChannelsLastSession(open_session(weights_dir / SECOND_FILE)),
        )

    def score(self, bgr: npt.NDArray[np.uint8], box: PixelBox) -> float:
        """Return P(live skin), 0..1: the mean over both networks of their class for live faces.

        bgr: uint8 frame of shape (height, width, 3). box: the landmarks' bounding box in pixels.
        """
        # DeepFace's crop divides by the box's sides and cuts whole pixels.
        x, y = round(box.x), round(box.y)
        return self._fasnet.score_live_class(bgr, (x, y, max(1, round(box.width)), max(1, round(box.height))))
