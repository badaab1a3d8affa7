"""What the texture network, FasNet and both together reach: on simulated scenes by kind, and on clips."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from training.metrics import Estimate, Scores, area_under_curve, estimate_clips_below
from training.portraits import StillLandmarker, read_frames
from training.texture_corpus import MIN_FACE_PX
from training.texture_sets import DETAIL_ROOM_PX, SceneSet
from training.texture_teacher import LIVE_CLASS, Teacher
from verification.attacks.recapture import KEPT_OUT_PAPERS, KEPT_OUT_SCREENS
from verification.vision.crop import TEXTURE_DETAIL_PX, bound_landmarks, prepare_texture_views
from verification.vision.onnx_session import open_session
from verification.vision.texture import fuse_texture

DECISION_BOUND = 0.5
OWN, FASNET, FUSION = "own", "fasnet", "fusion"
RESAMPLES = 1000
KEPT_OUT = {str(kind) for kind in (*KEPT_OUT_SCREENS, *KEPT_OUT_PAPERS)}

Figures = dict[str, Any]
Images = npt.NDArray[np.uint8]
Scorer = Callable[[Images, Images], Scores]


@dataclass(frozen=True, slots=True)
class ClipViews:
    """A clip's frames with a face: context (N, 80, 80, 3) and detail (N, 128, 128, 3), uint8; teacher as in a
    SceneSet; face_px: median width of the face's box."""

    name: str
    context: Images
    detail: Images
    teacher: npt.NDArray[np.float32]
    face_px: float


def load_texture_scorer(path: Path) -> Scorer:
    """P(live) of N faces by an ONNX file, one at a time as in serving. Raises ModelUnreadable."""
    session = open_session(path)

    def score(context: Images, detail: Images) -> Scores:
        pairs = zip(context.astype(np.float32), detail.astype(np.float32), strict=True)
        feeds = ({"context": around[np.newaxis], "detail": within[np.newaxis]} for around, within in pairs)
        return np.array([session.run(None, feed)[0].item() for feed in feeds])

    return score


def score_set(scorer: Scorer, scenes: SceneSet) -> dict[str, Scores]:
    """Scores (N,) by whom: the network, and where a teacher has seen the scenes, FasNet and both."""
    edge = (DETAIL_ROOM_PX - TEXTURE_DETAIL_PX) // 2
    middle = slice(edge, edge + TEXTURE_DETAIL_PX)
    return _add_teacher(scorer(scenes.context, scenes.detail[:, middle, middle]), scenes.teacher)


def read_clip(
    path: Path, landmarker: StillLandmarker, teacher: Teacher | None, count: int
) -> ClipViews | None:
    """At most `count` frames of a clip that show a face; None where none does."""
    views, said, widths = [], [], []
    for frame in read_frames(path, count):
        landmarks = landmarker.find(frame)
        if landmarks is None or np.ptp(landmarks[:, 0]) < MIN_FACE_PX / 2:
            continue
        box = bound_landmarks(landmarks)
        views.append(prepare_texture_views(frame, box))
        said.append(teacher.classify(frame, box) if teacher else np.zeros((2, 3), np.float32))
        widths.append(box.width)
    if not views:
        return None
    context, detail = (np.stack(side) for side in zip(*views, strict=True))
    return ClipViews(path.name, context, detail, np.stack(said), float(np.median(widths)))


def describe_kinds(
    live: Mapping[str, Scores], people: Sequence[str], attacks: Mapping[str, SceneSet], scorer: Scorer
) -> Figures:
    """By whom: the share of living faces below 0.5, and for each kind of medium AUC and the share below 0.5."""
    figures: Figures = {
        whom: {"live_below_half": _resample(_share_below, [(scores, people)]).as_dict(), "kinds": {}}
        for whom, scores in live.items()
    }
    for kind, scenes in attacks.items():
        for whom, scores in score_set(scorer, scenes).items():
            groups = [(live[whom], people), (scores, scenes.identities)]
            figures[whom]["kinds"][kind] = {
                "is_trained": kind not in KEPT_OUT,
                "auc": _resample(area_under_curve, groups).as_dict(),
                "below_half": _resample(_share_below, groups[1:]).as_dict(),
            }
    return figures


def describe_texture_clips(scorer: Scorer, clips: Sequence[ClipViews]) -> Figures:
    """Each clip's median and share of frames below 0.5, by whom; and the share of clips whose median is below."""
    rows, medians = [], {}
    for clip in clips:
        row: Figures = {"clip": clip.name, "frames": len(clip.context), "face_px": round(clip.face_px)}
        for whom, scores in _add_teacher(scorer(clip.context, clip.detail), clip.teacher).items():
            row[whom] = round(float(np.median(scores)), 4)
            row[f"{whom}_frames_below"] = round(float((scores < DECISION_BOUND).mean()), 4)
            medians.setdefault(whom, []).append(row[whom])
        rows.append(row)
    below = {
        whom: estimate_clips_below(np.array(values), DECISION_BOUND).as_dict()
        for whom, values in medians.items()
    }
    return {"clips": rows, "below_half": below}


def _add_teacher(own: Scores, teacher: npt.NDArray[np.float32]) -> dict[str, Scores]:
    if not teacher.any():
        return {OWN: own}
    fasnet = teacher[:, :, LIVE_CLASS].mean(axis=1).astype(np.float64)
    both = np.array([fuse_texture(first, second) for first, second in zip(fasnet, own, strict=True)])
    return {OWN: own, FASNET: fasnet, FUSION: both}


def _share_below(scores: Scores) -> float:
    return float((scores < DECISION_BOUND).mean())


def _resample(measure: Callable[..., float], groups: Sequence[tuple[Scores, Sequence[str]]]) -> Estimate:
    """`measure` of the groups' scores with its 95 % interval, people drawn anew 1,000 times."""
    rng = np.random.default_rng(0)
    people = sorted({name for _, names in groups for name in names})
    rows = [[np.flatnonzero(np.array(names) == person) for person in people] for _, names in groups]
    values = []
    for _ in range(RESAMPLES):
        drawn = rng.integers(len(people), size=len(people))
        chosen = [np.concatenate([of_person[index] for index in drawn]) for of_person in rows]
        if all(len(indices) for indices in chosen):
            values.append(
                measure(*(scores[indices] for (scores, _), indices in zip(groups, chosen, strict=True)))
            )
    low, high = np.quantile(values, [0.025, 0.975])
    scores, names = groups[-1]
    return Estimate(
        measure(*(each for each, _ in groups)), float(low), float(high), len(scores), len(set(names))
    )
