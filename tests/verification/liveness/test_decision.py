import pytest
from hypothesis import given
from hypothesis import strategies as st

from verification.liveness.decision import (
    CONTRADICTED_BELOW,
    REQUIRED_SIGNALS,
    UNCLEAR_BELOW,
    UNCLEAR_DEEPFAKE_BELOW,
    decide,
)
from verification.liveness.policy import Floors, Policy
from verification.liveness.score import Scores, Signal, fuse_scores
from verification.liveness.vocabulary import Reason

POLICY = Policy()
FLOORS = POLICY.floors
GOOD = Scores(liveness=0.9, emotion=0.9, deepfake=0.9, final=0.9)
CONTRADICTIONS = (Reason.INJECTION_SUSPECTED, Reason.MULTIPLE_FACES, Reason.IDENTITY_CHANGED)
ALL_GOOD: dict[Signal, float | None] = dict.fromkeys(Signal, 1.0)
values = st.floats(0.0, 1.0)
seen = st.none() | values
policies = st.builds(
    Policy, pass_threshold=st.floats(0.01, 1.0), floors=st.builds(Floors, values, values, values)
)


def score(liveness: float | None, emotion: float | None, deepfake: float | None) -> Scores:
    return fuse_scores(liveness=liveness, emotion=emotion, deepfake=deepfake, weights=POLICY.weights)


@pytest.mark.parametrize(
    ("scores", "reason"),
    [
        (GOOD, Reason.VERIFIED),
        (score(0.9, None, 0.9), Reason.VERIFIED),
        (score(0.9, 0.9, None), Reason.VERIFIED),
        (score(FLOORS.liveness - 0.01, 1.0, 1.0), Reason.LIVENESS_BELOW_FLOOR),
        (score(1.0, 1.0, FLOORS.deepfake - 0.01), Reason.DEEPFAKE_BELOW_FLOOR),
        (score(1.0, FLOORS.emotion - 0.01, 1.0), Reason.SCORE_BELOW_THRESHOLD),
        (score(0.6, 0.6, 0.6), Reason.SCORE_BELOW_THRESHOLD),
        (score(1.0, 1.0, UNCLEAR_DEEPFAKE_BELOW - 0.01), Reason.POOR_CAPTURE),
        (score(None, 1.0, 1.0), Reason.POOR_CAPTURE),
        (Scores(), Reason.POOR_CAPTURE),
    ],
)
def test_the_scores_give_their_reason(scores: Scores, reason: Reason) -> None:
    assert decide(scores, (), POLICY, signals=ALL_GOOD) is reason


@pytest.mark.parametrize("name", ["liveness", "emotion", "deepfake"])
def test_no_floor_can_be_out_voted_by_the_other_two(name: str) -> None:
    parts: dict[str, float | None] = {"liveness": 1.0, "emotion": 1.0, "deepfake": 1.0}
    scores = score(**parts | {name: 0.0})
    lenient = Policy(pass_threshold=0.01)
    assert decide(scores, (), lenient, signals=ALL_GOOD) is not Reason.VERIFIED


@given(seen, seen, seen, policies)
def test_a_pass_is_above_the_threshold_and_every_floor(
    liveness: float | None, emotion: float | None, deepfake: float | None, policy: Policy
) -> None:
    scores = score(liveness, emotion, deepfake)
    floors = policy.floors
    is_good = (
        liveness is not None
        and liveness >= floors.liveness
        and (emotion is None or emotion >= floors.emotion)
        and (
            deepfake is None
            or deepfake >= (max(floors.deepfake, UNCLEAR_DEEPFAKE_BELOW) if floors.deepfake else 0.0)
        )
        and scores.final is not None
        and scores.final >= policy.pass_threshold
    )
    assert (decide(scores, (), policy, signals=ALL_GOOD) is Reason.VERIFIED) == is_good


@given(seen, seen, seen, st.lists(st.sampled_from(CONTRADICTIONS), min_size=1), policies)
def test_a_contradiction_wins_over_any_scores(
    liveness: float | None,
    emotion: float | None,
    deepfake: float | None,
    contradictions: list[Reason],
    policy: Policy,
) -> None:
    scores = score(liveness, emotion, deepfake)
    assert decide(scores, contradictions, policy, signals=ALL_GOOD) is contradictions[0]


@given(st.sets(st.sampled_from(Signal)))
def test_a_pass_takes_every_required_signal(unobserved: set[Signal]) -> None:
    reason = decide(GOOD, (), POLICY, signals=ALL_GOOD | dict.fromkeys(unobserved))
    assert reason is (Reason.POOR_CAPTURE if unobserved & REQUIRED_SIGNALS else Reason.VERIFIED)


def test_a_low_score_is_a_fail_even_where_a_required_signal_is_missing() -> None:
    assert decide(score(0.2, 0.9, 0.9), (), POLICY, signals={}) is Reason.LIVENESS_BELOW_FLOOR


@pytest.mark.parametrize("signal", CONTRADICTED_BELOW)
def test_no_vote_outweighs_a_flat_a_frozen_or_a_printed_face(signal: Signal) -> None:
    floor = CONTRADICTED_BELOW[signal]
    assert decide(GOOD, (), POLICY, signals=ALL_GOOD | {signal: floor - 0.01}) is Reason.LIVENESS_BELOW_FLOOR
    assert decide(GOOD, (), POLICY, signals=ALL_GOOD | {signal: None}) is not Reason.LIVENESS_BELOW_FLOOR


@pytest.mark.parametrize("signal", UNCLEAR_BELOW)
def test_a_signal_that_tells_nothing_either_way_leaves_the_session_inconclusive(signal: Signal) -> None:
    floor = UNCLEAR_BELOW[signal]
    assert decide(GOOD, (), POLICY, signals=ALL_GOOD | {signal: floor - 0.01}) is Reason.POOR_CAPTURE
    assert decide(GOOD, (), POLICY, signals=ALL_GOOD | {signal: floor}) is Reason.VERIFIED


@given(st.fixed_dictionaries(dict.fromkeys(Signal, seen)))
def test_whatever_the_signals_say_the_decision_is_one_of_three(signals: dict[Signal, float | None]) -> None:
    reason = decide(GOOD, (), POLICY, signals=signals)
    assert reason in {Reason.VERIFIED, Reason.LIVENESS_BELOW_FLOOR, Reason.POOR_CAPTURE}
