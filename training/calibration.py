"""Makes a network's score a probability, on people it was not trained on. Needs TensorFlow."""

import math

import keras
import numpy as np
import numpy.typing as npt

from training.fitting import score_images
from training.mesonet import OUTPUT_NAME
from training.metrics import fit_calibration
from training.networks import Obtained

# Of a hundred faces before the camera, this many are taken to be bona fide: forgeries are rare where it is used.
BONA_FIDE_SHARE = 0.8

Images = npt.NDArray[np.uint8]


def calibrate(network: Obtained, genuine: Images, forged: Images) -> None:
    """Folds Platt's scale and offset, fitted on pictures of people kept out, into the network's last layer.

    genuine, forged: as many of each, uint8 RGB of shape (N, 256, 256, 3). The offset is then moved to
    BONA_FIDE_SHARE.
    """
    scores = score_images(network.model, np.concatenate([genuine, forged]))
    scale, offset = fit_calibration(scores, np.repeat([1.0, 0.0], len(genuine)))
    moved = offset + math.log(BONA_FIDE_SHARE / (1 - BONA_FIDE_SHARE))
    fold_calibration(network.model, scale, moved)
    network.calibration = {
        "scale": round(scale, 4),
        "offset": round(moved, 4),
        "bona_fide_share": BONA_FIDE_SHARE,
        "pairs": len(genuine),
    }


def fold_calibration(model: keras.Model, scale: float, offset: float) -> None:
    """Makes the model answer sigmoid(scale * logit + offset), by rewriting its last layer only.

    Source: J. Platt, "Probabilistic outputs for support vector machines", 1999.
    """
    last = find_output_layer(model)
    kernel, bias = last.get_weights()
    last.set_weights([kernel * scale, bias * scale + offset])


def find_output_layer(model: keras.Model) -> keras.layers.Layer:
    """The layer named OUTPUT_NAME, in `model` or in the last of its parts. Raises ValueError where there is none."""
    last = model.layers[-1]
    if isinstance(last, keras.Model):
        return find_output_layer(last)
    if last.name != OUTPUT_NAME:
        raise ValueError(f"the last layer is {last.name}, not {OUTPUT_NAME}")
    return last
