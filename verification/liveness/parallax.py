"""Parallax: is the face a solid that turns, or a picture on a flat or bent sheet?

In every view that is turned away from the frontal one, the shift of the nose (see `relief`) is set
against what the turn should have made of it. How far it turned is the larger of two answers: the pose
that the landmark model reports, and the angle at which a plane would look as squeezed as this view does.
A print has to be turned far to be reported as turned a little, and then its squeeze gives it away.
"""

import math
from dataclasses import dataclass

import numpy as np

from verification.liveness.geometry import ramp
from verification.liveness.observation import Face, HeadPose
from verification.liveness.relief import ReliefGauge, ViewRelief

FLAT_RELIEF, SOLID_RELIEF = 0.20, 0.40
MIN_CHANGE_DEG = 6.0
# Expressions and noise squeeze a face too: so much is forgiven, and what is left says how far it turned.
SQUEEZE_ALLOWANCE = 0.10
MIN_SQUEEZE = 0.85
BIN_DEG = 2.0
MIN_BINS = 2


@dataclass(slots=True)
class _Bin:
    """Means over the views of about one pose. shift, turn: in inter-ocular distances and as a sine."""

    views: int = 0
    shift_by_turn: float = 0.0
    turn_squared: float = 0.0

    def add(self, shift: float, turn: float) -> None:
        self.views += 1
        self.shift_by_turn += (shift * turn - self.shift_by_turn) / self.views
        self.turn_squared += (turn * turn - self.turn_squared) / self.views


class ParallaxMeter:
    """Keeps two numbers for each two degrees of pose, so that a long session costs no more."""

    def __init__(self) -> None:
        self._gauge: ReliefGauge | None = None
        self._frontal_pose = HeadPose(0.0, 0.0, 0.0)
        self._bins: dict[tuple[int, int], _Bin] = {}

    def set_frontal(self, face: Face) -> None:
        """The view that others are compared with: neutral, straight, from the alignment step."""
        self._gauge, self._frontal_pose = ReliefGauge(face.landmarks_px), face.pose
        self._bins.clear()

    def observe(self, face: Face) -> None:
        if self._gauge is None:
            return
        yaw_deg = face.pose.yaw_deg - self._frontal_pose.yaw_deg
        pitch_deg = face.pose.pitch_deg - self._frontal_pose.pitch_deg
        view = self._gauge.measure(face.landmarks_px)
        is_turned = max(abs(yaw_deg), abs(pitch_deg)) >= MIN_CHANGE_DEG
        if not is_turned and view.squeeze + SQUEEZE_ALLOWANCE > MIN_SQUEEZE:
            return
        key = (round(yaw_deg / BIN_DEG), round(pitch_deg / BIN_DEG))
        shift, turn = _compare(view, yaw_deg, pitch_deg, is_turned=is_turned)
        self._bins.setdefault(key, _Bin()).add(shift, turn)

    @property
    def relief(self) -> float | None:
        """The slope of the nose's shift over the turn, by least squares; a head has 0.4 to 0.7, a sheet
        near 0. None before the head has been seen turned."""
        if len(self._bins) < MIN_BINS:
            return None
        weight = sum(pose_bin.turn_squared for pose_bin in self._bins.values())
        return sum(pose_bin.shift_by_turn for pose_bin in self._bins.values()) / weight

    @property
    def measures(self) -> dict[str, float]:
        """The relief and over how many poses it was seen; empty before it was seen."""
        relief = self.relief
        return {} if relief is None else {"relief": relief, "poses": float(len(self._bins))}

    @property
    def score(self) -> float | None:
        relief = self.relief
        return None if relief is None else ramp(relief, FLAT_RELIEF, SOLID_RELIEF)


def _compare(view: ViewRelief, yaw_deg: float, pitch_deg: float, *, is_turned: bool) -> tuple[float, float]:
    """The nose's shift along the turn, and the sine of the turn."""
    turn = np.array([math.sin(math.radians(yaw_deg)), -math.sin(math.radians(pitch_deg))])
    reported = float(np.linalg.norm(turn))
    squeeze = min(1.0, view.squeeze + SQUEEZE_ALLOWANCE)
    # Where no turn is reported its direction is not known; the squeeze has an axis, but no sign.
    shift = (
        float(view.nose_shift @ turn) / reported if is_turned else abs(view.nose_shift @ view.squeezed_along)
    )
    return float(shift), max(reported, math.sqrt(1.0 - squeeze * squeeze))
