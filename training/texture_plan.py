"""How long and how fast to train the texture network, and what came of it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TexturePlan:
    """scenes: made for training. minutes: after which no further epoch of a branch is begun.

    epochs, learning_rate: of the detail's branch; context_*: of the late part of the context's.
    context_share: how far from the weights before training to those after, 0..1.
    teacher_weight: of what the context's branch said before training, beside the labels.
    """

    scenes: int = 4_000
    epochs: int = 4
    context_epochs: int = 3
    minutes: float = 120.0
    batch: int = 32
    learning_rate: float = 2e-3
    context_learning_rate: float = 2e-4
    dropout: float = 0.2
    context_share: float = 0.5
    teacher_weight: float = 0.5
    seed: int = 1839


@dataclass(frozen=True, slots=True)
class TextureReport:
    """What happened. losses: by branch, the mean of each epoch. seconds: of both trainings."""

    losses: dict[str, list[float]]
    seconds: int
