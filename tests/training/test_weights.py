"""The weights that the project ships: what the file holds, and that its card speaks of this very file."""

import hashlib
import json
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from tests.training.onnx_reading import count_weights, read_float_shapes
from training.model_card import render_card
from training.options import WEIGHTS

NAMES = ("mesonet4", "mobilenetv2")
MODEL = WEIGHTS / "mesonet4.onnx"
CARD = WEIGHTS / "mesonet4.md"
FIGURES = WEIGHTS / "mesonet4.json"


@pytest.fixture(scope="module", params=NAMES)
def session(request: pytest.FixtureRequest) -> onnxruntime.InferenceSession:
    model = WEIGHTS / f"{request.param}.onnx"
    return onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])


def test_the_shipped_network_is_mesonet_4_by_its_weights() -> None:
    assert count_weights(MODEL) == 27_977
    convolutions = {shape for shape in read_float_shapes(MODEL).values() if len(shape) == 4 and shape[-1] > 1}
    assert convolutions == {(8, 3, 3, 3), (8, 8, 5, 5), (16, 8, 5, 5), (16, 16, 5, 5)}


def test_a_shipped_network_takes_any_number_of_rgb_squares_and_gives_one_score_each(
    session: onnxruntime.InferenceSession,
) -> None:
    (image,), (genuine,) = session.get_inputs(), session.get_outputs()
    assert (image.name, image.type, image.shape[1:]) == ("image", "tensor(float)", [256, 256, 3])
    assert (genuine.name, genuine.type, genuine.shape[1:]) == ("genuine", "tensor(float)", [1])
    for count in (1, 3):
        (scores,) = session.run(None, {"image": np.full((count, 256, 256, 3), 0.5, np.float32)})
        assert scores.shape == (count, 1)
        assert ((scores >= 0) & (scores <= 1)).all()


def test_the_score_depends_on_the_picture(session: onnxruntime.InferenceSession) -> None:
    images = np.random.default_rng(0).random((4, 256, 256, 3), dtype=np.float32)
    images[2:] = images[2:].mean()
    (scores,) = session.run(None, {"image": images})
    assert np.ptp(scores) > 0.01


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_file_is_the_one_that_card_and_figures_describe(name: str) -> None:
    content = (WEIGHTS / f"{name}.onnx").read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    described = json.loads((WEIGHTS / f"{name}.json").read_text(encoding="utf-8"))["model"]
    assert described["sha256"] == digest
    assert digest in CARD.read_text(encoding="utf-8")
    assert described["bytes"] == len(content) < 4_000_000
    assert described["difference_from_keras"] < 1e-4


def test_the_card_says_what_the_figures_say() -> None:
    assert CARD.read_text(encoding="utf-8") == render_card(json.loads(FIGURES.read_text(encoding="utf-8")))


def test_the_figures_were_measured_on_people_kept_out_of_training() -> None:
    figures = json.loads(FIGURES.read_text(encoding="utf-8"))
    kept_out = {clip["clip"] for clip in figures["measured"]["both"]["clips"]["clips"]}
    trained_on = {clip["clip"] for clip in figures["measured"]["both"]["clips_trained_on"]["clips"]}
    assert kept_out
    assert not kept_out & trained_on
    for group in figures["same_person"]:
        assert not (set(group) & kept_out and set(group) & trained_on)


def test_the_card_names_no_path_of_the_machine_it_was_made_on() -> None:
    for path in (CARD, FIGURES):
        text = path.read_text(encoding="utf-8")
        assert str(Path.home()) not in text
        assert "/work" not in text
