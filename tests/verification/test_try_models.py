from pathlib import Path

import cv2
import numpy as np
import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings
from skimage import data

from verification.conf import get_model_paths
from verification.vision.drawing import PICTURE_HEIGHT_PX
from verification.vision.frame_sources import FrameSource


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    if not get_model_paths().landmarker.is_file():
        pytest.skip("no face landmarker: run manage.py download_models")
    return tmp_path


@pytest.fixture
def picture(here: Path) -> Path:
    path = here / "portrait.png"
    rgb = data.astronaut()  # type: ignore[no-untyped-call]
    cv2.imwrite(str(path), cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))
    return path


@pytest.fixture
def clip(picture: Path) -> Path:
    path = picture.with_name("clip.avi")
    bgr = cv2.imread(str(picture))
    assert bgr is not None
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10, (512, 512))
    for _ in range(4):
        writer.write(bgr)
    writer.release()
    return path


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    call_command("try_models", *arguments)
    return " ".join(capsys.readouterr().out.split())


def test_it_tells_what_each_model_sees_in_a_picture(
    picture: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = run(capsys, str(picture))
    assert "one face" in told
    assert "happy" in told
    assert "a camera's face" in told


def test_it_draws_on_a_copy_of_the_picture(picture: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = picture.read_bytes()
    assert "portrait-seen.png" in run(capsys, str(picture))
    (drawn,) = FrameSource(picture.with_name("portrait-seen.png"))
    assert drawn.bgr.shape[0] == PICTURE_HEIGHT_PX
    assert picture.read_bytes() == before


def test_it_draws_a_clip_frame_by_frame(clip: Path, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = run(capsys, str(clip), "--out", str(here / "drawn.mp4"))
    assert "a face in 4 of 4 frames" in told
    source = FrameSource(here / "drawn.mp4")
    assert source.fps == pytest.approx(10)
    assert len(list(source)) == 4


def test_it_lists_missing_models_with_the_way_to_get_them(
    picture: Path, tmp_path: Path, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.DEEPFACE_HOME = tmp_path / "empty"
    told = run(capsys, str(picture))
    for name in ("fasnet_v2", "fasnet_v1se", "deepface_emotion"):
        assert f"missing {name}" in told
    assert "run manage.py download_models --all" in told
    assert not (tmp_path / "empty").exists()


def test_a_picture_without_a_face_is_no_error(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cv2.imwrite(str(here / "grey.png"), np.full((64, 64, 3), 90, dtype=np.uint8))
    assert "no face" in run(capsys, str(here / "grey.png"))


@pytest.mark.parametrize("name", ["broken.jpg", "broken.mp4"])
def test_unreadable_input_is_a_one_line_error(here: Path, name: str) -> None:
    (here / name).write_bytes(b"neither picture nor video")
    with pytest.raises(CommandError) as caught:
        call_command("try_models", name)
    assert name in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "name a picture or a clip"),
        (["a.png", "--camera", "0"], "name a picture or a clip"),
        (["absent.png"], "is not a file"),
        (["--camera", "97"], "no camera 97"),
    ],
)
def test_bad_arguments_are_one_line_errors(arguments: list[str], complaint: str) -> None:
    with pytest.raises(CommandError, match=complaint):
        call_command("try_models", *arguments)


def test_a_copy_of_the_wrong_kind_is_refused(picture: Path) -> None:
    with pytest.raises(CommandError, match=r"\.png"):
        call_command("try_models", str(picture), "--out", "drawn.mp4")


def test_without_a_landmarker_it_says_how_to_get_one(
    picture: Path, tmp_path: Path, settings: Settings
) -> None:
    settings.MEDIAPIPE_MODEL_PATH = tmp_path / "absent.task"
    with pytest.raises(CommandError, match="download_models"):
        call_command("try_models", str(picture))
