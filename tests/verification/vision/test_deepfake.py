from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.verification.vision.networks import make_mean_network
from verification.vision.crop import PixelBox
from verification.vision.decode import DecodedFrame
from verification.vision.deepfake import DeepfakeModel
from verification.vision.onnx_session import ModelUnreadable
from verification.vision.weights import PROJECT_DEEPFAKE_WEIGHTS


@pytest.fixture(scope="module")
def mesonet() -> DeepfakeModel:
    return DeepfakeModel(PROJECT_DEEPFAKE_WEIGHTS)


def test_the_projects_weights_call_a_real_portrait_genuine(
    mesonet: DeepfakeModel, portrait: DecodedFrame, portrait_box: PixelBox
) -> None:
    assert 0.5 < mesonet.score(portrait.bgr, portrait_box) <= 1


@given(seed=st.integers(0, 10_000), x=st.floats(-400, 900), side=st.floats(0.5, 700))
def test_any_picture_and_box_has_a_score_between_0_and_1(
    mesonet: DeepfakeModel, seed: int, x: float, side: float
) -> None:
    noise = np.random.default_rng(seed).integers(0, 256, (60, 80, 3), dtype=np.uint8)
    assert 0 <= mesonet.score(noise, PixelBox(x, x, side, side)) <= 1


def test_the_network_is_fed_values_from_0_to_1(tmp_path: Path) -> None:
    path = tmp_path / "mean.onnx"
    path.write_bytes(make_mean_network([1, 256, 256, 3], 1))
    grey = np.full((90, 90, 3), 51, dtype=np.uint8)
    assert DeepfakeModel(path).score(grey, PixelBox(20, 20, 30, 30)) == pytest.approx(0.2, abs=1e-4)


def test_a_keras_file_is_refused_with_the_command_that_converts_it(tmp_path: Path) -> None:
    with pytest.raises(ModelUnreadable, match=r"training.*convert_h5"):
        DeepfakeModel(tmp_path / "Meso4_DF.h5")


@pytest.mark.parametrize(("shape", "outputs"), [([1, 128, 128, 3], 1), ([1, 256, 256, 3], 2)])
def test_a_network_of_another_shape_is_refused(tmp_path: Path, shape: list[int | str], outputs: int) -> None:
    path = tmp_path / "other.onnx"
    path.write_bytes(make_mean_network(shape, outputs))
    with pytest.raises(ModelUnreadable, match="not MesoNet-4"):
        DeepfakeModel(path)
