from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verification.liveness.actions import EXPRESSIONS, HEAD_MOVEMENTS, HEAD_TURNS, POOL, Action
from verification.liveness.draw import draw_actions, draw_replacement

pools = st.lists(st.sampled_from(POOL), min_size=3, unique=True).map(tuple)
counts = st.tuples(st.integers(1, 10), st.integers(1, 10)).map(lambda pair: (min(pair), max(pair)))
seeds = st.integers(0, 2**32)


@given(pools, counts, seeds)
def test_a_draw_keeps_to_the_pool_and_the_count(
    pool: tuple[Action, ...], count: tuple[int, int], seed: int
) -> None:
    drawn = draw_actions(pool, count, Random(seed))
    assert count[0] <= len(drawn) <= count[1]
    assert set(drawn) <= set(pool)


@given(pools, counts, seeds)
def test_the_same_action_is_never_drawn_twice_in_a_row(
    pool: tuple[Action, ...], count: tuple[int, int], seed: int
) -> None:
    assert all(a is not b for a, b in pairwise(draw_actions(pool, count, Random(seed))))


@given(pools, st.integers(2, 10), seeds)
def test_a_head_turn_and_an_expression_are_drawn_where_the_pool_holds_them(
    pool: tuple[Action, ...], count: int, seed: int
) -> None:
    drawn = set(draw_actions(pool, (count, count), Random(seed)))
    required = HEAD_TURNS if HEAD_TURNS & set(pool) else HEAD_MOVEMENTS
    assert drawn & required or not required & set(pool)
    assert drawn & EXPRESSIONS or not EXPRESSIONS & set(pool)


@given(pools, counts, seeds)
def test_an_action_comes_again_only_when_the_pool_is_smaller_than_the_draw(
    pool: tuple[Action, ...], count: tuple[int, int], seed: int
) -> None:
    drawn = draw_actions(pool, count, Random(seed))
    assert len(set(drawn)) == len(drawn) or len(drawn) > len(pool)


@pytest.mark.parametrize("seed", range(60))
def test_ten_challenges_from_a_pool_of_three_keep_neighbours_apart_and_the_required_in(seed: int) -> None:
    pool = (Action.TURN_LEFT, Action.SMILE, Action.BLINK)
    drawn = draw_actions(pool, (10, 10), Random(seed))
    assert len(drawn) == 10
    assert all(a is not b for a, b in pairwise(drawn))
    assert {Action.TURN_LEFT, Action.SMILE} <= set(drawn)


def test_one_challenge_alone_is_a_head_turn() -> None:
    drawn = {draw_actions(POOL, (1, 1), Random(seed)) for seed in range(40)}
    assert drawn == {(turn,) for turn in HEAD_TURNS}


def test_every_action_can_come_at_every_place() -> None:
    draws = [draw_actions(POOL, (3, 3), Random(seed)) for seed in range(600)]
    for place in range(3):
        assert {drawn[place] for drawn in draws} == set(POOL)


def test_every_count_of_the_range_is_drawn() -> None:
    assert {len(draw_actions(POOL, (3, 5), Random(seed))) for seed in range(60)} == {3, 4, 5}


@given(pools, st.data(), seeds)
def test_a_replacement_is_neither_the_replaced_action_nor_the_next(
    pool: tuple[Action, ...], data: st.DataObject, seed: int
) -> None:
    replaced = data.draw(st.sampled_from(pool))
    upcoming = data.draw(st.lists(st.sampled_from(pool), max_size=3))
    drawn = draw_replacement(pool, replaced=replaced, upcoming=upcoming, rng=Random(seed))
    assert drawn in pool
    assert drawn is not replaced
    assert not upcoming or drawn is not upcoming[0]


@given(pools, st.data(), seeds)
def test_a_replacement_is_of_the_same_groups_where_one_is_free(
    pool: tuple[Action, ...], data: st.DataObject, seed: int
) -> None:
    replaced = data.draw(st.sampled_from(pool))
    upcoming = data.draw(st.lists(st.sampled_from(pool), max_size=1))
    free = set(pool) - {replaced, *upcoming}
    drawn = draw_replacement(pool, replaced=replaced, upcoming=upcoming, rng=Random(seed))
    for group in (EXPRESSIONS, HEAD_MOVEMENTS, HEAD_TURNS):
        assert replaced not in group or not free & group or drawn in group


def test_a_pool_of_two_still_yields_another_action() -> None:
    pool = (Action.BLINK, Action.SMILE)
    upcoming = [Action.SMILE]
    drawn = draw_replacement(pool, replaced=Action.BLINK, upcoming=upcoming, rng=Random(0))
    assert drawn is Action.SMILE


@pytest.mark.parametrize("turn", sorted(HEAD_TURNS))
def test_a_head_turn_cannot_be_had_out_of_a_session_by_failing_it(turn: Action) -> None:
    for seed in range(30):
        assert draw_replacement(POOL, replaced=turn, upcoming=[], rng=Random(seed)) in HEAD_TURNS - {turn}


def test_the_only_head_turn_of_a_pool_gives_way_to_another_head_movement() -> None:
    pool = (Action.TURN_LEFT, Action.NOD, Action.BLINK, Action.SMILE, Action.OPEN_MOUTH)
    drawn = {
        draw_replacement(pool, replaced=Action.TURN_LEFT, upcoming=[Action.SMILE], rng=Random(seed))
        for seed in range(30)
    }
    assert drawn == {Action.NOD}
