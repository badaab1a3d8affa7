from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verification.liveness.policy import Policy, Weights
from verification.liveness.vocabulary import Decision, Reason


@pytest.mark.parametrize(
    "wrong",
    [
        {"challenge_count": (0, 3)},
        {"challenge_count": (5, 3)},
        {"challenge_count": (3, 11)},
        {"pass_threshold": 0.0},
        {"pass_threshold": 1.01},
        {"pass_threshold": float("nan")},
        {"challenge_timeout_ms": 0},
        {"session_timeout_ms": -1},
        {"max_consecutive_failures": 0},
    ],
    ids=str,
)
def test_a_policy_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must be"):
        Policy(**wrong)


@given(*[st.floats(allow_nan=True)] * 3)
def test_weights_are_shares_of_one_or_refused(liveness: float, emotion: float, deepfake: float) -> None:
    try:
        weights = Weights(liveness, emotion, deepfake)
    except ValueError:
        return
    shares = (weights.liveness, weights.emotion, weights.deepfake)
    assert all(share >= 0.0 for share in shares)
    assert sum(shares) == pytest.approx(1.0)


@pytest.mark.parametrize("shares", [(-0.5, 1.0, 0.5), (0.5, 0.5, 0.5), (float("nan"), 0.5, 0.5)], ids=str)
def test_weights_that_are_not_shares_are_refused(shares: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match="sum to 1"):
        Weights(*shares)


def test_the_alignment_step_has_twice_the_time_of_a_challenge() -> None:
    assert Policy(challenge_timeout_ms=7_000).align_timeout_ms == 14_000


def test_only_verified_is_a_pass_and_what_proves_nothing_is_inconclusive() -> None:
    decisions = {reason: reason.decision for reason in Reason}
    assert [reason for reason in Reason if decisions[reason] is Decision.PASS] == [Reason.VERIFIED]
    assert {reason for reason in Reason if decisions[reason] is Decision.INCONCLUSIVE} == {
        Reason.SESSION_TIMEOUT,
        Reason.NO_RESPONSE,
        Reason.POOR_CAPTURE,
        Reason.CANCELLED,
        Reason.DISCONNECTED,
        Reason.SERVER_OVERLOADED,
    }
