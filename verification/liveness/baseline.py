"""The capture subject's own neutral face: what every action is measured against.

A naturally smiling, drooping or off-axis face is thereby no advantage and no handicap.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean, median

from verification.liveness.observation import Face, FaceObservation, HeadPose

# At rest these are near 0 whatever the face, so less than the baseline's is the truer rest.
RELAXING = frozenset({"jawOpen", "mouthSmileLeft", "mouthSmileRight"})


@dataclass(frozen=True, slots=True)
class NeutralBaseline:
    """Medians over the alignment step. `emotions` is None where no emotion model ran."""

    pose: HeadPose
    blendshapes: Mapping[str, float]
    emotions: Mapping[str, float] | None
    skin_lab: tuple[float, float]


def build_baseline(observations: Sequence[FaceObservation]) -> NeutralBaseline:
    """Build the baseline from observations that all hold a face.

    Raises ValueError when there is none.
    """
    faces = [observation.face for observation in observations if observation.face is not None]
    if not faces:
        raise ValueError("A baseline needs at least one face.")
    emotions = [observation.emotions for observation in observations if observation.emotions]
    return NeutralBaseline(
        pose=_median_pose(faces),
        blendshapes={name: median(face.blendshapes[name] for face in faces) for name in faces[0].blendshapes},
        emotions={label: fmean(e[label] for e in emotions) for label in emotions[0]} if emotions else None,
        skin_lab=(median(face.skin_lab[0] for face in faces), median(face.skin_lab[1] for face in faces)),
    )


def relax_baseline(baseline: NeutralBaseline, face: Face) -> NeutralBaseline:
    """The baseline with the mouth as relaxed as it has been seen.

    Who smiled or spoke during alignment has no more to do than others once the mouth has been at rest.
    """
    now = face.blendshapes
    lower = {name: now[name] for name in RELAXING if now[name] < baseline.blendshapes[name]}
    return replace(baseline, blendshapes={**baseline.blendshapes, **lower}) if lower else baseline


def _median_pose(faces: Sequence[Face]) -> HeadPose:
    return HeadPose(
        yaw_deg=median(face.pose.yaw_deg for face in faces),
        pitch_deg=median(face.pose.pitch_deg for face in faces),
        roll_deg=median(face.pose.roll_deg for face in faces),
    )
