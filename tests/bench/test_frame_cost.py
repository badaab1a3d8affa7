"""Small runs of the real thing: what a figure says matters, not how large it is."""

import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from bench.frames import FrameSet, fit_frame, load_frames
from bench.measure import Steps
from bench.own_pipeline import AmortisedCost, StepTimer
from bench.plain_process import PlainPipeline, PlainPipelineError
from verification.inference import get_models
from verification.vision.image_header import read_header


@pytest.fixture(scope="module")
def frames() -> FrameSet:
    if not get_models().is_ready:
        pytest.skip("models are not installed; run manage.py download_models")
    return load_frames(12)


def test_frames_are_as_the_page_sends_them(frames: FrameSet) -> None:
    assert {(header.width_px, header.height_px) for header in map(read_header, frames.jpegs)} == {(640, 480)}


@pytest.mark.parametrize("shape", [(480, 640), (720, 1280), (1364, 720), (512, 512)])
def test_the_middle_of_any_picture_is_taken(shape: tuple[int, int]) -> None:
    picture = np.zeros((*shape, 3), dtype=np.uint8)
    cv2.circle(picture, (shape[1] // 2, shape[0] // 2), 30, (255, 255, 255), -1)
    fitted = fit_frame(picture)
    assert fitted.shape == (480, 640, 3)
    assert fitted[240, 320].min() == 255


def test_every_step_is_timed_on_every_frame_with_a_face(frames: FrameSet) -> None:
    steps = Steps()
    StepTimer(steps).measure(frames.jpegs)
    noted = {name: entry["n"] for name, entry in steps.summarise().items()}
    assert {"decode", "landmarks", "description", "emotion", "deepfake", "session"} <= set(noted)
    assert set(noted.values()) == {len(frames.jpegs) - 5}


def test_amortised_cost_is_of_whole_frames_and_says_how_often_models_looked(frames: FrameSet) -> None:
    own = AmortisedCost()
    own.measure(frames.jpegs, seed=0)
    assert len(own.frames_ms) == len(frames.jpegs)
    assert own.mean_cpu_ms > 0
    assert 0 < own.shares["deepfake"] < 1


def test_a_missing_environment_is_named(tmp_path: Path) -> None:
    with pytest.raises(PlainPipelineError, match="make bench"):
        PlainPipeline(tmp_path / "python", [])


def test_a_plain_pipeline_that_cannot_start_is_told() -> None:
    with pytest.raises(PlainPipelineError, match="by hand"):
        PlainPipeline(Path(sys.executable), [b""])
