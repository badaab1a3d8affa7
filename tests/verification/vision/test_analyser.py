import hashlib
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.verification.vision.conftest import MAX_PIXELS, require
from tests.verification.vision.pictures import encode, forge_jpeg_header
from verification.liveness.observation import FaceObservation, SampledModel
from verification.vision.analyser import FrameAnalyser, ModelPaths, VisionModels, load_models
from verification.vision.decode import DecodedFrame, decode_image, frame_from_bgr
from verification.vision.frame_sources import FrameSource
from verification.vision.image_header import FrameRejected
from verification.vision.landmarks import FaceLandmarkerMissing

EVERY_MODEL = frozenset(SampledModel)


def test_a_frame_with_a_face_fills_every_field(
    analyser: FrameAnalyser, models: VisionModels, portrait: DecodedFrame
) -> None:
    require(models, "fer_emotion", "mesonet4")
    seen = analyser.analyse(encode(portrait.bgr), 0, EVERY_MODEL)
    assert (seen.width_px, seen.height_px, seen.face_count) == (512, 512, 1)
    assert seen.face is not None
    assert 100 < seen.face.luma_mean < 220
    assert seen.emotions is not None
    assert seen.emotions["happy"] > 0.8
    assert seen.deepfake is not None
    assert 0 <= seen.deepfake <= 1
    assert (seen.texture is None) is (models.texture is None)


def test_the_box_is_the_landmarks_in_fractions_of_the_frame(
    analyser: FrameAnalyser, portrait: DecodedFrame
) -> None:
    face = analyser.analyse_decoded(portrait, 0).face
    assert face is not None
    left, top = face.landmarks_px.min(axis=0) / 512
    right, bottom = face.landmarks_px.max(axis=0) / 512
    box = face.box
    assert (box.x, box.y) == pytest.approx((left, top), abs=1e-5)
    assert (box.x + box.width, box.y + box.height) == pytest.approx((right, bottom), abs=1e-5)


def test_the_box_of_a_face_that_is_cut_off_stays_in_the_frame(
    analyser: FrameAnalyser, portrait: DecodedFrame
) -> None:
    seen = analyser.analyse_decoded(frame_from_bgr(np.ascontiguousarray(portrait.bgr[:, 205:])), 0)
    assert seen.face is not None
    box = seen.face.box
    assert box.x == 0
    assert box.x + box.width <= 1
    assert seen.face.landmarks_px[:, 0].min() < 0


def test_of_two_faces_the_larger_is_described(analyser: FrameAnalyser, portrait: DecodedFrame) -> None:
    large = portrait.bgr[:300, 90:370]
    small = cv2.resize(large, None, fx=0.6, fy=0.6, interpolation=cv2.INTER_AREA)
    scene = np.zeros((300, small.shape[1] + 280, 3), dtype=np.uint8)
    scene[: small.shape[0], : small.shape[1]] = small
    scene[:, small.shape[1] :] = large
    seen = analyser.analyse_decoded(frame_from_bgr(scene), 0)
    assert seen.face_count == 2
    assert seen.face is not None
    assert seen.face.box.centre[0] * scene.shape[1] > small.shape[1]


def test_a_frame_without_a_face_has_no_scores(analyser: FrameAnalyser) -> None:
    seen = analyser.analyse(encode(np.full((48, 64, 3), 90, dtype=np.uint8)), 0, EVERY_MODEL)
    assert (seen.face_count, seen.face) == (0, None)
    assert (seen.texture, seen.emotions, seen.deepfake) == (None, None, None)
    assert seen.luma_thumbnail.shape == (32, 32)
    assert set(seen.luma_thumbnail.ravel().tolist()) <= {89, 90, 91}


def test_only_the_models_asked_for_run(analyser: FrameAnalyser, portrait: DecodedFrame) -> None:
    seen = analyser.analyse_decoded(portrait, 0, frozenset({SampledModel.DEEPFAKE}))
    assert seen.deepfake is not None
    assert (seen.texture, seen.emotions) == (None, None)
    assert analyser.analyse_decoded(portrait, 40).deepfake is None


def test_equal_pictures_have_equal_digests_and_others_do_not(
    analyser: FrameAnalyser, portrait: DecodedFrame
) -> None:
    changed = portrait.luma.copy()
    changed[0, 0] ^= 1
    first, again = analyser.analyse_decoded(portrait, 0), analyser.analyse_decoded(portrait, 40)
    other = analyser.analyse_decoded(DecodedFrame(portrait.bgr, changed), 80)
    assert first.luma_digest == again.luma_digest != other.luma_digest
    assert first.luma_digest == hashlib.sha256(portrait.luma.tobytes()).digest()[:16]


