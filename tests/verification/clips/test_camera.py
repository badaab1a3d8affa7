from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.verification.clips.videos import write_video
from tests.verification.pictures import make_bgr
from verification.clips.camera import MARGIN_S, ClipCamera, encode_jpeg, open_clip
from verification.clips.segments import ClipError, Segment
from verification.liveness.actions import Action

FPS = 10.0
CAP = 262_144


def make_camera(frames: int) -> ClipCamera:
    return ClipCamera([number.to_bytes(2, "big") for number in range(frames)], FPS)


def take(camera: ClipCamera, count: int) -> list[int]:
    return [int.from_bytes(camera.take(), "big") for _ in range(count)]


@given(
    frames=st.integers(1, 60),
    aims=st.lists(st.tuples(st.integers(0, 600), st.integers(1, 100), st.integers(1, 40)), max_size=5),
)
def test_the_clip_is_walked_without_a_cut(frames: int, aims: list[tuple[int, int, int]]) -> None:
    camera = make_camera(frames)
    seen = take(camera, 1)
    for start, length, count in aims:
        camera.aim(Segment(Action.NOD, start / 100, (start + length) / 100))
        seen += take(camera, count)
    assert all(abs(after - before) <= 1 for before, after in pairwise(seen))
    assert all(0 <= number < frames for number in seen)


@given(frames=st.integers(2, 80), start=st.integers(0, 60), length=st.integers(1, 20))
def test_the_camera_gets_to_the_segment_and_stays_by_it(frames: int, start: int, length: int) -> None:
    camera = make_camera(frames)
    segment = Segment(Action.NOD, start / FPS, (start + length) / FPS)
    camera.aim(segment)
    take(camera, 2 * frames)
    seen = take(camera, 4 * frames)
    margin = round(MARGIN_S * FPS) + 1
    assert min(seen) >= min(start, frames - 1) - margin
    assert max(seen) <= start + length + margin
    assert set(range(start, min(start + length, frames))) <= set(seen)


def test_without_a_segment_the_whole_clip_is_walked_to_and_fro() -> None:
    camera = make_camera(4)
    camera.aim(None)
    assert take(camera, 8) == [0, 1, 2, 3, 2, 1, 0, 1]


def test_a_video_file_becomes_a_camera_of_its_own_rate(tmp_path: Path) -> None:
    path = write_video(tmp_path / "clip.avi", [make_bgr(seed=seed) for seed in range(12)], fps=12.0)
    heard: list[None] = []
    camera = open_clip(path, max_frame_bytes=CAP, on_frame=lambda: heard.append(None))
    assert (camera.frame_count, camera.fps, camera.duration_s) == (12, 12.0, 1.0)
    assert len(heard) == 12


def test_a_fast_video_is_thinned_to_what_a_camera_sends(tmp_path: Path) -> None:
    path = write_video(tmp_path / "clip.avi", [make_bgr(seed=seed) for seed in range(12)], fps=60.0)
    camera = open_clip(path, max_frame_bytes=CAP)
    assert (camera.frame_count, camera.fps) == (6, 30.0)


def test_a_large_video_is_shrunk_and_keeps_its_shape(tmp_path: Path) -> None:
    path = write_video(tmp_path / "clip.avi", [make_bgr(1920, 1080)], fps=10.0)
    data = open_clip(path, max_frame_bytes=CAP).take()
    decoded = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert decoded is not None
    assert decoded.shape == (720, 1280, 3)


def test_a_frame_that_is_too_large_is_encoded_more_coarsely() -> None:
    noisy = np.random.default_rng(1).integers(0, 255, (480, 640, 3), dtype=np.uint8)
    fine, coarse = encode_jpeg(noisy, 10_000_000), encode_jpeg(noisy, 200_000)
    assert len(coarse) <= 200_000 < len(fine)
    with pytest.raises(ClipError, match="does not fit into 1000 bytes"):
        encode_jpeg(noisy, 1_000)


def test_a_file_that_is_absent_empty_or_no_video_is_an_error(tmp_path: Path) -> None:
    absent, empty, text = tmp_path / "absent.mp4", tmp_path / "empty.mp4", tmp_path / "text.mp4"
    empty.touch()
    text.write_text("this is no video" * 100)
    for path in (absent, empty, text, tmp_path):
        with pytest.raises(ClipError, match=path.name):
            open_clip(path, max_frame_bytes=CAP)
