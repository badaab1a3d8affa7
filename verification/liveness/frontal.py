"""The frontal view of a face: the reference that turned views are compared with."""

from collections.abc import Sequence
from dataclasses import replace
from statistics import fmean

import numpy as np
import numpy.typing as npt

from verification.liveness.geometry import Points, align_similar
from verification.liveness.landmark_indices import RIGID_FACE
from verification.liveness.observation import Face, HeadPose

SAME_POSE_DEG = 3.0


def average_frontal(faces: Sequence[Face]) -> Face:
    """The most frontal face, with landmarks, pose and appearance averaged over all of about the same pose.

    Averaging halves the landmarks' noise, which every later comparison would carry. Raises ValueError
    when there is no face.
    """
    most_frontal = min(faces, key=lambda face: abs(face.pose.yaw_deg) + abs(face.pose.roll_deg))
    alike = [face for face in faces if _is_same_pose(face.pose, most_frontal.pose)]
    base_px = most_frontal.landmarks_px
    aligned = [align_similar(face.landmarks_px, base_px, by=RIGID_FACE) for face in alike]
    mean_px: Points = np.mean(aligned, axis=0)
    return replace(
        most_frontal,
        landmarks_px=mean_px.astype(np.float32),
        pose=_mean_pose(alike),
        appearance=_mean_appearance(alike),
    )


def _is_same_pose(a: HeadPose, b: HeadPose) -> bool:
    return max(abs(a.yaw_deg - b.yaw_deg), abs(a.pitch_deg - b.pitch_deg)) <= SAME_POSE_DEG


def _mean_appearance(faces: Sequence[Face]) -> npt.NDArray[np.float32] | None:
    """Of length 1 again; None where it was described of none."""
    known = [face.appearance for face in faces if face.appearance is not None]
    if not known:
        return None
    mean = np.mean(known, axis=0)
    unit: npt.NDArray[np.float32] = (mean / max(float(np.linalg.norm(mean)), 1e-6)).astype(np.float32)
    return unit


def _mean_pose(faces: Sequence[Face]) -> HeadPose:
    return HeadPose(
        yaw_deg=fmean(face.pose.yaw_deg for face in faces),
        pitch_deg=fmean(face.pose.pitch_deg for face in faces),
        roll_deg=fmean(face.pose.roll_deg for face in faces),
    )
