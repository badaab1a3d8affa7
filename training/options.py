"""The command line of `train_mesonet`; readable without TensorFlow."""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

from training.plan import FitPlan

WEIGHTS = Path(__file__).resolve().parent.parent / "verification" / "vision" / "weights"
DEFAULT_PLAN = FitPlan()
PURPOSE = "Train MesoNet-4 on self-blended portraits; write weights, figures and a model card."
EXAMPLES = """examples:
  # train, calibrate, measure, and write mesonet4.onnx, mesonet4.json and mesonet4.md (35 minutes on 2 cores)
  python -m training.train_mesonet --portraits data/portraits --clips data/clips/bona_fide \\
      --probe data/clips/attack_synthetic --probe data/clips/attack_faceswap --compare meso4_df.onnx

  # measure and write again, without training
  python -m training.train_mesonet --portraits data/portraits --weights var/training/mesonet4.weights.h5

  # a two-minute trial that touches nothing of the project
  python -m training.train_mesonet --portraits data/portraits --minutes 2 --epochs 4 --out var/trial
"""


def parse_options(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command line. Exits with status 2 on a wrong one, or a path that is not there."""
    landmarker = os.environ.get("MEDIAPIPE_MODEL_PATH", "~/.mediapipe_models/face_landmarker.task")
    parser = argparse.ArgumentParser(
        "python -m training.train_mesonet",
        description=PURPOSE,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--portraits", type=Path, required=True, help="folder of portraits, one person a file")
    add("--clips", type=Path, help="folder of bona fide clips, used as the portraits are")
    add(
        "--probe",
        type=Path,
        action="append",
        default=[],
        help="folder of clips that are scored only; repeatable",
    )
    add("--compare", type=Path, help="another ONNX file, measured on the same images")
    add("--same-person", type=Path, help="text file: names of files that show one person, one person a line")
    add("--about", type=Path, help="text file for the card: what the data are, and their licence")
    add("--landmarker", type=Path, default=Path(landmarker), help="MediaPipe face_landmarker.task")
    add("--out", type=Path, default=WEIGHTS, help="folder for mesonet4.onnx, .json and .md")
    add(
        "--minutes",
        type=float,
        default=DEFAULT_PLAN.minutes,
        help="limit of training (default: %(default)s)",
    )
    add(
        "--epochs",
        type=int,
        default=DEFAULT_PLAN.epochs,
        help="250 batches of 16 pairs each (default: %(default)s)",
    )
    add(
        "--seed",
        type=int,
        default=DEFAULT_PLAN.seed,
        help="of split and draws (default: %(default)s)",
    )
    add("--frames-per-clip", type=int, default=24, help="(default: %(default)s)")
    add("--weights", type=Path, help="skip training: Keras weights of an earlier run, its .json beside them")
    options = parser.parse_args(arguments)
    _refuse_missing(parser, options)
    return options


def _refuse_missing(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    """Says before half an hour of training, not after, that a path is mistyped."""
    for name in ("portraits", "clips", "compare", "same_person", "about", "weights", "probe"):
        given = getattr(options, name)
        for path in given if isinstance(given, list) else [given]:
            if path is not None and not path.exists():
                parser.error(f"argument --{name.replace('_', '-')}: there is no {path}")
