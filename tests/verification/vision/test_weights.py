import hashlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verification.vision.weights import (
    MANIFEST,
    PROJECT_DEEPFAKE_WEIGHTS,
    PROJECT_MODELS,
    ModelFile,
    ModelName,
    ModelPaths,
    accept_digest,
    digest_file,
    forget_digest,
    is_trusted,
    read_accepted_digest,
)

CONTENT = b"weights"
DIGEST = hashlib.sha256(CONTENT).hexdigest()
LISTED = ModelFile(ModelName.FASNET_FIRST, "a.onnx", "a test", "MIT", digests=frozenset({DIGEST}))


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    path = tmp_path / "a.onnx"
    path.write_bytes(CONTENT)
    return path


def test_every_file_but_the_projects_own_has_a_source_and_a_licence() -> None:
    for model in MANIFEST.values():
        assert model.licence
        assert model.url or model.package or model.name in PROJECT_MODELS


def test_every_listed_digest_is_a_sha256() -> None:
    for model in MANIFEST.values():
        assert all(len(bytes.fromhex(digest)) == 32 for digest in model.digests)


def test_what_the_main_job_needs_is_to_be_had_from_a_package_registry() -> None:
    required = [model for model in MANIFEST.values() if model.is_required]
    assert [model.name for model in required] == [ModelName.FACE_LANDMARKER, ModelName.FER_EMOTION]
    assert all(model.package is not None and model.digests for model in required)


def test_deepfaces_files_lie_where_deepface_looks_for_them() -> None:
    paths = ModelPaths(Path("/m/face.task"), Path("/d/mesonet4.onnx"), Path("/home"))
    folder = Path("/home/.deepface/weights")
    assert paths.locate(ModelName.FASNET_FIRST) == folder / "2.7_80x80_MiniFASNetV2.onnx"
    assert paths.locate(ModelName.DEEPFACE_EMOTION) == folder / "facial_expression_model_weights.onnx"


def test_files_that_this_project_fetches_lie_beside_the_landmarker() -> None:
    paths = ModelPaths(Path("/m/face.task"), Path("/d/mesonet4.onnx"), Path("/home"))
    assert paths.locate(ModelName.FACE_LANDMARKER) == Path("/m/face.task")
    assert paths.locate(ModelName.FER_EMOTION) == Path("/m/fer_mini_xception.onnx")
    assert paths.locate(ModelName.MESONET4) == Path("/d/mesonet4.onnx")


def test_a_listed_digest_is_trusted(weights: Path) -> None:
    assert is_trusted(LISTED, weights)


def test_an_absent_file_is_not_trusted(tmp_path: Path) -> None:
    assert not is_trusted(LISTED, tmp_path / "absent.onnx")


@given(content=st.binary(max_size=50).filter(lambda content: content != CONTENT))
def test_any_other_content_is_not_trusted(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other.onnx"
    path.write_bytes(content)
    assert not is_trusted(LISTED, path)


def test_an_accepted_digest_is_trusted_until_the_file_changes(weights: Path) -> None:
    weights.write_bytes(b"other weights")
    accept_digest(weights, digest_file(weights))
    assert is_trusted(LISTED, weights)
    weights.write_bytes(b"changed")
    assert not is_trusted(LISTED, weights)


def test_a_forgotten_digest_is_no_longer_trusted(weights: Path) -> None:
    weights.write_bytes(b"other weights")
    accept_digest(weights, digest_file(weights))
    forget_digest(weights)
    forget_digest(weights)
    assert not is_trusted(LISTED, weights)


@pytest.mark.parametrize("note", [b"", b"\n", b"\xff\xfe"])
def test_a_note_that_says_nothing_accepts_nothing(weights: Path, note: bytes) -> None:
    weights.with_name("a.onnx.sha256").write_bytes(note)
    assert read_accepted_digest(weights) is None


def test_the_source_digest_of_a_converted_file_does_not_vouch_for_the_result(weights: Path) -> None:
    converted = ModelFile(
        ModelName.FER_EMOTION, "a.onnx", "a test", "MIT", digests=frozenset({DIGEST}), fetched_name="a.hdf5"
    )
    assert not is_trusted(converted, weights)
    accept_digest(weights, DIGEST)
    assert is_trusted(converted, weights)


def test_the_projects_weights_are_those_of_their_model_card() -> None:
    assert is_trusted(MANIFEST[ModelName.MESONET4], PROJECT_DEEPFAKE_WEIGHTS)


@pytest.mark.parametrize("card", ["not json", "[]", "{}", json.dumps({"model": {"sha256": "00"}})])
def test_deepfake_weights_that_contradict_their_card_are_not_trusted(weights: Path, card: str) -> None:
    weights.with_suffix(".json").write_text(card, encoding="utf-8")
    assert not is_trusted(MANIFEST[ModelName.MESONET4], weights)


def test_deepfake_weights_without_a_card_are_the_operators_own_choice(weights: Path) -> None:
    assert is_trusted(MANIFEST[ModelName.MESONET4], weights)
