"""Bona fide faces with the room around them, for scenes: portraits and frames of clips."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from training.portraits import StillLandmarker, read_frames
from training.samples import FaceSample, Origin, Part, cut_face, split_identities

MARGIN = 4.2
MAX_FACE_PX = 300.0
MIN_FACE_PX = 40.0


def read_surroundings(
    paths: Sequence[Path],
    origin: Origin,
    landmarker: StillLandmarker,
    *,
    frames_per_clip: int,
    identities: Mapping[str, str],
) -> list[FaceSample]:
    """Every face of at least 40 px in `paths`, with up to 4.2 times its box; shows its progress.

    identities: file name to identity, as `name_identities` gives it.
    """
    samples = []
    for done, path in enumerate(paths, start=1):
        for frame in read_frames(path, frames_per_clip):
            landmarks = landmarker.find(frame)
            if landmarks is not None and np.ptp(landmarks[:, 0]) >= MIN_FACE_PX:
                face, points = cut_face(frame, landmarks, margin=MARGIN, max_face_px=MAX_FACE_PX)
                samples.append(FaceSample(face, points, identities[path.name], path.name, origin))
        print(
            f"\r{paths[0].parent.name}: {done}/{len(paths)} files, {len(samples)} faces", end="", flush=True
        )
    print()
    return samples


def split_surroundings(samples: Sequence[FaceSample], seed: int) -> dict[Part, list[FaceSample]]:
    """The samples of each part; of the people in clips a third are kept out, since clips are few.

    People seen in clips are drawn apart from those seen in portraits only.
    """
    in_clips = {sample.identity for sample in samples if sample.origin is Origin.CLIP}
    in_portraits_only = {sample.identity for sample in samples} - in_clips
    part_of = split_identities(in_clips, seed, evaluate=1 / 3) | split_identities(in_portraits_only, seed)
    split: dict[Part, list[FaceSample]] = {part: [] for part in Part}
    for sample in samples:
        split[part_of[sample.identity]].append(sample)
    return split
