from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verification.liveness.policy import Weights
from verification.liveness.score import (
    SIGNAL_WEIGHTS,
    Scores,
    Signal,
    fuse_liveness,
    fuse_scores,
    spread_mean,
)

values = st.floats(0.0, 1.0)
seen = st.none() | values
signal_sets = st.fixed_dictionaries(dict.fromkeys(Signal, seen))
weightings = (
    st.tuples(values, values, values)
    .filter(lambda raw: sum(raw) > 0.01)
    .map(lambda raw: Weights(*(share / sum(raw) for share in raw)))
)


def test_the_weights_of_the_signals_sum_to_1() -> None:
    assert sum(SIGNAL_WEIGHTS.values()) == pytest.approx(1.0)
    assert set(SIGNAL_WEIGHTS) == set(Signal)


@given(signal_sets)
def test_liveness_lies_between_its_least_and_its_greatest_signal(signals: dict[Signal, float | None]) -> None:
    observed = [value for value in signals.values() if value is not None]
    liveness = fuse_liveness(signals)
    if not observed:
        assert liveness is None
    else:
        assert liveness is not None
        assert min(observed) - 1e-9 <= liveness <= max(observed) + 1e-9


@given(signal_sets, st.sampled_from(Signal), values, values)
def test_liveness_never_falls_when_one_signal_rises(
    signals: dict[Signal, float | None], signal: Signal, one: float, other: float
) -> None:
    low, high = (fuse_liveness(signals | {signal: value}) for value in sorted((one, other)))
    assert low is not None
    assert high is not None
    assert low <= high + 1e-12


@given(signal_sets)
def test_what_was_not_observed_leaves_its_weight_to_the_rest(signals: dict[Signal, float | None]) -> None:
    observed = {signal: value for signal, value in signals.items() if value is not None}
    total = sum(SIGNAL_WEIGHTS[signal] for signal in observed)
    renormalised = sum(SIGNAL_WEIGHTS[signal] / total * value for signal, value in observed.items())
    assert fuse_liveness(signals) == (pytest.approx(renormalised) if observed else None)


@given(signal_sets, st.integers(0, 2**32))
def test_the_order_of_signals_makes_no_difference(signals: dict[Signal, float | None], seed: int) -> None:
    shuffled = list(signals.items())
    Random(seed).shuffle(shuffled)
    assert fuse_liveness(dict(shuffled)) == pytest.approx(fuse_liveness(signals))


@given(seen, seen, seen, weightings)
def test_the_final_score_is_within_0_and_1_and_keeps_the_three(
    liveness: float | None, emotion: float | None, deepfake: float | None, weights: Weights
) -> None:
    scores = fuse_scores(liveness=liveness, emotion=emotion, deepfake=deepfake, weights=weights)
    assert (scores.liveness, scores.emotion, scores.deepfake) == (liveness, emotion, deepfake)
    assert scores.final is None or 0.0 <= scores.final <= 1.0


@given(values, values, values, st.sampled_from(["liveness", "emotion", "deepfake"]), values, weightings)
def test_the_final_score_never_falls_when_one_of_the_three_rises(
    liveness: float, emotion: float, deepfake: float, name: str, other: float, weights: Weights
) -> None:
    parts = {"liveness": liveness, "emotion": emotion, "deepfake": deepfake}
    low, high = (
        fuse_scores(**parts | {name: value}, weights=weights).final for value in sorted((parts[name], other))
    )
    assert low is not None
    assert high is not None
    assert low <= high + 1e-12


def test_the_default_weights_are_a_half_and_two_quarters() -> None:
    assert fuse_scores(liveness=1.0, emotion=0.0, deepfake=0.0, weights=Weights()).final == 0.5
    assert fuse_scores(liveness=0.0, emotion=1.0, deepfake=0.0, weights=Weights()).final == 0.25
    assert fuse_scores(liveness=0.8, emotion=None, deepfake=None, weights=Weights()).final == pytest.approx(
        0.8
    )


def test_nothing_observed_is_no_score_at_all() -> None:
    assert fuse_scores(liveness=None, emotion=None, deepfake=None, weights=Weights()) == Scores()


def test_a_part_without_weight_alone_is_no_score() -> None:
    assert spread_mean({"a": 1.0, "b": None}, {"a": 0.0, "b": 1.0}) is None
