"""What each simulated attacker does in a session: which camera and which clock he brings, and how he answers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from verification.attacks.cameras import BurstClock, LoopedCamera, StitchedCamera, SwappedCamera
from verification.attacks.species import AttackSpecies
from verification.clips.camera import Camera, WalkingCamera
from verification.clips.subject import ClipVerdict
from verification.evaluation.playing import Script, play_session
from verification.evaluation.recording import Recording
from verification.liveness.observation import FaceObservation
from verification.liveness.policy import Policy

# Who follows the victim's clip frame by frame answers with it; paper and a frozen or looped picture cannot.
ANSWERS: Mapping[AttackSpecies, str] = MappingProxyType(
    {
        AttackSpecies.PRINT_FLAT: "waves the paper, whatever is asked",
        AttackSpecies.PRINT_BENT: "waves the paper, whatever is asked",
        AttackSpecies.SCREEN_REPLAY: "has a recording of every action, and the screen shows the right one",
        AttackSpecies.INJECTED_FROZEN: "sends the one picture, whatever is asked",
        AttackSpecies.INJECTED_LOOP: "sends the loop, whatever is asked",
        AttackSpecies.INJECTED_STITCH: "has a recording of every action, and cuts to the right one",
        AttackSpecies.INJECTED_BURST: "has a recording of every action, and sends it in clumps",
        AttackSpecies.SECOND_FACE: "answers the first challenge alone; then another face comes in and stays",
        AttackSpecies.PERSON_SWAP: "a living person answers the first challenge, another one the rest",
        AttackSpecies.FACE_SWAP: "a living person answers behind the swapped face",
        AttackSpecies.REENACTMENT: "a living person answers, and the still follows his face",
    }
)
_TURNED_BACK = frozenset({AttackSpecies.PRINT_FLAT, AttackSpecies.PRINT_BENT})
_STARTED_OVER = frozenset({AttackSpecies.INJECTED_FROZEN, AttackSpecies.INJECTED_LOOP})


@dataclass(frozen=True, slots=True)
class Performance:
    """What an attacker has to show. script: the victim's, its recording replaced by the attack's.

    partner: what is shown after the first challenge, where that is something else: of `person_swap` the
        other person with his own answers, of `second_face` the time when both are seen.
    """

    species: AttackSpecies
    script: Script
    partner: Script | None = None


def attack_session(
    performance: Performance, policy: Policy, seed: str, rng: np.random.Generator
) -> ClipVerdict:
    """One session of the attacker. Raises ClipError for a script too short for the policy."""
    return play_session(
        performance.script,
        policy,
        seed,
        camera=_bring_camera(performance),
        arrive=build_clock(performance.species, rng),
    )


def build_clock(species: AttackSpecies, rng: np.random.Generator) -> Callable[[float], int]:
    """When a frame arrives that was captured at a time, both in milliseconds."""
    return BurstClock(rng).arrive if species is AttackSpecies.INJECTED_BURST else round


def _bring_camera(performance: Performance) -> Camera[FaceObservation]:
    species, recording = performance.species, performance.script.recording
    if species in _TURNED_BACK or species in _STARTED_OVER:
        frames = recording.carried
        is_boomerang = species in _TURNED_BACK
        return LoopedCamera(frames, recording.fps, first=0, length=len(frames), is_boomerang=is_boomerang)
    if species is AttackSpecies.INJECTED_STITCH:
        return StitchedCamera(recording.carried, recording.fps)
    if performance.partner is not None:
        partner = performance.partner
        return SwappedCamera(_walk(recording), _walk(partner.recording), second_segments=partner.segments)
    return _walk(recording)


def _walk(recording: Recording) -> WalkingCamera[FaceObservation]:
    return WalkingCamera(recording.carried, recording.fps)
