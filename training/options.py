"""The command line of `train_deepfake`; readable without TensorFlow."""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

WEIGHTS = Path(__file__).resolve().parent.parent / "verification" / "vision" / "weights"
PURPOSE = "Train the deepfake detector: MesoNet-4 and its companion; write weights, figures and a model card."
EXAMPLES = """examples:
  # make pairs, train both, calibrate, measure, and write (about two hours on two cores of one's own)
  python -m training.train_deepfake --portraits data/portraits --clips data/clips/bona_fide \\
      --initial-mesonet Meso4_DF.h5 --compare meso4_df.onnx \\
      --probe data/clips/attack_synthetic --probe data/clips/attack_faceswap

  # take up an earlier MesoNet-4 as it is and train the companion, as was done for those that are shipped
  python -m training.train_deepfake --portraits data/portraits --clips data/clips/bona_fide \\
      --initial-mesonet training/initial/mesonet4.onnx --chunks 400 --minutes 65

  # measure and write again, without training
  python -m training.train_deepfake --portraits data/portraits --clips data/clips/bona_fide --reuse

  # a trial of a few minutes that touches nothing of the project
  python -m training.train_deepfake --portraits data/portraits --chunks 8 --minutes 2 --out var/trial
"""


def parse_options(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command line. Exits with status 2 on a wrong one, or a path that is not there."""
    parser = argparse.ArgumentParser(
        "python -m training.train_deepfake",
        description=PURPOSE,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_data(parser)
    _add_training(parser)
    options = parser.parse_args(arguments)
    _refuse_missing(parser, options)
    return options


def _add_data(parser: argparse.ArgumentParser) -> None:
    landmarker = os.environ.get("MEDIAPIPE_MODEL_PATH", "~/.mediapipe_models/face_landmarker.task")
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
    add(
        "--compare",
        type=Path,
        action="append",
        default=[],
        help="another ONNX file, or a folder of those that score together, measured on the same images; repeatable",
    )
    add("--same-person", type=Path, help="text file: names of files that show one person, one person a line")
    add("--about", type=Path, help="text file for the card: what the data are, and their licence")
    add("--landmarker", type=Path, default=Path(landmarker), help="MediaPipe face_landmarker.task")
    add("--out", type=Path, default=WEIGHTS, help="folder for the networks, their figures and the card")
    add("--frames-per-clip", type=int, default=40, help="(default: %(default)s)")


def _add_training(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add(
        "--initial-mesonet",
        type=Path,
        help="what MesoNet-4 starts from: Keras weights (.h5), or an earlier network (.onnx), which is "
        "taken as it is; else it starts at random",
    )
    add(
        "--initial-companion",
        type=Path,
        help="an earlier companion (.onnx), which is taken as it is; else it starts from ImageNet's weights",
    )
    add("--chunks", type=int, default=448, help="of 32 pairs each, made once and kept (default: %(default)s)")
    add("--passes", type=float, default=3.0, help="over all pairs (default: %(default)s)")
    add("--minutes", type=float, default=40.0, help="limit of each network's training (default: %(default)s)")
    add("--threads", type=int, default=1, help="of the training process (default: %(default)s)")
    add("--seed", type=int, default=2018, help="of split and draws (default: %(default)s)")
    add(
        "--reuse",
        action="store_true",
        help="skip the training of networks that an earlier run left in var/training",
    )


def _refuse_missing(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    """Says before an hour of training, not after, that a path is mistyped."""
    for name in (
        "portraits",
        "clips",
        "compare",
        "same_person",
        "about",
        "initial_mesonet",
        "initial_companion",
        "probe",
    ):
        given = getattr(options, name)
        for path in given if isinstance(given, list) else [given]:
            if path is not None and not path.exists():
                parser.error(f"argument --{name.replace('_', '-')}: there is no {path}")
