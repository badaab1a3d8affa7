"""How a hand holds and waves a print: tremor, drift, and attempts at nodding and turning."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from verification.attacks.projection import SheetPose

_WAVES = 24
# Of a hand that holds something light before the body: most of its power lies between 2 and 8 Hz, and
# falls as 1/f (Stiles and Randall 1967 give the same shape for the unsupported hand).
_TREMOR_HZ = (2.0, 8.0)
_DRIFT_HZ = (0.05, 0.6)
_MAX_TURN_DEG = 40.0
_FIRST_REST_S = (1.5, 3.0)
_GESTURES = ("turn", "turn", "turn", "turn", "tilt", "nod", "nod", "lean", "approach", "shift")


class _Channels(NamedTuple):
    """One number for each way a sheet can move: angles in degrees, shifts in metres, `near` as a share."""

    yaw_deg: float
    pitch_deg: float
    roll_deg: float
    x_m: float
    y_m: float
    near: float


_REST = _Channels(0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
_TREMOR_RMS = _Channels(0.35, 0.35, 0.25, 0.0008, 0.0008, 0.002)
_DRIFT_RMS = _Channels(1.5, 1.5, 1.0, 0.004, 0.004, 0.015)


@dataclass(frozen=True, slots=True)
class Sway:
    """A smooth random function of time: waves of random frequency and phase, amplitude falling as 1/f.

    frequencies_hz, weights, phases: of shape (channels, waves).
    """

    frequencies_hz: npt.NDArray[np.float64]
    weights: npt.NDArray[np.float64]
    phases: npt.NDArray[np.float64]

    @classmethod
    def draw(cls, rng: np.random.Generator, rms: tuple[float, ...], band_hz: tuple[float, float]) -> "Sway":
        """One channel for each value of `rms`, its root mean square."""
        shape = (len(rms), _WAVES)
        low, high = np.log(band_hz)
        frequencies = np.exp(rng.uniform(low, high, size=shape))
        weights = rng.uniform(0.5, 1.5, size=shape) / frequencies
        # A sine of amplitude a has a mean square of a²/2.
        weights *= (np.array(rms) / np.sqrt((weights**2).sum(axis=1) / 2))[:, None]
        return cls(frequencies, weights, rng.uniform(0, 2 * np.pi, size=shape))

    def at(self, t_s: float) -> npt.NDArray[np.float64]:
        """Value of each channel at a time, shape (channels,)."""
        waves = self.weights * np.sin(2 * np.pi * self.frequencies_hz * t_s + self.phases)
        return np.asarray(waves.sum(axis=1))


class _Key(NamedTuple):
    at_s: float
    channels: _Channels


class WavingHand:
    """Where the sheet is at any time of the attack.

    home: the pose it comes back to. duration_s: how long gestures are planned for; then it rests.
    """

    def __init__(self, rng: np.random.Generator, home: SheetPose, duration_s: float) -> None:
        self._home = home
        strength = rng.uniform(0.5, 2.0)
        self._tremor = Sway.draw(rng, tuple(strength * rms for rms in _TREMOR_RMS), _TREMOR_HZ)
        self._drift = Sway.draw(rng, tuple(rng.uniform(0.5, 1.5) * rms for rms in _DRIFT_RMS), _DRIFT_HZ)
        keys = _plan_gestures(rng, duration_s)
        self._times = np.array([key.at_s for key in keys])
        self._values = np.array([key.channels for key in keys])

    def place_sheet(self, at_s: float) -> SheetPose:
        """The sheet's pose; at_s: since the start of the attack."""
        moved = _Channels(*(self._gesture(at_s) + self._tremor.at(at_s) + self._drift.at(at_s)))
        home = self._home
        return SheetPose(
            yaw_deg=_limit_angle(home.yaw_deg + moved.yaw_deg),
            pitch_deg=_limit_angle(home.pitch_deg + moved.pitch_deg),
            roll_deg=_limit_angle(home.roll_deg + moved.roll_deg),
            x_m=home.x_m + moved.x_m,
            y_m=home.y_m + moved.y_m,
            distance_m=home.distance_m * float(np.clip(1 - moved.near, 0.7, 1.5)),
        )

    def _gesture(self, at_s: float) -> npt.NDArray[np.float64]:
        after = int(np.searchsorted(self._times, at_s, side="right"))
        if after in {0, len(self._times)}:
            return np.asarray(self._values[min(after, len(self._times) - 1)])
        before = after - 1
        share = (at_s - self._times[before]) / (self._times[after] - self._times[before])
        # Minimum-jerk course of a reaching hand: T. Flash and N. Hogan, J. Neuroscience 5, 1985.
        eased = share**3 * (10 - 15 * share + 6 * share**2)
        return np.asarray(self._values[before] + eased * (self._values[after] - self._values[before]))


def _limit_angle(angle_deg: float) -> float:
    return float(np.clip(angle_deg, -_MAX_TURN_DEG, _MAX_TURN_DEG))


def _plan_gestures(rng: np.random.Generator, duration_s: float) -> list[_Key]:
    """Rest first, as the alignment asks for; then gestures and rests in turn."""
    at_s = float(rng.uniform(*_FIRST_REST_S))
    keys = [_Key(0.0, _REST), _Key(at_s, _REST)]
    gesture = "turn"  # what is asked of everybody
    while at_s < duration_s:
        for channels, move_s, hold_s in _draw_stations(gesture, rng):
            at_s += move_s
            keys.append(_Key(at_s, channels))
            at_s += hold_s
            keys.append(_Key(at_s, channels))
        gesture = str(rng.choice(_GESTURES))
    return keys


def _draw_stations(gesture: str, rng: np.random.Generator) -> list[tuple[_Channels, float, float]]:
    """Stations of one gesture, each with the seconds it takes to get there and is held."""
    sign = float(rng.choice((-1, 1)))
    quick_s, hold_s = float(rng.uniform(0.3, 1.2)), float(rng.uniform(0.05, 0.9))
    rest = (_REST, quick_s, float(rng.uniform(0.1, 1.2)))
    match gesture:
        case "turn":
            aside = _REST._replace(yaw_deg=sign * rng.uniform(15, 40), roll_deg=rng.normal(0, 3))
            return [(aside, quick_s, hold_s), rest]
        case "tilt":
            return [(_REST._replace(pitch_deg=sign * rng.uniform(10, 35)), quick_s, hold_s), rest]
        case "nod":
            down = _REST._replace(pitch_deg=-rng.uniform(10, 35), y_m=rng.uniform(0, 0.02))
            stroke = (down, quick_s / 2, 0.05)
            return [stroke, (_REST, quick_s / 2, 0.05)] * int(rng.integers(1, 3)) + [rest]
        case "lean":
            return [(_REST._replace(roll_deg=sign * rng.uniform(8, 25)), quick_s, hold_s), rest]
        case "approach":
            return [(_REST._replace(near=rng.uniform(-0.25, 0.2)), 1.5 * quick_s, hold_s), rest]
        case _:
            aside = _REST._replace(x_m=sign * rng.uniform(0.01, 0.03), y_m=rng.normal(0, 0.01))
            return [(aside, quick_s, hold_s), rest]
