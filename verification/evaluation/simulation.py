"""Attacks simulated from the bona fide clips: rendered, analysed and cached like clips, then presented."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from verification.attacks.pixels import NEEDS_ACCOMPLICE
from verification.attacks.species import AttackSpecies
from verification.evaluation.analysis import AnalysisOptions, analyse_frames, read_again
from verification.evaluation.attackers import Performance, attack_session, build_clock
from verification.evaluation.cache import RecordingCache
from verification.evaluation.clip_runs import UNUSABLE, ClipResult
from verification.evaluation.outcomes import Mode, Outcome
from verification.evaluation.playing import Script
from verification.evaluation.recording import Recording
from verification.evaluation.rendering import REVISIONS, Source, render, seed_generator
from verification.evaluation.watching import watch
from verification.liveness.policy import Policy

PRESENTATIONS = 100
SESSIONS_EACH = 5


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


def run_attack(task: AttackTask) -> ClipResult:
    """Render and analyse, or take from the cache, and present. One that cannot be made is an outcome."""
    try:
        recording, is_cached = _observe(task, task.species)
        performance = _prepare(task, recording)
    except UNUSABLE as error:
        species = str(task.species)
        return ClipResult((Outcome(task.name, species, None, None, is_simulated=True, error=str(error)),))
    return ClipResult(tuple(_present(task, recording, performance)), is_cached=is_cached)


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
        return Performance(task.species, *(_script(source, task) for source in (task.victim, task.partner)))
    if task.species is AttackSpecies.SECOND_FACE:
        crowded = Script(_take_crowded(recording), (), 0.0)
        return Performance(task.species, _script(task.victim, task), crowded)
    if task.species is AttackSpecies.INJECTED_STITCH:
        # The library that is cut from: the victim's whole part, encoded anew.
        recording, _ = _observe(task, AttackSpecies.INJECTED_BURST)
    return Performance(task.species, Script(recording, task.victim.segments, 0.0))


def _script(source: Source, task: AttackTask) -> Script:
    """The living person's own part."""
    return Script(source.recall(task.cache), source.segments, 0.0)


def _take_crowded(recording: Recording) -> Recording:
    """From the first frame with a second face on; the latter half where none was seen."""
    crowded = (index for index, one in enumerate(recording.observations) if one.face_count > 1)
    first = next(crowded, len(recording.observations) // 2)
    return replace(recording, observations=recording.observations[first:])


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
        frames = render(
            species,
            task.number,
            task.victim,
            task.accomplice,
            cache=cache,
            max_fps=options.max_fps,
        )
        recording = analyse_frames(frames, task.victim.fps, options, keep=kept.__setitem__)
        cache.store(tracked_place, recording, name=f"{name} (tracked)", kept=kept)
    cache.store(place, recording, name=name)
    return recording, False


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
