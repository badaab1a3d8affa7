"""Exit statuses and errors of verify_clip, before clips made by code."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from pytest_django import Settings

from tests.verification.clips.performed import FPS, PerformedClip
from tests.verification.clips.videos import write_video
from tests.verification.pictures import make_bgr
from verification.inference import get_models
from verification.management.commands.verify_clip import Command
from verification.vision.decode import decode_image

THREE_ACTIONS = "turn_left@0-1,turn_right@0-1,smile@0-1"
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Run:
    """Run the command as manage.py does; its exit status, output and errors, C libraries' included."""

    def run_command(*arguments: object) -> tuple[int, str, str]:
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            Command().run_from_argv(["manage.py", "verify_clip", *map(str, arguments)])
        assert isinstance(ended.value.code, int)
        out, err = capfd.readouterr()
        return ended.value.code, out, err

    return run_command


@pytest.fixture
def faceless_clip(tmp_path: Path) -> Path:
    """Eight seconds in which nobody is seen."""
    return write_video(tmp_path / "nobody.avi", [make_bgr(seed=seed) for seed in range(40)], fps=5.0)


@pytest.fixture
def acted_clip(tmp_path: Path, performed_clip: PerformedClip, settings: Settings) -> tuple[Path, str]:
    """The simulated capture subject on video, and where it does what; the floors are lowered for it."""
    settings.POL_FLOORS = "0,0,0"
    settings.POL_PASS_THRESHOLD = 0.01
    settings.POL_CHALLENGE_COUNT = "3"
    frames = (decode_image(frame, max_pixels=10**6).bgr for frame in performed_clip.frames)
    path = write_video(tmp_path / "acted.avi", frames, fps=FPS)
    actions = ",".join(f"{s.action}@{s.start_s:.2f}-{s.end_s:.2f}" for s in performed_clip.segments)
    return path, actions


def test_a_pass_is_status_0_and_prints_the_scores(run: Run, acted_clip: tuple[Path, str]) -> None:
    path, actions = acted_clip
    status, out, err = run(path, "--actions", actions, "--seed", "3")
    assert status == 0
    assert "pass: verified" in out
    assert "parallax" in out
    assert "3/3" in err


def test_the_verdict_is_json_alone_on_standard_output(run: Run, acted_clip: tuple[Path, str]) -> None:
    path, actions = acted_clip
    status, out, _ = run(path, "--actions", actions, "--seed", "3", "--json")
    verdict = json.loads(out)
    assert (status, verdict["decision"]) == (0, "pass")
    assert set(verdict["scores"]) == {"liveness", "emotion", "deepfake", "final"}
    assert [challenge["outcome"] for challenge in verdict["challenges"]] == ["passed"] * 4


def test_a_fail_is_status_1(run: Run, acted_clip: tuple[Path, str], settings: Settings) -> None:
    settings.POL_PASS_THRESHOLD = 1.0
    path, actions = acted_clip
    status, out, _ = run(path, "--actions", actions, "--json")
    assert (status, json.loads(out)["reason"]) == (1, "score_below_threshold")


def test_nobody_there_is_inconclusive_and_status_2(run: Run, faceless_clip: Path, settings: Settings) -> None:
    settings.POL_CHALLENGE_TIMEOUT_SECONDS = 3
    status, out, _ = run(faceless_clip, "--actions", THREE_ACTIONS, "--json")
    assert (status, json.loads(out)["reason"]) == (2, "no_response")


def assert_could_not_run(result: tuple[int, str, str], told: str) -> None:
    status, out, err = result
    assert status == 3
    assert out == ""
    lines = [
        line for line in err.splitlines() if line and not line.startswith(("W0000", "I0000", "WARNING: All"))
    ]
    assert told in lines[-1]
    assert "Traceback" not in err
    assert len([line for line in lines if "frames," not in line]) == 1, err


def test_files_that_cannot_be_read_are_one_line_and_status_3(run: Run, tmp_path: Path) -> None:
    empty, text = tmp_path / "empty.mp4", tmp_path / "text.mp4"
    empty.touch()
    text.write_text("this is no video" * 100)
    assert_could_not_run(run(tmp_path / "absent.mp4", "--actions", THREE_ACTIONS), "absent.mp4 is not a file")
    assert_could_not_run(run(empty, "--actions", THREE_ACTIONS), "empty.mp4")
    assert_could_not_run(run(text, "--actions", THREE_ACTIONS), "text.mp4")


def test_a_video_without_a_frame_is_one_line_and_status_3(run: Run, faceless_clip: Path) -> None:
    data = faceless_clip.read_bytes()
    faceless_clip.write_bytes(data[: data.index(b"movi") + 4])
    assert_could_not_run(run(faceless_clip, "--actions", THREE_ACTIONS), "nobody.avi")


@pytest.mark.parametrize(
    ("actions", "told"),
    [
        ("jump@0-1", "unknown action 'jump'"),
        ("smile", "'smile' is not like"),
        (THREE_ACTIONS + ",nod@7-9.5", "nod@7-9.5 lies outside the clip, which lasts 8.0 s"),
        ("smile@0-1", "the clip shows too few actions"),
        ("smile@0-1,blink@1-2,open_mouth@2-3", "No head movement"),
    ],
)
def test_actions_that_do_not_fit_are_one_line_and_status_3(
    run: Run, faceless_clip: Path, actions: str, told: str
) -> None:
    assert_could_not_run(run(faceless_clip, "--actions", actions), told)


def test_a_server_that_does_not_answer_is_one_line_and_status_3(run: Run, faceless_clip: Path) -> None:
    for url in ("http://127.0.0.1:1", "nonsense"):
        assert_could_not_run(run(faceless_clip, "--actions", THREE_ACTIONS, "--url", url), "does not answer")


def test_a_missing_landmarker_is_one_line_and_status_3(
    run: Run, faceless_clip: Path, settings: Settings, tmp_path: Path
) -> None:
    settings.MEDIAPIPE_MODEL_PATH = tmp_path / "absent.task"
    get_models.cache_clear()
    try:
        status, out, err = run(faceless_clip, "--actions", THREE_ACTIONS)
    finally:
        get_models.cache_clear()
    assert (status, out) == (3, "")
    assert "download_models" in err
    assert "Traceback" not in err


@pytest.mark.parametrize("arguments", [[], ["clip.mp4"], ["clip.mp4", "--actions"], ["--nonsense"]])
def test_a_wrong_or_missing_option_is_status_3_too(run: Run, arguments: list[str]) -> None:
    status, out, err = run(*arguments)
    assert (status, out) == (3, "")
    assert "usage:" in err or "--actions" in err
