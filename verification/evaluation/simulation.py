"""Attacks simulated from the bona fide clips: rendered, analysed and cached like clips, then presented."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice, product
from pathlib import Path
from types import MappingProxyType

import cv2
import numpy as np
import numpy.typing as npt

from verification.attacks.pixels import ENDLESS, NEEDS_ACCOMPLICE, render_attack
from verification.attacks.species import AttackSpecies
from verification.clips.camera import ClipReader
from verification.clips.segments import Segment
from verification.evaluation.analysis import AnalysisOptions, analyse_frames, read_again
from verification.evaluation.attackers import Performance, attack_session, build_clock
from verification.evaluation.cache import RecordingCache
from verification.evaluation.clip_runs import UNUSABLE, ClipResult
from verification.evaluation.outcomes import Mode, Outcome
from verification.evaluation.playing import Script
from verification.evaluation.recording import Recording
from verification.evaluation.watching import watch
from verification.liveness.policy import Policy

# To be raised for a species with every change of `verification/attacks` that changes its pixels.
REVISIONS = MappingProxyType(
    dict.fromkeys(AttackSpecies, 1) | {AttackSpecies.PRINT_FLAT: 2, AttackSpecies.PRINT_BENT: 2}
)
PRESENTATIONS = 100
# A loop of up to six seconds is only seen to be one when it comes round.
LOOP_TIMES = 2
SESSIONS_EACH = 5
# A capture page sends no larger frames.
MAX_SIDE_PX = 640

_Image = npt.NDArray[np.uint8]
_Points = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Source:
    """The part of a bona fide clip that attacks are made from.

    file, digest: the clip's, SHA-256 in hex. place: its recording in the cache. first, count: frames of the
    part. segments: where in it the person shows what; empty where no session can be played from it.
    """

    path: str
    file: Path
    digest: str
    place: Path
    first: int
    count: int
    fps: float
    segments: tuple[Segment, ...] = ()

    @property
    def key(self) -> str:
        """Changes with every pixel that the part can have."""
        return f"{self.digest} {self.first} {self.count}"


@dataclass(frozen=True, slots=True)
class AttackTask:
    """One presentation to be simulated; number is its seed."""

    species: AttackSpecies
    number: int
    victim: Source
    accomplice: Source | None
    partner: Source | None
    options: AnalysisOptions
    cache: RecordingCache
    policy: Policy

    @property
    def name(self) -> str:
        return f"simulated/{self.species}/{self.number:03}"


class RecordedLandmarks:
    """A LandmarkSource that knows the frames it is asked about: the clip was observed before."""

    def __init__(self, frames: Iterable[tuple[_Image, _Points | None]]) -> None:
        self._known = {id(bgr): (bgr, points) for bgr, points in frames}

    def track(self, frames: Iterable[_Image], fps: float) -> Iterator[_Points | None]:
        """Yield each frame's landmarks, float32 (478, 2) in pixels. Raises KeyError for an unknown frame."""
        for bgr in frames:
            yield self._known[id(bgr)][1]


def run_attack(task: AttackTask) -> ClipResult:
    """Render and analyse, or take from the cache, and present. One that cannot be made is an outcome."""
    try:
        recording, is_cached = _observe(task, task.species)
        performance = _prepare(task, recording)
    except UNUSABLE as error:
        species = str(task.species)
        return ClipResult((Outcome(task.name, species, None, None, is_simulated=True, error=str(error)),))
    return ClipResult(tuple(_present(task, recording, performance)), is_cached=is_cached)


def seed_generator(*parts: object) -> np.random.Generator:
    """A generator that the parts alone settle."""
    digest = hashlib.sha256(" ".join(map(str, parts)).encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:8], "big"))


def _present(task: AttackTask, recording: Recording, performance: Performance | None) -> Iterator[Outcome]:
    clock = build_clock(task.species, seed_generator(task.name, "clock"))
    verdict = watch(recording, (), task.policy, arrive=clock)
    yield Outcome(task.name, str(task.species), Mode.PASSIVE, verdict, is_simulated=True)
    for seed in range(1, SESSIONS_EACH + 1) if performance is not None else ():
        assert performance is not None  # noqa: S101  (the loop has no turn without it)
        rng = seed_generator(task.name, "session", seed)
        verdict = attack_session(performance, task.policy, f"{task.name} {seed}", rng)
        yield Outcome(task.name, str(task.species), Mode.SESSION, verdict, seed=seed, is_simulated=True)


def _prepare(task: AttackTask, recording: Recording) -> Performance | None:
    """What the attacker has to show in a session, or None where the victim's clip has no answers."""
    if not task.victim.segments:
        return None
    if task.species is AttackSpecies.PERSON_SWAP:
        if task.partner is None:
            return None
        first, second = (_recall(source, task.cache) for source in (task.victim, task.partner))
        return Performance(task.species, first, second)
    if task.species is AttackSpecies.INJECTED_STITCH:
        # The library that is cut from: the victim's whole part, encoded anew.
        recording, _ = _observe(task, AttackSpecies.INJECTED_BURST)
    return Performance(task.species, Script(recording, task.victim.segments, 0.0))


