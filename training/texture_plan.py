"""How long and how fast to train the texture network, and what came of it."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class TexturePlan:
    """scenes: made for training. minutes: after which no further epoch is begun.

    teacher_weight: of the teacher's loss beside that of the labels; 0 is no teacher.
    """

    scenes: int = 10_000
    epochs: int = 8
    minutes: float = 120.0
    batch: int = 48
    learning_rate: float = 2e-3
    weight_decay: float = 1e-4
    dropout: float = 0.3
    teacher_weight: float = 0.5
    seed: int = 1839


@dataclass(slots=True)
class TextureReport:
    """What happened. auc: by epoch, of the people kept for calibration; the best epoch is kept."""

    loss: list[float] = field(default_factory=list)
    auc: list[float] = field(default_factory=list)
    best_epoch: int = 0
    seconds: float = 0.0
    scenes_seen: int = 0
