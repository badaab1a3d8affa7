"""What a session demands: the numbers an operator may set, in one immutable value."""

from dataclasses import dataclass, field

from verification.liveness.actions import POOL, Action

POLICY_VERSION = "2026-11-d"


class PolicyError(ValueError):
    """A demand that makes no sense; `field` names it."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class Floors:
    """The least each score must reach whatever the other two are, 0..1.

    Weighted fusion alone would let two perfect scores carry a third one of zero.
    """

    liveness: float = 0.50
    emotion: float = 0.30
    deepfake: float = 0.05


@dataclass(frozen=True, slots=True)
class Weights:
    """Share of each score in the final one; they sum to 1."""

    liveness: float = 0.50
    emotion: float = 0.25
    deepfake: float = 0.25

    def __post_init__(self) -> None:
        shares = (self.liveness, self.emotion, self.deepfake)
        if not (min(shares) >= 0 and abs(sum(shares) - 1.0) <= 1e-6):  # so that NaN is refused as well
            raise PolicyError("weights", f"Weights must be 0 or more and sum to 1, not {shares}.")


@dataclass(frozen=True, slots=True)
class Policy:
    """One session's demands. Durations in milliseconds.

    The alignment step gets twice the time of a challenge: people are still finding the oval.
    """

    pool: tuple[Action, ...] = POOL
    challenge_count: tuple[int, int] = (3, 5)
    challenge_timeout_ms: int = 15_000
    max_consecutive_failures: int = 3
    max_skips: int = 2
    session_timeout_ms: int = 120_000
    nonce_lifetime_ms: int = 300_000
    nonce_grace_ms: int = 1_000
    pass_threshold: float = 0.70
    weights: Weights = field(default_factory=Weights)
    floors: Floors = field(default_factory=Floors)
    version: str = POLICY_VERSION

    def __post_init__(self) -> None:
        low, high = self.challenge_count
        if not 1 <= low <= high <= 10:
            message = f"The number of challenges must be a range within 1 to 10, not {low}-{high}."
            raise PolicyError("challenge_count", message)
        if not 0.0 < self.pass_threshold <= 1.0:
            message = f"The pass threshold must be above 0 and at most 1, not {self.pass_threshold}."
            raise PolicyError("pass_threshold", message)
        for name in ("challenge_timeout_ms", "session_timeout_ms"):
            if getattr(self, name) <= 0:
                raise PolicyError(name, "Timeouts must be above 0.")
        if self.max_consecutive_failures < 1:
            message = "At least one failure must be allowed before a session ends."
            raise PolicyError("max_consecutive_failures", message)

    @property
    def align_timeout_ms(self) -> int:
        return 2 * self.challenge_timeout_ms