def _recall(source: Source, cache: RecordingCache) -> Script:
    recording = cache.load(source.place)
    if recording is None:
        raise FileNotFoundError(f"the recording of {source.path} is gone from the cache")
    part = recording.observations[source.first : source.first + source.count]
    return Script(replace(recording, observations=part), source.segments, 0.0)


def _observe(task: AttackTask, species: AttackSpecies) -> tuple[Recording, bool]:
    """From the cache; else, after a change of models, from the frames kept there; else rendered and analysed."""
    name, cache, options = f"simulated/{species}/{task.number:03}", task.cache, task.options
    accomplice = "" if task.accomplice is None else task.accomplice.key
    parts = (f"simulation {REVISIONS[species]}", species, str(task.number), task.victim.key, accomplice)
    place, tracked_place = (cache.locate(*parts, key) for key in (options.digest, options.tracking_digest))
    recording = cache.load(place)
    if recording is not None:
        return recording, True
    tracked = cache.load(tracked_place)
    if tracked is not None:
        recording = read_again(tracked, cache.load_kept(tracked_place), options)
    else:
        kept: dict[int, bytes] = {}
        frames = _render(task, species)
        recording = analyse_frames(frames, task.victim.fps, options, keep=kept.__setitem__)
        cache.store(tracked_place, recording, name=f"{name} (tracked)", kept=kept)
    cache.store(place, recording, name=name)
    return recording, False


def _render(task: AttackTask, species: AttackSpecies) -> Iterator[_Image]:
    victim = _read_part(task.victim, task.cache, task.options)
    accomplice = None if task.accomplice is None else _read_part(task.accomplice, task.cache, task.options)
    times = LOOP_TIMES if species is AttackSpecies.INJECTED_LOOP else 1
    return render_attack(
        species,
        [bgr for bgr, _ in victim],
        task.victim.fps,
        None if accomplice is None else [bgr for bgr, _ in accomplice],
        seed_generator(species, task.number),
        landmarks=RecordedLandmarks([*victim, *(accomplice or ())]),
        count=times * len(victim) if species in ENDLESS else None,
    )


def _read_part(
    source: Source, cache: RecordingCache, options: AnalysisOptions
) -> list[tuple[_Image, _Points | None]]:
    """The part's frames, none larger than a capture page sends, with their landmarks."""
    recording = cache.load(source.place)
    if recording is None:
        raise FileNotFoundError(f"the recording of {source.path} is gone from the cache")
    observations = recording.observations[source.first : source.first + source.count]
    with ClipReader(source.file, max_fps=options.max_fps) as reader:
        frames = list(islice(reader, source.first, source.first + source.count))
    found = []
    for bgr, observation in zip(frames, observations, strict=False):
        scale = min(1.0, MAX_SIDE_PX / max(bgr.shape[:2]))
        small = (
            bgr if scale == 1.0 else cv2.resize(bgr, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        )
        face = observation.face
        points = None if face is None else (face.landmarks_px * np.float32(scale)).astype(np.float32)
        found.append((small.astype(np.uint8, copy=False), points))
    return found


def plan_attacks(
    sources: Sequence[Source],
    species: Sequence[AttackSpecies],
    presentations: int,
    *,
    options: AnalysisOptions,
    cache: RecordingCache,
    policy: Policy,
) -> list[AttackTask]:
    """Every attack clip: made from the clips that sessions can be played from, some sessions of each; where
    there is none, from all clips, and only watched. A species that takes two people needs two clips.
    """
    playable = [source for source in sources if source.segments]
    victims = playable or list(sources)
    clips = -(-presentations // SESSIONS_EACH) if playable else presentations
    tasks = []
    # Number by number: a run that is broken off has something of every species in the cache.
    for number, kind in product(range(clips), species):
        victim = victims[number % len(victims)]
        rng = seed_generator(kind, number, "cast")
        rest = [source for source in sources if source is not victim]
        accomplice = rest[int(rng.integers(len(rest)))] if rest else None
        if accomplice is not None or kind not in NEEDS_ACCOMPLICE:
            partner = _choose_partner(victim, playable, rng)
            tasks.append(AttackTask(kind, number, victim, accomplice, partner, options, cache, policy))
    return tasks


def _choose_partner(victim: Source, playable: Sequence[Source], rng: np.random.Generator) -> Source | None:
    """Another person whose clip runs at the same pace: one clock plays both."""
    alike = [
        source for source in playable if source is not victim and 0.95 <= source.fps / victim.fps <= 1.05
    ]
    return alike[int(rng.integers(len(alike)))] if alike else None
