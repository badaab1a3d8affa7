from pathlib import Path

import cv2
import numpy as np
import pytest

from training.corpus import read_note, read_people
from training.options import parse_options
from training.portraits import StillLandmarker, list_clips, list_pictures, read_frames


def write_picture(path: Path, level: int) -> None:
    cv2.imwrite(str(path), np.full((32, 32, 3), level, np.uint8))


def test_a_picture_stored_under_two_names_is_read_once(tmp_path: Path) -> None:
    write_picture(tmp_path / "a.png", 10)
    write_picture(tmp_path / "b.png", 10)
    write_picture(tmp_path / "c.png", 200)
    assert [path.name for path in list_pictures(tmp_path)] == ["a.png", "c.png"]


def test_a_table_beside_the_folder_says_which_pictures_count(tmp_path: Path) -> None:
    folder = tmp_path / "faces"
    folder.mkdir()
    for level, name in enumerate(("a.png", "b.png", "c.png")):
        write_picture(folder / name, level * 40)
    (tmp_path / "faces.tsv").write_text("file\twidth\na.png\t32\nc.png\t32\n", encoding="utf-8")
    assert [path.name for path in list_pictures(folder)] == ["a.png", "c.png"]


def test_a_folder_without_pictures_or_clips_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("nothing", encoding="utf-8")
    with pytest.raises(FileNotFoundError, match="no pictures"):
        list_pictures(tmp_path)
    with pytest.raises(FileNotFoundError, match="no clips"):
        list_clips(tmp_path)


@pytest.mark.parametrize(("asked", "given"), [(5, 5), (1, 1), (100, 20)])
def test_frames_are_taken_evenly_over_a_clip_and_never_more_than_it_has(
    tmp_path: Path, asked: int, given: int
) -> None:
    clip = tmp_path / "clip.avi"
    writer = cv2.VideoWriter(str(clip), cv2.VideoWriter.fourcc(*"MJPG"), 10, (64, 64))
    for index in range(20):
        writer.write(np.full((64, 64, 3), index * 12, np.uint8))
    writer.release()
    levels = [frame.mean() / 12 for frame in read_frames(clip, asked)]
    assert len(levels) == given
    assert np.allclose(levels, np.linspace(0, 19, given).round(), atol=0.5)


def test_a_file_that_is_no_clip_gives_no_frames(tmp_path: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"not a picture")
    assert list(read_frames(broken, 5)) == []


def test_a_missing_landmark_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"absent\.task"):
        StillLandmarker(tmp_path / "absent.task")


def test_people_are_read_one_a_line_without_comments(tmp_path: Path) -> None:
    listed = tmp_path / "people.txt"
    listed.write_text("# by eye\na.jpg b.mp4\n\nc.jpg d.jpg\n", encoding="utf-8")
    assert read_people(listed) == [["a.jpg", "b.mp4"], ["c.jpg", "d.jpg"]]
    assert read_people(None) == []


def test_data_that_nobody_described_are_called_so() -> None:
    assert read_note(None) == "The data were not described."


def test_help_shows_examples(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        parse_options(["--help"])
    assert stop.value.code == 0
    shown = capsys.readouterr().out
    assert "examples:" in shown
    assert "--minutes" in shown


def test_portraits_must_be_given(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        parse_options([])
    assert stop.value.code == 2
    assert "--portraits" in capsys.readouterr().err


def test_what_is_not_given_has_its_default(tmp_path: Path) -> None:
    options = parse_options(["--portraits", str(tmp_path), "--probe", str(tmp_path), "--minutes", "2"])
    assert (options.seed, options.minutes, options.reuse) == (2018, 2.0, False)
    assert options.probe == [tmp_path]


@pytest.mark.parametrize(
    "option", ["--clips", "--probe", "--compare", "--same-person", "--about", "--initial-mesonet"]
)
def test_a_mistyped_path_is_refused_before_any_work(
    tmp_path: Path, option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stop:
        parse_options(["--portraits", str(tmp_path), option, str(tmp_path / "absent")])
    assert stop.value.code == 2
    assert f"{option}: there is no {tmp_path / 'absent'}" in capsys.readouterr().err
