"""Needs TensorFlow, which belongs to training and is not in the environment of the other tests."""

import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is installed for training only (requirements-train.txt)")

from training.earlier import load_earlier
from training.mesonet import build_mesonet, largest_difference
from training.mobilenet import build_mobilenet
from training.options import WEIGHTS

# Keras 3.15 asks NumPy 2 for arrays in a way that NumPy warns of.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.mark.parametrize("name", ["mesonet4", "mobilenetv2"])
def test_a_network_taken_out_of_its_onnx_file_answers_as_the_file_does(name: str) -> None:
    model = build_mesonet() if name == "mesonet4" else build_mobilenet().whole
    path = WEIGHTS / f"{name}.onnx"
    load_earlier(model, path)
    assert largest_difference(model, path, count=2) < 1e-5


def test_a_file_of_another_network_is_refused() -> None:
    with pytest.raises(ValueError, match="layers where"):
        load_earlier(build_mesonet(), WEIGHTS / "mobilenetv2.onnx")
