"""How long and how fast to train, and what came of it."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class FitPlan:
    """minutes: the learning rate has come down by then, and training ends, even if epochs are left."""

    epochs: int = 22
    batches_per_epoch: int = 250
    minutes: float = 35.0
    learning_rate: float = 1e-3
    dropout: float = 0.25
    seed: int = 2018


@dataclass(slots=True)
class FitReport:
    """What happened. auc: by epoch, of the identities kept for calibration; the best epoch is kept."""

    loss: list[float] = field(default_factory=list)
    auc: list[float] = field(default_factory=list)
    best_epoch: int = 0
    seconds: float = 0.0
    pairs: int = 0
