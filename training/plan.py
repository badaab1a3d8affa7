"""How long and how fast to train, and what came of it."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class FitPlan:
    """minutes: the learning rate has come down by then, and training ends, even if pairs are left.

    passes: over all stored pairs. pairs_per_batch: twice as many pictures.
    """

    minutes: float
    passes: float
    learning_rate: float
    dropout: float
    pairs_per_batch: int = 16
    seed: int = 2018


@dataclass(slots=True)
class FitReport:
    """What happened. auc: at each report, of the identities kept for calibration; nothing is chosen by it."""

    loss: list[float] = field(default_factory=list)
    auc: list[float] = field(default_factory=list)
    seconds: float = 0.0
    pairs: int = 0
    planned_pairs: int = 0
