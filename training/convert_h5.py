"""Converts the MesoNet authors' Keras weights (such as Meso4_DF.h5) to ONNX. Needs TensorFlow.

The file is read layer by layer, because Keras 3 no longer reads models that Keras 2 saved.
"""

import argparse
import sys
from pathlib import Path

import h5py
import keras
import numpy as np
import numpy.typing as npt

from training.mesonet import build_mesonet, export_onnx

EXAMPLES = """examples:
  python -m training.convert_h5 Meso4_DF.h5 meso4_df.onnx
"""
# A layer's datasets in the order of Keras's own `get_weights`.
DATASETS = ("kernel:0", "bias:0", "gamma:0", "beta:0", "moving_mean:0", "moving_variance:0")

Array = npt.NDArray[np.float32]


def read_layers(path: Path) -> list[list[Array]]:
    """The weights of each layer that has any, in the order in which the layers were made.

    Raises ValueError when `path` is no HDF5 file, or holds no layers.
    """
    try:
        with h5py.File(path) as file:
            root = file.get("model_weights", file)
            layers = [_read_datasets(root[name]) for name in root.attrs.get("layer_names", [])]
    except OSError as error:
        raise ValueError(f"{path} is not an HDF5 file") from error
    found = [layer for layer in layers if layer]
    if not found:
        raise ValueError(f"{path} holds no layers of weights")
    return found


def load_mesonet(path: Path, dropout: float = 0.5) -> keras.Model:
    """MesoNet-4 with the weights of `path`. Raises ValueError where they do not fit the network."""
    model, layers = build_mesonet(dropout), read_layers(path)
    targets = [layer for layer in model.layers if layer.get_weights()]
    if len(targets) != len(layers):
        raise ValueError(f"{path} has {len(layers)} layers with weights, MesoNet-4 has {len(targets)}")
    for target, weights in zip(targets, layers, strict=True):
        shapes = [weight.shape for weight in weights]
        if shapes != [weight.shape for weight in target.get_weights()]:
            raise ValueError(f"{path}: layer {target.name} does not fit, its shapes are {shapes}")
        target.set_weights(weights)
    return model


def main(arguments: list[str] | None = None) -> int:
    """Command line: 0 when the ONNX file is written and equals Keras, 1 otherwise."""
    parser = argparse.ArgumentParser(
        "python -m training.convert_h5",
        description="Convert MesoNet-4 weights from Keras .h5 to ONNX, and check that both answer the same.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("h5", type=Path, help="Keras weights, for example Meso4_DF.h5")
    parser.add_argument("onnx", type=Path, help="file to write")
    options = parser.parse_args(arguments)
    try:
        difference = export_onnx(load_mesonet(options.h5), options.onnx)
    except (ValueError, OSError) as error:
        print(f"not converted: {error}", file=sys.stderr)
        return 1
    print(f"{options.onnx}: written; largest difference from Keras on random images {difference:.1e}")
    return 0


def _read_datasets(group: h5py.Group) -> list[Array]:
    found: dict[str, Array] = {}

    def keep(name: str, node: object) -> None:
        if isinstance(node, h5py.Dataset):
            found[name.rsplit("/", 1)[-1]] = np.asarray(node, np.float32)

    group.visititems(keep)
    return [found[name] for name in DATASETS if name in found]


if __name__ == "__main__":
    sys.exit(main())
