"""The last step of every simulated attack: a camera's or an encoder's own noise and compression, fresh each frame."""

from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

from verification.attacks.stills import Image

# A tile of noise larger than the frame is cut at a new place each time: drawing a frame's worth costs 9 ms.
_SPARE_PX = 96


@dataclass(frozen=True, slots=True)
class SensorTraits:
    """What stays the same over a clip.

    blur_sigma_px: lens blur. read_noise, shot_noise: standard deviation in 8-bit levels of a black pixel,
    and what a white one has beyond (shot noise grows with the square root of the light). gain_drift: share
    by which the exposure wanders to either side. drift_hz: how fast. jpeg_quality: 0..100.
    """

    blur_sigma_px: float = 0.0
    read_noise: float = 1.0
    shot_noise: float = 1.0
    gain_drift: float = 0.0
    drift_hz: float = 0.1
    jpeg_quality: int = 90


def draw_encoder(rng: np.random.Generator) -> SensorTraits:
    """What is left to do for a camera whose lens and noise the medium before it has brought along."""
    return SensorTraits(
        blur_sigma_px=0.4,
        read_noise=float(rng.uniform(0.4, 1.0)),
        shot_noise=float(rng.uniform(0.3, 1.5)),
        gain_drift=float(rng.uniform(0.0, 0.03)),
        drift_hz=float(rng.uniform(0.05, 0.3)),
        jpeg_quality=int(rng.integers(70, 96)),
    )


def draw_injector(rng: np.random.Generator) -> SensorTraits:
    """A virtual camera that adds noise to look like a real one; half of them let the gain drift as well."""
    return SensorTraits(
        read_noise=float(rng.uniform(0.4, 1.5)),
        shot_noise=float(rng.uniform(0.0, 1.5)),
        gain_drift=float(rng.uniform(0.01, 0.04)) if rng.random() < 0.5 else 0.0,
        drift_hz=float(rng.uniform(0.05, 0.4)),
        jpeg_quality=int(rng.integers(70, 96)),
    )


@dataclass(slots=True)
class Sensor:
    """Films pictures of one size. Two sensors of equal traits and generators film alike."""

    traits: SensorTraits
    rng: np.random.Generator
    _tile: npt.NDArray[np.float32] | None = field(default=None, init=False)
    _phase: float = field(init=False)
    _deviation: npt.NDArray[np.float32] = field(init=False)

    def __post_init__(self) -> None:
        self._phase = float(self.rng.uniform(0, 2 * np.pi))
        light = np.arange(256, dtype=np.float32) / 255
        variance = self.traits.read_noise**2 + self.traits.shot_noise**2 * light
        self._deviation = np.sqrt(variance / 2).astype(np.float32)  # two tiles are added below

    def film(self, bgr: Image, at_s: float) -> Image:
        """The picture as it is sent. bgr: uint8 of shape (H, W, 3), left as it is. at_s: since the start."""
        traits, frame = self.traits, bgr
        if traits.blur_sigma_px > 0:
            frame = cv2.GaussianBlur(frame, (0, 0), traits.blur_sigma_px).astype(np.uint8, copy=False)
        if traits.gain_drift > 0:
            gain = 1 + traits.gain_drift * np.sin(2 * np.pi * traits.drift_hz * at_s + self._phase)
            frame = cv2.convertScaleAbs(frame, alpha=gain).astype(np.uint8, copy=False)
        return compress(self._add_noise(frame), traits.jpeg_quality)

    def _add_noise(self, bgr: Image) -> Image:
        grain = self._cut_grain(bgr.shape) + self._cut_grain(bgr.shape)
        grain *= cv2.LUT(bgr, self._deviation)
        return cv2.add(bgr, grain, dtype=cv2.CV_8U).astype(np.uint8, copy=False)

    def _cut_grain(self, shape: tuple[int, ...]) -> npt.NDArray[np.float32]:
        height, width = shape[:2]
        if self._tile is None or self._tile.shape[0] < height or self._tile.shape[1] < width:
            size = (height + _SPARE_PX, width + _SPARE_PX, 3)
            self._tile = self.rng.standard_normal(size, dtype=np.float32)
        top = int(self.rng.integers(self._tile.shape[0] - height + 1))
        left = int(self.rng.integers(self._tile.shape[1] - width + 1))
        return self._tile[top : top + height, left : left + width]


def compress(bgr: Image, quality: int) -> Image:
    """The picture after one JPEG."""
    encoded = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    decoded = cv2.imdecode(encoded, cv2.IMREAD_COLOR)
    assert decoded is not None  # noqa: S101  (it was encoded just now)
    return decoded.astype(np.uint8, copy=False)
