"""A clip of a living person passes; a still of it and a print of it do not. The clip comes from POL_CLIPS."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from pytest_django import Settings

from tests.verification.clips.videos import read_frame, show_flat_photo, write_video

CLIP = "bona_fide/st_katiehill.mp4"
ACTIONS = (
    "nod@0.2-2.0,look_up@4.6-5.9,open_mouth@6.4-6.9,blink@6.6-7.1,"
    "raise_eyebrows@2.2-2.9,look_straight@3.5-4.5"
)
FPS = 12.0


@pytest.fixture(scope="module")
def clip(clips_dir: Path) -> Path:
    path = clips_dir / CLIP
    if not path.is_file():
        pytest.skip(f"POL_CLIPS holds no {CLIP}")
    return path


def verify(clip: Path, capsys: pytest.CaptureFixture[str], **options: Any) -> tuple[int, dict[str, Any]]:
    with pytest.raises(SystemExit) as ended:
        call_command("verify_clip", clip, actions=ACTIONS, json=True, **options)
    assert isinstance(ended.value.code, int)
    return ended.value.code, json.loads(capsys.readouterr().out)


def test_a_living_person_passes(clip: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, verdict = verify(clip, capsys, seed=7)
    assert (status, verdict["decision"], verdict["reason"]) == (0, "pass", "verified"), verdict


def test_a_still_of_the_person_fails(clip: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    still = read_frame(clip, 4.0)
    frozen = write_video(tmp_path / "frozen.avi", [still] * round(8 * FPS), fps=FPS)
    status, verdict = verify(frozen, capsys)
    assert (status, verdict["decision"], verdict["reason"]) == (1, "fail", "injection_suspected"), verdict


def test_a_print_of_the_person_turned_before_the_camera_fails(
    clip: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path, settings: Settings
) -> None:
    settings.POL_CHALLENGE_TIMEOUT_SECONDS = 8
    photo = show_flat_photo(read_frame(clip, 4.0), seconds=8, fps=FPS)
    status, verdict = verify(write_video(tmp_path / "flat.avi", photo, fps=FPS), capsys)
    assert (status, verdict["decision"]) == (1, "fail"), verdict
