from pathlib import Path

import numpy as np
import pytest

from tests.verification.evaluation.recordings import FPS, act
from tests.verification.liveness.faces import make_face, make_observation
from verification.evaluation.cache import RecordingCache, load_recording
from verification.evaluation.columns import ColumnsUnreadable
from verification.evaluation.recording import Recording, field_of, interval_of, recall_observation
from verification.liveness.actions import Action
from verification.liveness.observation import FaceObservation, SampledModel
from verification.liveness.sampling import MEDIUM_INTERVAL_MS

FACE = make_face()


def record(textures: list[float | None]) -> Recording:
    """Frames 100 ms apart, with a face and these readings."""
    return Recording(tuple(make_observation(FACE, texture=texture) for texture in textures), FPS)


def test_a_reading_is_carried_to_the_frames_after_it_for_as_long_as_it_is_fresh() -> None:
    recording = record([None, 0.9, None, None, None, None, None, 0.4])
    carried = [observation.texture for observation in recording.carried]
    assert carried == [None, 0.9, 0.9, 0.9, 0.9, 0.9, None, 0.4]
    assert interval_of(SampledModel.TEXTURE) == MEDIUM_INTERVAL_MS == 400


def test_a_reading_is_not_carried_to_a_frame_without_a_face() -> None:
    observations = (make_observation(FACE, texture=0.9), make_observation(None))
    assert Recording(observations, FPS).carried[1].texture is None


def test_only_what_is_wanted_is_recalled() -> None:
    observation = make_observation(FACE, texture=0.9, deepfake=0.8, emotions={"happy": 1.0})
    seen = recall_observation(observation, 0, frozenset({SampledModel.DEEPFAKE}))
    assert (seen.texture, seen.deepfake, seen.emotions, seen.face) == (None, 0.8, None, FACE)


@pytest.mark.parametrize("model", SampledModel)
def test_every_model_has_its_field(model: SampledModel) -> None:
    assert field_of(model) in FaceObservation.__dataclass_fields__


def test_a_part_is_cut_out_by_time() -> None:
    recording = record([0.1, 0.2, 0.3, 0.4])
    assert [one.texture for one in recording.cut(0.1, 0.3).observations] == [0.2, 0.3]
    assert [one.texture for one in recording.cut(-1.0, 9.0).observations] == [0.1, 0.2, 0.3, 0.4]


def test_frames_are_walked_with_their_times() -> None:
    recording = record([None, None, None])
    assert [at_ms for at_ms, _ in recording.walk()] == [0, 100, 200]
    assert recording.duration_s == pytest.approx(0.3)


def test_a_recording_comes_back_from_the_cache(tmp_path: Path) -> None:
    cache = RecordingCache(tmp_path / "new")
    place = cache.locate("clip", "options")
    assert cache.load(place) is None
    recording = act([Action.SMILE]).recording
    cache.store(place, recording, name="smile.mp4")
    back = cache.load(place)
    assert back is not None
    assert (back.fps, back.is_picture, len(back.observations)) == (FPS, False, len(recording.observations))
    assert [path.suffix for path in cache.folder.iterdir()] == [".npz"]


def test_the_cache_tells_recordings_apart_by_all_that_they_depend_on(tmp_path: Path) -> None:
    cache = RecordingCache(tmp_path)
    assert (
        len({cache.locate("a", "b"), cache.locate("a", "c"), cache.locate("b", "a"), cache.locate("ab")}) == 4
    )


@pytest.mark.parametrize("content", [b"", b"not an archive", b"PK\x03\x04 broken"])
def test_a_broken_file_of_the_cache_is_no_recording(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.npz"
    path.write_bytes(content)
    assert RecordingCache(tmp_path).load(path) is None
    with pytest.raises(ColumnsUnreadable):
        load_recording(path)


def test_a_cache_file_that_hides_code_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "evil.npz"
    np.savez(path, recording=np.array([{"fps": 1.0}], dtype=object))
    with pytest.raises(ColumnsUnreadable):
        load_recording(path)
