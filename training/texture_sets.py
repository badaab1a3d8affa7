"""Scenes in numbers: the network's inputs for many scenes, each made from its own seed."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from training.samples import FaceSample, Origin
from training.texture_scenes import CLEAR, LIVE, MediumKind, Scene, film_live, film_recaptured
from training.texture_teacher import Teacher
from verification.attacks.recapture import KEPT_OUT_PAPERS, KEPT_OUT_SCREENS, PaperKind, ScreenKind
from verification.vision.crop import (
    TEXTURE_CONTEXT_PX,
    TEXTURE_DETAIL_PX,
    cut_square_inside,
    prepare_texture_views,
)

LIVE_SHARE = 0.45
SCREEN_SHARE = 0.6
CLIP_SHARE = 0.5
# The detail is kept larger than the network's view, so that training can cut it at many places.
DETAIL_ROOM_PX = TEXTURE_DETAIL_PX + 32
TRAINED_SCREENS = tuple(kind for kind in ScreenKind if kind not in KEPT_OUT_SCREENS)
TRAINED_PAPERS = tuple(kind for kind in PaperKind if kind not in KEPT_OUT_PAPERS)

Images = npt.NDArray[np.uint8]
Film = Callable[[FaceSample, Sequence[FaceSample], np.random.Generator], Scene]


@dataclass(frozen=True, slots=True)
class SceneSet:
    """N scenes. context: uint8 (N, 80, 80, 3). detail: uint8 (N, 160, 160, 3). kinds, identities: N names each.
    teacher: float32 (N, 2, 3), as `Teacher.classify`; zeros where there was none."""

    context: Images
    detail: Images
    kinds: tuple[str, ...]
    identities: tuple[str, ...]
    teacher: npt.NDArray[np.float32]

    @property
    def is_live(self) -> npt.NDArray[np.bool_]:
        """Which scenes show a living face, shape (N,)."""
        return np.array([kind == LIVE for kind in self.kinds])


def film_any(source: FaceSample, others: Sequence[FaceSample], rng: np.random.Generator) -> Scene:
    """A scene of either class, of the kinds that may be trained on."""
    if rng.random() < LIVE_SHARE:
        return film_live(source, others, rng)
    kinds: Sequence[MediumKind] = TRAINED_SCREENS if rng.random() < SCREEN_SHARE else TRAINED_PAPERS
    return film_recaptured(source, others, kinds, rng)


def film_kind(kind: str) -> Film:
    """Only living faces, or only one kind of medium, in the quality that the capture page lets through."""
    if kind == LIVE:
        return partial(film_live, hardness=CLEAR)
    medium: MediumKind = ScreenKind(kind) if kind in set(ScreenKind) else PaperKind(kind)
    return lambda source, others, rng: film_recaptured(source, others, [medium], rng, CLEAR)


@dataclass(frozen=True, slots=True)
class Order:
    """What to make: `count` scenes by `film`, scene i from the seed (*seed, i).

    label: for the progress shown.
    """

    film: Film
    count: int
    seed: tuple[int, ...]
    label: str


def make_scene_set(samples: Sequence[FaceSample], order: Order, teacher: Teacher | None = None) -> SceneSet:
    """The scenes ordered, of `samples`; shows its progress.

    Half of them, if both origins are there, of clips; each person as often as any other of that origin.
    """
    count = order.count
    context = np.empty((count, TEXTURE_CONTEXT_PX, TEXTURE_CONTEXT_PX, 3), np.uint8)
    detail = np.empty((count, DETAIL_ROOM_PX, DETAIL_ROOM_PX, 3), np.uint8)
    said = np.zeros((count, 2, 3), np.float32)
    kinds, identities = [], []
    sources = _Sources(samples)
    start = time.monotonic()
    for number in range(count):
        rng = np.random.default_rng([*order.seed, number])
        source = sources.draw(rng)
        scene = order.film(source, samples, rng)
        context[number] = prepare_texture_views(scene.bgr, scene.box).context
        detail[number] = cut_detail_room(scene)
        if teacher is not None:
            said[number] = teacher.classify(scene.bgr, scene.box)
        kinds.append(scene.kind)
        identities.append(source.identity)
        if number % 50 == 49 or number == count - 1:
            left_min = (time.monotonic() - start) / (number + 1) * (count - number - 1) / 60
            print(
                f"\r{order.label}: {number + 1}/{count}, about {left_min:.1f} min left ", end="", flush=True
            )
    print()
    return SceneSet(context, detail, tuple(kinds), tuple(identities), said)


def cut_detail_room(scene: Scene) -> Images:
    """The middle of the face, 160 x 160 px as they are; mirrored outwards where the frame is smaller."""
    square = cut_square_inside(scene.bgr, scene.box, DETAIL_ROOM_PX)
    rest = DETAIL_ROOM_PX - square.shape[0]
    before, after = rest // 2, rest - rest // 2
    return np.pad(square, ((before, after), (before, after), (0, 0)), mode="reflect") if rest else square


class _Sources:
    """Draws a person first and then a picture of them: a long clip is no more than a portrait."""

    def __init__(self, samples: Sequence[FaceSample]) -> None:
        self._by_origin: list[list[list[FaceSample]]] = []
        for origin in (Origin.PORTRAIT, Origin.CLIP):
            people: dict[str, list[FaceSample]] = {}
            for sample in samples:
                if sample.origin is origin:
                    people.setdefault(sample.identity, []).append(sample)
            self._by_origin.append(list(people.values()))

    def draw(self, rng: np.random.Generator) -> FaceSample:
        people = self._by_origin[int(rng.random() < CLIP_SHARE)] or max(self._by_origin, key=len)
        pictures = people[int(rng.integers(len(people)))]
        return pictures[int(rng.integers(len(pictures)))]


def obtain_scene_set(
    path: Path | None, samples: Sequence[FaceSample], order: Order, teacher: Teacher | None = None
) -> SceneSet:
    """The set kept at `path` by an earlier run, else one made now, and kept there unless `path` is None.

    Raises ValueError when the file holds another number of scenes than ordered.
    """
    if path is None or not path.is_file():
        made = make_scene_set(samples, order, teacher)
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            names = {"kinds": np.array(made.kinds), "identities": np.array(made.identities)}
            np.savez(path, context=made.context, detail=made.detail, teacher=made.teacher, **names)
        return made
    with np.load(path) as kept:
        kinds, identities = (tuple(kept[name].tolist()) for name in ("kinds", "identities"))
        if len(kinds) != order.count:
            raise ValueError(
                f"{path} holds {len(kinds)} scenes, not {order.count}: remove it, or ask for as many"
            )
        return SceneSet(kept["context"], kept["detail"], kinds, identities, kept["teacher"])


def join_sets(sets: Sequence[SceneSet]) -> SceneSet:
    """All scenes of several sets, in their order."""
    return SceneSet(
        np.concatenate([scenes.context for scenes in sets]),
        np.concatenate([scenes.detail for scenes in sets]),
        tuple(kind for scenes in sets for kind in scenes.kinds),
        tuple(identity for scenes in sets for identity in scenes.identities),
        np.concatenate([scenes.teacher for scenes in sets]),
    )
