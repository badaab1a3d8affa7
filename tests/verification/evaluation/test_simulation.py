from pathlib import Path

import numpy as np
import pytest

from tests.verification.evaluation.recordings import FPS, PLAYABLE, Acted, act
from verification.attacks.pixels import NEEDS_ACCOMPLICE
from verification.attacks.species import AttackSpecies
from verification.clips.segments import Segment
from verification.evaluation.analysis import AnalysisOptions, hash_file
from verification.evaluation.attackers import ANSWERS, Performance, attack_session, build_clock
from verification.evaluation.cache import RecordingCache
from verification.evaluation.clip_runs import ClipTask
from verification.evaluation.playing import Script, write_script
from verification.evaluation.recording import Recording
from verification.evaluation.rendering import RecordedLandmarks, Source, seed_generator
from verification.evaluation.simulation import plan_attacks
from verification.evaluation.sources import PART_S, choose_source
from verification.evaluation.tables import ClipRow
from verification.liveness.actions import Action
from verification.liveness.policy import Policy
from verification.vision.weights import ModelPaths

POLICY = Policy(challenge_count=(3, 3))
OPTIONS = AnalysisOptions(ModelPaths(Path("a"), Path("b"), Path("c")))
CACHE = RecordingCache(Path("cache"))
SEGMENTS = (Segment(Action.NOD, 1.0, 2.0),)


def make_source(name: str, *, is_playable: bool = True, fps: float = FPS) -> Source:
    return Source(name, Path(name), name, Path(name), 0, 60, fps, SEGMENTS if is_playable else ())


def plan(sources: list[Source], species: list[AttackSpecies], presentations: int) -> list[tuple[str, str]]:
    tasks = plan_attacks(sources, species, presentations, options=OPTIONS, cache=CACHE, policy=POLICY)
    return [(task.name, task.victim.path) for task in tasks]


def test_clips_that_answer_are_taken_and_played_more_than_once_each() -> None:
    sources = [make_source("still", is_playable=False), make_source("a"), make_source("b")]
    planned = plan(sources, [AttackSpecies.PRINT_FLAT], 12)
    assert planned == [
        ("simulated/print_flat/000", "a"),
        ("simulated/print_flat/001", "b"),
        ("simulated/print_flat/002", "a"),
    ]


def test_where_no_clip_answers_each_presentation_is_a_clip_of_its_own() -> None:
    planned = plan([make_source("still", is_playable=False)], [AttackSpecies.PRINT_FLAT], 3)
    assert len(planned) == len({name for name, _ in planned}) == 3


@pytest.mark.parametrize("species", AttackSpecies)
def test_one_clip_alone_makes_the_species_that_take_one_person(species: AttackSpecies) -> None:
    assert bool(plan([make_source("a")], [species], 1)) is (species not in NEEDS_ACCOMPLICE)


def test_who_takes_over_runs_at_the_same_pace() -> None:
    sources = [make_source("a"), make_source("b", fps=15.0), make_source("c")]
    tasks = plan_attacks(
        sources, [AttackSpecies.PERSON_SWAP], 12, options=OPTIONS, cache=CACHE, policy=POLICY
    )
    partners = {(task.victim.path, task.partner.path if task.partner else None) for task in tasks}
    assert partners == {("a", "c"), ("b", None), ("c", "a")}


def test_generators_depend_on_all_their_parts_and_on_nothing_else() -> None:
    first, again, other = (seed_generator(*parts).integers(2**60) for parts in (("a", 1), ("a", 1), ("a", 2)))
    assert first == again != other


def test_landmarks_are_told_of_frames_that_are_known() -> None:
    frames = [np.zeros((2, 2, 3), np.uint8) for _ in range(2)]
    points = np.ones((478, 2), np.float32)
    source = RecordedLandmarks([(frames[0], points), (frames[1], None)])
    assert list(source.track([frames[1], frames[0]], 10.0)) == [None, points]
    with pytest.raises(KeyError):
        list(source.track([frames[0].copy()], 10.0))


@pytest.fixture(scope="module")
def script() -> Script:
    acted = act(PLAYABLE)
    written = write_script(acted.recording, acted.events, POLICY)
    assert written is not None
    return written


@pytest.mark.parametrize("species", AttackSpecies)
def test_every_species_can_be_played(species: AttackSpecies, script: Script) -> None:
    performance = Performance(species, script, partner=script)
    verdict = attack_session(performance, POLICY, "a", np.random.default_rng(1))
    assert verdict.frames > 0
    assert species in ANSWERS


def test_who_cannot_answer_does_not_pass() -> None:
    """Even with a living face: paper and a still do not do what is asked."""
    still = act([]).recording
    segments = tuple(event.segment for event in act(PLAYABLE).events)
    for species in (AttackSpecies.PRINT_FLAT, AttackSpecies.INJECTED_FROZEN):
        recording = Recording(still.observations * 30, FPS)
        performance = Performance(species, Script(recording, segments, 0.0))
        assert attack_session(performance, POLICY, "a", np.random.default_rng(1)).decision != "pass"


def test_only_bursts_arrive_late() -> None:
    rng = np.random.default_rng(1)
    assert build_clock(AttackSpecies.FACE_SWAP, rng)(100.0) == 100
    assert build_clock(AttackSpecies.INJECTED_BURST, rng)(100.0) > 400


def choose(
    acted: Acted, folder: Path, *, may_find_events: bool = False, has_events: bool = True
) -> Source | None:
    """The source that a clip makes whose recording is in the cache."""
    file, cache = folder / "clip.mp4", RecordingCache(folder / "cache")
    file.write_bytes(b"any bytes")
    cache.store(cache.locate(hash_file(file), OPTIONS.digest), acted.recording, name="clip.mp4")
    events = acted.events if has_events else ()
    row = ClipRow("clip.mp4", "bona_fide")
    return choose_source(ClipTask(row, file, events, OPTIONS, cache, POLICY, 1, may_find_events))


@pytest.mark.parametrize("may_find_events", [False, True])
def test_the_part_with_the_answers_is_chosen(tmp_path: Path, may_find_events: bool) -> None:
    actions = (Action.NOD, Action.BLINK, Action.RAISE_EYEBROWS)
    source = choose(
        act(actions, rest_frames=4), tmp_path, may_find_events=may_find_events, has_events=not may_find_events
    )
    assert source is not None
    assert {segment.action for segment in source.segments} >= {Action.LOOK_STRAIGHT, Action.NOD, Action.BLINK}


def test_without_answers_a_part_with_faces_is_chosen(tmp_path: Path) -> None:
    acted = act([Action.BLINK] * 6)
    source = choose(acted, tmp_path, has_events=False)
    assert source is not None
    assert (source.first, source.count, source.segments) == (0, round(PART_S * FPS), ())


def test_a_clip_without_faces_or_too_short_is_no_source(tmp_path: Path) -> None:
    acted = act(PLAYABLE)
    short = Acted(Recording(acted.recording.observations[:10], FPS), ())
    assert choose(short, tmp_path) is None
