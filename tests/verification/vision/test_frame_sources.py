from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.verification.vision.pictures import encode, paint_gradient
from verification.vision.frame_sources import MAX_SIDE_PX, FrameSource, SourceUnreadable


def write_clip(path: Path, frames: int, fps: float = 10) -> Path:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), fps, (64, 48))
    for index in range(frames):
        writer.write(np.full((48, 64, 3), 10 * index, dtype=np.uint8))
    writer.release()
    return path


def test_a_picture_is_one_frame(tmp_path: Path) -> None:
    path = tmp_path / "picture.PNG"
    path.write_bytes(encode(paint_gradient(), ".png"))
    source = FrameSource(path)
    (frame,) = source
    assert source.is_picture
    assert np.array_equal(frame.bgr, paint_gradient())


def test_a_clip_gives_every_frame_at_its_time(tmp_path: Path) -> None:
    source = FrameSource(write_clip(tmp_path / "clip.avi", 8))
    frames = list(source)
    assert (source.fps, source.frame_count, source.is_picture) == (10, 8, False)
    assert [frame.at_ms for frame in frames] == [0, 100, 200, 300, 400, 500, 600, 700]
    assert frames[7].bgr.mean() == pytest.approx(70, abs=3)


def test_a_large_picture_is_shrunk_in_proportion(tmp_path: Path) -> None:
    path = tmp_path / "large.png"
    path.write_bytes(encode(np.zeros((1000, 4000, 3), dtype=np.uint8), ".png"))
    (frame,) = FrameSource(path)
    assert frame.bgr.shape == (480, MAX_SIDE_PX, 3)


@pytest.mark.parametrize("name", ["broken.jpg", "broken.mp4"])
def test_a_file_that_cannot_be_decoded_is_named(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"neither picture nor video")
    with pytest.raises(SourceUnreadable, match="broken"):
        list(FrameSource(path))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceUnreadable, match="is not a file"):
        FrameSource(tmp_path / "absent.mp4")


def test_a_camera_that_is_not_there_is_named() -> None:
    with pytest.raises(SourceUnreadable, match="no camera 97"):
        FrameSource(97)
