"""The data of one training run: faces split by person, the scenes made of them, and the clips to score."""

import argparse
from typing import Any

from training.corpus import read_people
from training.portraits import StillLandmarker, list_clips, list_pictures
from training.samples import FaceSample, Origin, Part, name_identities
from training.texture_corpus import read_surroundings, split_surroundings
from training.texture_measure import ClipViews, read_clip
from training.texture_plan import TexturePlan
from training.texture_scenes import LIVE
from training.texture_sets import (
    TRAINED_PAPERS,
    TRAINED_SCREENS,
    Order,
    SceneSet,
    film_any,
    film_kind,
    obtain_scene_set,
)
from training.texture_teacher import Teacher
from verification.attacks.recapture import PaperKind, ScreenKind

SCENES_A_SET = 2000
MEASURED_LIVE, MEASURED_KIND = 360, 160
ALL_KINDS = (LIVE, *map(str, ScreenKind), *map(str, PaperKind))
TRAINED_KINDS = (LIVE, *map(str, TRAINED_SCREENS), *map(str, TRAINED_PAPERS))

Split = dict[Part, list[FaceSample]]


class Workshop:
    """Reads the data, and makes the scene sets of a run or takes them from an earlier one."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.people = read_people(options.same_person)
        self.teacher = Teacher(options.fasnet)
        self.split: Split = {part: [] for part in Part}
        self.clips: dict[str, list[ClipViews]] = {}

    def read(self) -> None:
        """Every face of the folders named. Raises FileNotFoundError when one has none."""
        options = self.options
        portraits = list_pictures(options.portraits)
        clips = list_clips(options.clips) if options.clips else []
        identities = name_identities([path.name for path in (*portraits, *clips)], self.people)
        with StillLandmarker(options.landmarker.expanduser()) as landmarker:
            samples = []
            for origin, paths in ((Origin.PORTRAIT, portraits), (Origin.CLIP, clips)):
                samples += read_surroundings(
                    paths,
                    origin,
                    landmarker,
                    frames_per_clip=options.frames_per_clip,
                    identities=identities,
                )
            folders = {"bona_fide": clips} | {folder.name: list_clips(folder) for folder in options.probe}
            for name, paths in folders.items():
                seen = (read_clip(path, landmarker, self.teacher, options.frames_per_clip) for path in paths)
                self.clips[name] = [clip for clip in seen if clip is not None]
        self.split = split_surroundings(samples, options.seed)

    def make_training_sets(self, plan: TexturePlan) -> list[SceneSet]:
        """The scenes to train on, in sets of 2,000."""
        sets = []
        for index, start in enumerate(range(0, plan.scenes, SCENES_A_SET)):
            label, count = f"training scenes, set {index}", min(SCENES_A_SET, plan.scenes - start)
            order = Order(film_any, count, (plan.seed, index), label)
            sets.append(self._obtain(Part.TRAIN, f"train_{index}", order))
        return sets

    def make_kind(self, part: Part, kind: str) -> SceneSet:
        """Scenes of one kind, of the people of a part: of the calibration people, half as many."""
        count = MEASURED_LIVE if kind == LIVE else MEASURED_KIND
        count = count if part is Part.EVALUATE else count // 2
        seed = self.options.seed, 10 + list(Part).index(part), ALL_KINDS.index(kind)
        return self._obtain(part, f"{part}_{kind}", Order(film_kind(kind), count, seed, f"{part}: {kind}"))

    def _obtain(self, part: Part, name: str, order: Order) -> SceneSet:
        keep = self.options.keep / f"{name}.npz" if self.options.keep else None
        return obtain_scene_set(keep, self.split[part], order, self.teacher)


def describe_data(split: Split) -> dict[str, Any]:
    """How many people and faces each part has."""
    return {
        part.value: {
            origin.value: {
                "identities": len({sample.identity for sample in samples if sample.origin is origin}),
                "faces": sum(sample.origin is origin for sample in samples),
            }
            for origin in Origin
        }
        for part, samples in split.items()
    }
