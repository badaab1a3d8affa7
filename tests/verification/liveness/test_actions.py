import pytest
from hypothesis import given
from hypothesis import strategies as st

from verification.liveness.actions import (
    CATALOGUE,
    HEAD_MOVEMENTS,
    MIN_POOL_SIZE,
    POOL,
    Action,
    ChallengeKind,
    PoolExhaustedError,
    restrict_pool,
)


def test_every_action_of_the_protocol_is_in_the_catalogue() -> None:
    assert set(CATALOGUE) == set(Action)
    assert set(POOL) == set(Action) - {Action.LOOK_STRAIGHT}


def test_only_smile_and_surprise_are_expressions() -> None:
    kinds = {action: CATALOGUE[action].kind for action in Action}
    assert {a for a in Action if kinds[a] is ChallengeKind.EXPRESSION} == {Action.SMILE, Action.SURPRISE}
    assert {a for a in Action if kinds[a] is ChallengeKind.ALIGN} == {Action.LOOK_STRAIGHT}


@given(st.sets(st.sampled_from(Action)))
def test_a_restricted_pool_is_large_enough_and_holds_a_head_movement_or_is_refused(
    exclude: set[Action],
) -> None:
    left = set(POOL) - exclude
    if len(left) >= MIN_POOL_SIZE and left & HEAD_MOVEMENTS:
        assert set(restrict_pool(POOL, exclude)) == left
    else:
        with pytest.raises(PoolExhaustedError):
            restrict_pool(POOL, exclude)


def test_a_pool_without_head_movements_is_refused_by_that_name() -> None:
    with pytest.raises(PoolExhaustedError, match="head movement"):
        restrict_pool(POOL, HEAD_MOVEMENTS)


def test_the_catalogue_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        CATALOGUE[Action.NOD].params["count"] = 0  # type: ignore[index]
