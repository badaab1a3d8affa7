"""The pixels of simulated attacks, made from parts of bona fide clips that were observed before."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from types import MappingProxyType

import cv2
import numpy as np
import numpy.typing as npt

from verification.attacks.pixels import ENDLESS, render_attack
from verification.attacks.species import AttackSpecies
from verification.clips.camera import ClipReader
from verification.clips.segments import Segment
from verification.evaluation.cache import RecordingCache
from verification.evaluation.recording import Recording

# To be raised for a species with every change of `verification/attacks` that changes its pixels.
REVISIONS = MappingProxyType(
    dict.fromkeys(AttackSpecies, 1) | {AttackSpecies.PRINT_FLAT: 2, AttackSpecies.PRINT_BENT: 2}
)
# A loop of up to six seconds is only seen to be one when it comes round.
LOOP_TIMES = 2
# A capture page sends no larger frames.
MAX_SIDE_PX = 640

Image = npt.NDArray[np.uint8]
Points = npt.NDArray[np.float32]


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

    def recall(self, cache: RecordingCache) -> Recording:
        """What was observed of the part. Raises FileNotFoundError when it has gone from the cache."""
        recording = cache.load(self.place)
        if recording is None:
            raise FileNotFoundError(f"the recording of {self.path} is gone from the cache")
        return replace(recording, observations=recording.observations[self.first : self.first + self.count])


class RecordedLandmarks:
    """A LandmarkSource that knows the frames it is asked about: the clip was observed before."""

    def __init__(self, frames: Iterable[tuple[Image, Points | None]]) -> None:
        self._known = {id(bgr): (bgr, points) for bgr, points in frames}

    def track(self, frames: Iterable[Image], fps: float) -> Iterator[Points | None]:
        """Yield each frame's landmarks, float32 (478, 2) in pixels. Raises KeyError for an unknown frame."""
        for bgr in frames:
            yield self._known[id(bgr)][1]


def render(
    species: AttackSpecies,
    number: int,
    victim: Source,
    accomplice: Source | None,
    *,
    cache: RecordingCache,
    max_fps: float,
) -> Iterator[Image]:
    """The frames of one attack, settled by its number: BGR, uint8 (height, width, 3), at the victim's rate.

    Raises ClipError or OSError for a clip that has gone, ValueError for one that cannot make the attack.
    """
    frames = _read_part(victim, cache, max_fps)
    others = None if accomplice is None else _read_part(accomplice, cache, max_fps)
    times = LOOP_TIMES if species is AttackSpecies.INJECTED_LOOP else 1
    return render_attack(
        species,
        [bgr for bgr, _ in frames],
        victim.fps,
        None if others is None else [bgr for bgr, _ in others],
        seed_generator(species, number),
        landmarks=RecordedLandmarks([*frames, *(others or ())]),
        count=times * len(frames) if species in ENDLESS else None,
    )


def seed_generator(*parts: object) -> np.random.Generator:
    """A generator that the parts alone settle."""
    digest = hashlib.sha256(" ".join(map(str, parts)).encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:8], "big"))


def _read_part(source: Source, cache: RecordingCache, max_fps: float) -> list[tuple[Image, Points | None]]:
    """The part's frames, none larger than a capture page sends, with their landmarks."""
    observations = source.recall(cache).observations
    with ClipReader(source.file, max_fps=max_fps) as reader:
        frames = list(islice(reader, source.first, source.first + source.count))
    found: list[tuple[Image, Points | None]] = []
    for bgr, observation in zip(frames, observations, strict=False):
        scale = min(1.0, MAX_SIDE_PX / max(bgr.shape[:2]))
        face = observation.face
        points = None if face is None else (face.landmarks_px * np.float32(scale)).astype(np.float32)
        found.append((_scale(bgr, scale), points))
    return found


def _scale(bgr: Image, scale: float) -> Image:
    if scale == 1.0:
        return bgr
    smaller = cv2.resize(bgr, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return smaller.astype(np.uint8, copy=False)
