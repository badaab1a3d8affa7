from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.verification.vision.pictures import paint_gradient
from verification.vision.drawn_copy import CopyUnwritable, DrawnCopy
from verification.vision.frame_sources import FrameSource


@pytest.mark.parametrize("suffix", [".mp4", ".avi", ".webm"])
def test_a_video_holds_the_frames_at_their_rate(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"copy{suffix}"
    with DrawnCopy(path, 12, is_picture=False) as copy:
        for _ in range(5):
            copy.write(paint_gradient())
    source = FrameSource(path)
    assert source.fps == pytest.approx(12)
    assert [frame.bgr.shape for frame in source] == [(48, 64, 3)] * 5


def test_a_picture_is_written_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "copy.png"
    with DrawnCopy(path, 1, is_picture=True) as copy:
        copy.write(paint_gradient())
    written = cv2.imread(str(path))
    assert written is not None
    assert np.array_equal(written, paint_gradient())


@pytest.mark.parametrize(("name", "is_picture"), [("a.mp4", True), ("a.png", False), ("a", False)])
def test_a_suffix_that_does_not_fit_is_refused_with_those_that_do(
    tmp_path: Path, name: str, *, is_picture: bool
) -> None:
    with pytest.raises(CopyUnwritable, match=r"\.png" if is_picture else r"\.mp4"):
        DrawnCopy(tmp_path / name, 1, is_picture=is_picture)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(CopyUnwritable, match="not a folder"):
        DrawnCopy(tmp_path / "absent" / "a.png", 1, is_picture=True)


@pytest.mark.parametrize("is_picture", [True, False])
def test_a_place_that_cannot_be_written_is_named(tmp_path: Path, *, is_picture: bool) -> None:
    path = tmp_path / ("a.png" if is_picture else "a.avi")
    path.mkdir()
    with (
        DrawnCopy(path, 10, is_picture=is_picture) as copy,
        pytest.raises(CopyUnwritable, match="can't write"),
    ):
        copy.write(paint_gradient())