def test_the_thumbnail_is_the_luma_planes_area_average(
    analyser: FrameAnalyser, portrait: DecodedFrame
) -> None:
    thumbnail = analyser.analyse_decoded(portrait, 0).luma_thumbnail
    means = portrait.luma.reshape(32, 16, 32, 16).mean(axis=(1, 3))
    assert thumbnail.dtype == np.uint8
    assert np.abs(thumbnail - means).max() <= 1


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b"no picture at all", "not_an_image"),
        (forge_jpeg_header(20_000, 20_000), "too_many_pixels"),
    ],
    ids=["empty", "text", "huge"],
)
def test_bad_bytes_are_refused_and_the_next_frame_is_seen(
    analyser: FrameAnalyser, portrait: DecodedFrame, data: bytes, code: str
) -> None:
    with pytest.raises(FrameRejected) as caught:
        analyser.analyse(data, 0, EVERY_MODEL)
    assert caught.value.code == code
    assert analyser.analyse(encode(portrait.bgr), 0).face_count == 1


def test_analysers_of_several_sessions_share_the_models_across_threads(
    models: VisionModels, portrait: DecodedFrame
) -> None:
    require(models, "face_landmarker", "fer_emotion", "mesonet4")
    data = encode(portrait.bgr)

    def run_session(_: int) -> list[FaceObservation]:
        with FrameAnalyser(models, max_pixels=MAX_PIXELS) as analyser:
            return [analyser.analyse(data, 40 * index, EVERY_MODEL) for index in range(4)]

    with ThreadPoolExecutor(4) as pool:
        sessions = list(pool.map(run_session, range(4)))
    for seen in zip(*sessions, strict=True):
        assert len({(observation.deepfake, observation.texture) for observation in seen}) == 1
        assert {observation.face_count for observation in seen} == {1}


def test_faces_that_come_and_go_are_followed(analyser: FrameAnalyser, clips_dir: Path) -> None:
    """The clip shows no face until 3.5 s, and one face after it."""
    counts: dict[bool, Counter[int]] = {False: Counter(), True: Counter()}
    for frame in FrameSource(clips_dir / "bona_fide" / "pyfeat_noface_face.mov"):
        if not 3200 <= frame.at_ms <= 4200:
            seen = analyser.analyse_decoded(frame_from_bgr(frame.bgr), frame.at_ms)
            counts[frame.at_ms > 4200][seen.face_count] += 1
    assert counts[False][0] / counts[False].total() > 0.95
    assert counts[True][1] / counts[True].total() > 0.95


def test_a_printed_face_beside_a_living_one_is_counted(analyser: FrameAnalyser, clips_dir: Path) -> None:
    counts = Counter(
        analyser.analyse_decoded(frame_from_bgr(frame.bgr), frame.at_ms).face_count
        for frame in FrameSource(clips_dir / "attack_presentation" / "minivision_anti-face-spoofing.gif")
    )
    assert counts[2] > 5


def test_a_landmarker_of_unknown_digest_is_refused(models: VisionModels, tmp_path: Path) -> None:
    require(models, "face_landmarker")
    changed = tmp_path / "face_landmarker.task"
    changed.write_bytes(models.landmarker_path.read_bytes() + b"\0")
    paths = ModelPaths(changed, tmp_path / "mesonet4.onnx", tmp_path)
    with pytest.raises(FaceLandmarkerMissing, match="SHA-256"):
        FrameAnalyser(load_models(paths), max_pixels=MAX_PIXELS)


def test_decoding_and_analysing_bytes_is_analysing_the_decoded_frame(
    models: VisionModels, portrait: DecodedFrame
) -> None:
    require(models, "face_landmarker")
    data = encode(portrait.bgr)
    with (
        FrameAnalyser(models, max_pixels=MAX_PIXELS) as first,
        FrameAnalyser(models, max_pixels=MAX_PIXELS) as second,
    ):
        from_bytes = first.analyse(data, 0)
        from_frame = second.analyse_decoded(decode_image(data, max_pixels=MAX_PIXELS), 0)
    assert from_bytes.luma_digest == from_frame.luma_digest
    assert from_bytes.face is not None
    assert from_frame.face is not None
    assert np.array_equal(from_bytes.face.landmarks_px, from_frame.face.landmarks_px)
