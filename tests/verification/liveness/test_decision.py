import pytest
from hypothesis import given
from hypothesis import strategies as st

from verification.liveness.decision import REQUIRED_SIGNALS, decide
from verification.liveness.policy import Floors, Policy
from verification.liveness.score import Scores, Signal, fuse_scores
from verification.liveness.vocabulary import Reason

POLICY = Policy()
FLOORS = POLICY.floors
GOOD = Scores(liveness=0.9, emotion=0.9, deepfake=0.9, final=0.9)
CONTRADICTIONS = (Reason.INJECTION_SUSPECTED, Reason.MULTIPLE_FACES, Reason.IDENTITY_CHANGED)
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
        (score(None, 1.0, 1.0), Reason.POOR_CAPTURE),
        (Scores(), Reason.POOR_CAPTURE),
    ],
)
def test_the_scores_give_their_reason(scores: Scores, reason: Reason) -> None:
    assert decide(scores, (), POLICY) is reason


@pytest.mark.parametrize("name", ["liveness", "emotion", "deepfake"])
def test_no_floor_can_be_out_voted_by_the_other_two(name: str) -> None:
    parts: dict[str, float | None] = {"liveness": 1.0, "emotion": 1.0, "deepfake": 1.0}
    scores = score(**parts | {name: 0.0})
    lenient = Policy(pass_threshold=0.01)
    assert decide(scores, (), lenient) is not Reason.VERIFIED


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
        and (deepfake is None or deepfake >= floors.deepfake)
        and scores.final is not None
        and scores.final >= policy.pass_threshold
    )
    assert (decide(scores, (), policy) is Reason.VERIFIED) == is_good


@given(seen, seen, seen, st.lists(st.sampled_from(CONTRADICTIONS), min_size=1), policies)
def test_a_contradiction_wins_over_any_scores(
    liveness: float | None,
    emotion: float | None,
    deepfake: float | None,
    contradictions: list[Reason],
    policy: Policy,
) -> None:
    assert decide(score(liveness, emotion, deepfake), contradictions, policy) is contradictions[0]


@given(st.sets(st.sampled_from(Signal)))
def test_a_pass_takes_every_required_signal(unobserved: set[Signal]) -> None:
    reason = decide(GOOD, (), POLICY, unobserved=unobserved)
    assert reason is (Reason.POOR_CAPTURE if unobserved & REQUIRED_SIGNALS else Reason.VERIFIED)


def test_a_low_score_is_a_fail_even_where_a_required_signal_is_missing() -> None:
    scores = score(0.2, 0.9, 0.9)
    assert decide(scores, (), POLICY, unobserved=REQUIRED_SIGNALS) is Reason.LIVENESS_BELOW_FLOOR
