"""Sessions ready to be tested: opened, or aligned and before their first challenge."""

from random import Random

from tests.verification.liveness.faces import make_face
from tests.verification.liveness.performance import Performer
from verification.liveness.actions import Action
from verification.liveness.policy import Policy
from verification.liveness.session import LivenessSession, Phase

OPENED_AT_MS = 1_000
POLICY = Policy(challenge_count=(3, 3))
NEUTRAL = make_face()
TOO_SMALL = make_face(distance_cm=200.0)


def only(action: Action) -> Policy:
    """A policy whose single challenge is this action; there is no other to replace it."""
    return Policy(pool=(action,), challenge_count=(1, 1))


def perform(
    policy: Policy = POLICY,
    *,
    seed: int = 1,
    frame_ms: int = 100,
    is_flat: bool = False,
    texture: float | None = 0.95,
    deepfake: float = 0.9,
) -> Performer:
    """A performer before a session that waits for `ready`."""
    return Performer(
        LivenessSession(policy, opened_at_ms=OPENED_AT_MS, rng=Random(seed)),
        now_ms=OPENED_AT_MS,
        frame_ms=frame_ms,
        is_flat=is_flat,
        texture=texture,
        deepfake=deepfake,
    )


def aligned(policy: Policy = POLICY, *, seed: int = 1, frame_ms: int = 100) -> Performer:
    """A performer before the first challenge."""
    performer = perform(policy, seed=seed, frame_ms=frame_ms)
    performer.start()
    while performer.session.phase is Phase.ALIGNING:
        performer.perform()
    return performer
