"""Clips to recordings: the live decoding and the live analyser, on the live cadence."""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from verification.clips.camera import ClipReader, encode_jpeg, shrink
from verification.clips.segments import ClipError
from verification.evaluation.columns import name_fields
from verification.evaluation.recording import Recording, interval_of
from verification.liveness.actions import Action
from verification.liveness.observation import FaceObservation, SampledModel
from verification.liveness.sampling import FRONTAL_YAW_DEG, MEDIUM_INTERVAL_MS, SampleClock
from verification.vision.analyser import FrameAnalyser
from verification.vision.crop import bound_landmarks
from verification.vision.decode import decode_image
from verification.vision.frame_sources import PICTURE_SUFFIXES
from verification.vision.loading import VisionModels, load_models
from verification.vision.weights import ModelName, ModelPaths

# To be raised with every change of `verification/vision` that changes what is observed.
ANALYSIS_VERSION = 2
DEFAULT_FPS = 15.0
# A score of the session needs three samples, so a picture is shown so often, at the pace of the models.
PICTURE_FRAMES = 3
PICTURE_FPS = 1_000 / MEDIUM_INTERVAL_MS
_TRACKING_MODELS = (ModelName.FACE_LANDMARKER, ModelName.FER_EMOTION, ModelName.DEEPFACE_EMOTION)
_MEDIUM_MODELS = frozenset({SampledModel.TEXTURE, SampledModel.DEEPFAKE})
_LIBRARIES = ("ai-edge-litert", "onnxruntime", "opencv-contrib-python-headless")
_Image = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class AnalysisOptions:
    """paths: where the models lie. max_fps: clips are thinned out to about so many frames a second.

    max_frame_bytes, max_pixels: the limits of a live session, to which frames are encoded.
    """

    paths: ModelPaths
    max_fps: float = DEFAULT_FPS
    max_frame_bytes: int = 262_144
    max_pixels: int = 1920 * 1080

    @property
    def digest(self) -> str:
        """Changes with everything, but the clip, that a recording depends on; hex."""
        return self._digest(digest_models(self.paths))

    @property
    def tracking_digest(self) -> str:
        """Changes with everything but the models that look at the medium; hex."""
        digests = digest_models(self.paths)
        return self._digest({name: digests[name] for name in _TRACKING_MODELS if name in digests})

    def _digest(self, models: Mapping[str, str]) -> str:
        parts = {
            "version": ANALYSIS_VERSION,
            "fields": name_fields(FaceObservation),
            "models": models,
            "libraries": {name: version(name) for name in _LIBRARIES},
            "cadence": [FRONTAL_YAW_DEG, *(interval_of(model) for model in SampledModel)],
            "limits": [self.max_fps, self.max_frame_bytes, self.max_pixels],
        }
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


@lru_cache(maxsize=4)
def get_models(paths: ModelPaths) -> VisionModels:
    """The models of this process, loaded once."""
    return load_models(paths)


@lru_cache(maxsize=4)
def digest_models(paths: ModelPaths) -> dict[str, str]:
    """SHA-256, in hex, of every installed model's file, by the model's name."""
    return {
        name: hash_file(status.path)
        for name, status in get_models(paths).status.items()
        if status.is_installed
    }


def hash_file(path: Path) -> str:
    """SHA-256 of a file's bytes, in hex. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def analyse_clip(path: Path, options: AnalysisOptions) -> Recording:
    """Observe every frame of a clip, or the one of a picture.

    Raises ClipError for a file that is missing, broken, empty or too long.
    """
    if path.suffix.lower() in PICTURE_SUFFIXES:
        return _repeat_picture(analyse_frames([_read_picture(path)], PICTURE_FPS, options))
    with ClipReader(path, max_fps=options.max_fps) as reader:
        return analyse_frames(reader, reader.fps, options)


def analyse_frames(
    frames: Iterable[_Image],
    fps: float,
    options: AnalysisOptions,
    *,
    keep: Callable[[int, bytes], None] = lambda index, jpeg: None,
) -> Recording:
    """Observe BGR frames, uint8 (height, width, 3), as a session's: as JPEG, in order, on one landmarker.

    keep: is given each frame at which texture and deepfake were due, so that `read_again` can look at it.
    """
    with FrameAnalyser(get_models(options.paths), max_pixels=options.max_pixels) as analyser:
        return Recording(tuple(_observe(frames, fps, analyser, options.max_frame_bytes, keep)), fps)


def _observe(
    frames: Iterable[_Image],
    fps: float,
    analyser: FrameAnalyser,
    max_frame_bytes: int,
    keep: Callable[[int, bytes], None],
) -> Iterator[FaceObservation]:
    clock, kept_at_ms = SampleClock(), -MEDIUM_INTERVAL_MS
    wanted = frozenset(SampledModel)  # the first frame may be the only one
    for index, bgr in enumerate(frames):
        at_ms, jpeg = round(1_000 * index / fps), encode_jpeg(bgr, max_frame_bytes)
        observation = analyser.analyse(jpeg, at_ms, wanted)
        is_due = bool(wanted & _MEDIUM_MODELS) and at_ms - kept_at_ms >= MEDIUM_INTERVAL_MS
        if is_due and observation.face is not None:
            kept_at_ms = at_ms
            keep(index, jpeg)
        clock.note(observation, at_ms)
        # Alignment asks for every model that any later step asks for.
        wanted = clock.wanted(Action.LOOK_STRAIGHT, round(1_000 * (index + 1) / fps))
        yield observation


def read_again(recording: Recording, kept: Mapping[int, bytes], options: AnalysisOptions) -> Recording:
    """The recording with the texture and deepfake models of now, looking at the frames that were kept."""
    models = get_models(options.paths)
    observations = [replace(one, texture=None, deepfake=None) for one in recording.observations]
    for index, jpeg in kept.items():
        face = observations[index].face
        if face is not None:
            bgr, box = (
                decode_image(jpeg, max_pixels=options.max_pixels).bgr,
                bound_landmarks(face.landmarks_px),
            )
            observations[index] = replace(
                observations[index],
                texture=None if models.texture is None else models.texture.score(bgr, box),
                deepfake=None if models.deepfake is None else models.deepfake.score(bgr, box),
            )
    return replace(recording, observations=tuple(observations))


def _read_picture(path: Path) -> _Image:
    if not path.is_file():
        raise ClipError(f"{path} is not a file")
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if picture is None:
        raise ClipError(f"{path} cannot be read as a picture")
    return shrink(picture.astype(np.uint8, copy=False))


def _repeat_picture(recording: Recording) -> Recording:
    return replace(recording, observations=recording.observations * PICTURE_FRAMES, is_picture=True)


def describe_models(paths: ModelPaths) -> dict[str, str | None]:
    """The digest of every model of the manifest, or None where it is not installed."""
    digests = digest_models(paths)
    return {name: digests.get(name) for name in get_models(paths).status}


def describe_options(options: AnalysisOptions) -> dict[str, object]:
    """The options as plain values, for the record of a run; paths are left out."""
    return {name: value for name, value in asdict(options).items() if name != "paths"}
