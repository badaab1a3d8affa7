"""The texture weights that the project ships: what the file holds, and that its card speaks of this very file."""

import hashlib
import json

import numpy as np
import onnxruntime
import pytest

from tests.training.onnx_reading import count_weights
from training.texture_card import render_texture_card
from training.texture_options import WEIGHTS, parse_options
from training.texture_workshop import ALL_KINDS

MODEL, CARD, FIGURES = (WEIGHTS / f"texture.{suffix}" for suffix in ("onnx", "md", "json"))


def test_the_shipped_network_takes_any_number_of_faces_and_gives_one_score_each() -> None:
    session = onnxruntime.InferenceSession(str(MODEL), providers=["CPUExecutionProvider"])
    shapes = {entry.name: entry.shape[1:] for entry in session.get_inputs()}
    assert shapes == {"context": [80, 80, 3], "detail": [128, 128, 3]}
    rng = np.random.default_rng(0)
    for count in (1, 3):
        feed = {
            name: rng.uniform(0, 255, (count, *shape)).astype(np.float32) for name, shape in shapes.items()
        }
        (scores,) = session.run(["live"], feed)
        assert scores.shape == (count, 1)
        assert ((scores >= 0) & (scores <= 1)).all()


def test_the_shipped_file_is_the_one_that_card_and_figures_describe() -> None:
    digest = hashlib.sha256(MODEL.read_bytes()).hexdigest()
    figures = json.loads(FIGURES.read_text(encoding="utf-8"))
    assert figures["model"]["sha256"] == digest
    assert digest in CARD.read_text(encoding="utf-8")
    assert figures["model"]["bytes"] == MODEL.stat().st_size < 1_000_000
    # The exported file holds a few constants more, and batch normalisation folded into the convolutions.
    assert count_weights(MODEL) == pytest.approx(figures["model"]["weights"], rel=0.05)
    assert figures["model"]["difference_from_keras"] < 5e-3


def test_the_card_says_what_the_figures_say() -> None:
    figures = json.loads(FIGURES.read_text(encoding="utf-8"))
    assert CARD.read_text(encoding="utf-8") == render_texture_card(figures)
    scenes = figures["measured"]["scenes"]
    assert set(scenes) == {"own", "fasnet", "fusion"}
    for whom in scenes.values():
        assert set(whom["kinds"]) == set(ALL_KINDS) - {"live"}
        assert {kind for kind, entry in whom["kinds"].items() if not entry["is_trained"]} == {"triad", "fm"}


def test_a_mistyped_path_is_told_before_anything_is_trained(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        parse_options(["--portraits", "nowhere", "--fasnet", str(WEIGHTS)])
    assert stopped.value.code == 2
    assert "there is no nowhere" in capsys.readouterr().err
