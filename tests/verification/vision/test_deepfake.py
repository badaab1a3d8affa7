from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.verification.vision.networks import make_mean_network
from verification.vision.crop import PixelBox
from verification.vision.decode import DecodedFrame
from verification.vision.deepfake import LEAST_SCORE, DeepfakeModel, average_scores
from verification.vision.onnx_session import ModelUnreadable
from verification.vision.weights import PROJECT_DEEPFAKE_WEIGHTS

SCORES = st.lists(st.floats(0, 1), min_size=2, max_size=4)


@pytest.fixture(scope="module")
def served() -> DeepfakeModel:
    """Both networks, as they serve."""
    companion = DeepfakeModel(PROJECT_DEEPFAKE_WEIGHTS.with_name("mobilenetv2.onnx"))
    return DeepfakeModel(PROJECT_DEEPFAKE_WEIGHTS).with_companion(companion)


def test_the_projects_weights_call_a_real_portrait_genuine(
    served: DeepfakeModel, portrait: DecodedFrame, portrait_box: PixelBox
) -> None:
    assert 0.5 < served.score(portrait.bgr, portrait_box) <= 1


@given(seed=st.integers(0, 10_000), x=st.floats(-400, 900), side=st.floats(0.5, 700))
def test_any_picture_and_box_has_a_score_between_0_and_1(
    served: DeepfakeModel, seed: int, x: float, side: float
) -> None:
    noise = np.random.default_rng(seed).integers(0, 256, (60, 80, 3), dtype=np.uint8)
    assert 0 <= served.score(noise, PixelBox(x, x, side, side)) <= 1


def test_the_network_is_fed_values_from_0_to_1(tmp_path: Path) -> None:
    path = tmp_path / "mean.onnx"
    path.write_bytes(make_mean_network([1, 256, 256, 3], 1))
    grey = np.full((90, 90, 3), 51, dtype=np.uint8)
    assert DeepfakeModel(path).score(grey, PixelBox(20, 20, 30, 30)) == pytest.approx(0.2, abs=1e-4)


def test_a_companion_that_agrees_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "mean.onnx"
    path.write_bytes(make_mean_network([1, 256, 256, 3], 1))
    alone, grey = DeepfakeModel(path), np.full((90, 90, 3), 51, dtype=np.uint8)
    both = alone.with_companion(DeepfakeModel(path))
    assert both.score(grey, PixelBox(20, 20, 30, 30)) == pytest.approx(0.2, abs=1e-4)
    assert alone.score(grey, PixelBox(20, 20, 30, 30)) == pytest.approx(0.2, abs=1e-4)


@given(scores=SCORES)
def test_the_average_lies_between_the_scores_and_not_at_the_ends(scores: list[float]) -> None:
    average = average_scores(scores)
    assert LEAST_SCORE * 0.999 <= average <= 1 - LEAST_SCORE * 0.999
    assert min(max(min(scores), LEAST_SCORE), 1 - LEAST_SCORE) - 1e-9 <= average
    assert average <= max(min(max(scores), 1 - LEAST_SCORE), LEAST_SCORE) + 1e-9


@given(scores=SCORES)
def test_the_average_knows_no_order_and_no_preference(scores: list[float]) -> None:
    average = average_scores(scores)
    assert average_scores(scores[::-1]) == pytest.approx(average)
    assert average_scores([1 - score for score in scores]) == pytest.approx(1 - average, abs=1e-9)


@given(score=st.floats(0, 1))
def test_a_single_score_is_given_back_as_it_is(score: float) -> None:
    assert average_scores([score]) == score


def test_no_score_has_no_average() -> None:
    with pytest.raises(ValueError, match="no score"):
        average_scores([])


def test_a_keras_file_is_refused_with_the_command_that_converts_it(tmp_path: Path) -> None:
    with pytest.raises(ModelUnreadable, match=r"training.*convert_h5"):
        DeepfakeModel(tmp_path / "Meso4_DF.h5")


@pytest.mark.parametrize(("shape", "outputs"), [([1, 128, 128, 3], 1), ([1, 256, 256, 3], 2)])
def test_a_network_of_another_shape_is_refused(tmp_path: Path, shape: list[int | str], outputs: int) -> None:
    path = tmp_path / "other.onnx"
    path.write_bytes(make_mean_network(shape, outputs))
    with pytest.raises(ModelUnreadable, match="not MesoNet-4"):
        DeepfakeModel(path)
