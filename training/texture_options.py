"""The command line of `train_texture`; readable without TensorFlow."""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

from training.texture_plan import TexturePlan

WEIGHTS = Path(__file__).resolve().parent.parent / "verification" / "vision" / "weights"
DEFAULT_PLAN = TexturePlan()
PURPOSE = (
    "Train the texture network on simulated screens and prints; write weights, figures and a model card."
)
EXAMPLES = """examples:
  # make scenes, train, calibrate, measure, and write texture.onnx, texture.json and texture.md
  python -m training.train_texture --portraits data/portraits --clips data/clips/bona_fide \\
      --probe data/clips/attack_presentation --fasnet ~/.deepface/weights --same-person training/people.txt

  # measure and write again, without training
  python -m training.train_texture --portraits data/portraits --clips data/clips/bona_fide \\
      --fasnet ~/.deepface/weights --weights var/training/texture.weights.h5

  # a trial of some minutes that touches nothing of the project
  python -m training.train_texture --portraits data/portraits --fasnet ~/.deepface/weights --share 0.05 --out var/trial
"""


def parse_options(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command line. Exits with status 2 on a wrong one, or a path that is not there."""
    landmarker = os.environ.get("MEDIAPIPE_MODEL_PATH", "~/.mediapipe_models/face_landmarker.task")
    parser = argparse.ArgumentParser(
        "python -m training.train_texture",
        description=PURPOSE,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--portraits", type=Path, required=True, help="folder of portraits, one person a file")
    add("--clips", type=Path, help="folder of bona fide clips, used as the portraits are")
    add("--probe", type=Path, action="append", default=[], help="folder of clips only scored; repeatable")
    add(
        "--fasnet",
        type=Path,
        required=True,
        help="folder with FasNet's two .onnx files: to start from, and to compare with",
    )
    add("--same-person", type=Path, help="text file: names of files that show one person, one person a line")
    add("--about", type=Path, help="text file for the card: what the data are, and what was tried")
    add("--landmarker", type=Path, default=Path(landmarker), help="MediaPipe face_landmarker.task")
    add("--out", type=Path, default=WEIGHTS, help="folder for texture.onnx, .json and .md")
    add(
        "--keep",
        type=Path,
        help="folder that keeps the scenes made, for another run with the same data and seed",
    )
    add(
        "--share",
        type=float,
        default=1.0,
        help="of the scenes planned; less for a trial (default: %(default)s)",
    )
    add(
        "--minutes",
        type=float,
        default=DEFAULT_PLAN.minutes,
        help="no epoch begins later (default: %(default)s)",
    )
    add("--seed", type=int, default=DEFAULT_PLAN.seed, help="of split and draws (default: %(default)s)")
    add("--frames-per-clip", type=int, default=24, help="(default: %(default)s)")
    add("--weights", type=Path, help="skip training: Keras weights of an earlier run, its .json beside them")
    options = parser.parse_args(arguments)
    _refuse_missing(parser, options)
    return options


def _refuse_missing(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    """Says before half an hour of training, not after, that a path is mistyped."""
    for name in ("portraits", "clips", "fasnet", "same_person", "about", "weights", "probe"):
        given = getattr(options, name)
        for path in given if isinstance(given, list) else [given]:
            if path is not None and not path.exists():
                parser.error(f"argument --{name.replace('_', '-')}: there is no {path}")
