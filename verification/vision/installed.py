"""Which model files are there and trusted, said without loading any.

Every `manage.py` command asks this as it starts, so nothing here imports what runs the models.
"""

from dataclasses import dataclass
from pathlib import Path

from verification.vision.weights import MANIFEST, ModelFile, ModelName, ModelPaths, is_trusted


@dataclass(frozen=True, slots=True)
class ModelStatus:
    """Whether a model file can be used.

    detail: empty when it can; else what is wrong and what to do about it, in one sentence.
    """

    name: str
    purpose: str
    path: Path
    is_required: bool
    is_installed: bool
    detail: str = ""


def check_models(paths: ModelPaths) -> dict[str, ModelStatus]:
    """Say which model files are there and trusted, without loading any."""
    return {str(name): check_model(model, paths.locate(name)) for name, model in MANIFEST.items()}


def check_model(model: ModelFile, path: Path) -> ModelStatus:
    """Say whether this file is there and trusted."""
    detail = ""
    if not path.is_file():
        detail = f"not installed: {_next_step(model)}"
    elif not is_trusted(model, path):
        detail = f"not the file it should be (its SHA-256 is unknown): {_next_step(model)}"
    return ModelStatus(
        name=str(model.name),
        purpose=model.purpose,
        path=path,
        is_required=model.is_required,
        is_installed=not detail,
        detail=detail,
    )


def _next_step(model: ModelFile) -> str:
    if model.name is ModelName.MESONET4:
        return "set DEEPFAKE_MODEL_PATH to a MesoNet-4 in ONNX, or unset it for the project's own weights"
    if model.name is ModelName.MOBILENETV2:
        return "only the project's own MesoNet-4 has it beside it; another serves alone"
    if model.name is ModelName.TEXTURE:
        return "it is part of the project's own files; install these again"
    return f"run manage.py download_models{' --all' if model.is_optional_extra else ''}"


def mark_unreadable(status: ModelStatus, error: Exception) -> ModelStatus:
    """The file is there, and its runtime makes nothing of it."""
    return ModelStatus(
        name=status.name,
        purpose=status.purpose,
        path=status.path,
        is_required=status.is_required,
        is_installed=False,
        detail=str(error),
    )
