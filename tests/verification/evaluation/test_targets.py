from typing import Any

import pytest

from tests.verification.evaluation.outcomes import make_outcome
from tests.verification.evaluation.test_metrics import FLAT, GOOD
from verification.evaluation.metrics import build_metrics
from verification.evaluation.targets import list_targets
from verification.liveness.policy import Policy
from verification.liveness.vocabulary import Reason


def judge(passed: int, stopped: int, species: str = "screen_replay") -> dict[str, bool | None]:
    """Whether each target is met over so many simulated attacks and two sessions of a living person."""
    reasons = [Reason.VERIFIED] * passed + [Reason.LIVENESS_BELOW_FLOOR] * stopped
    attacks = [
        make_outcome(f"{number}", species, reason, is_simulated=True, signals=FLAT)
        for number, reason in enumerate(reasons)
    ]
    real = [make_outcome("a.mp4", "bona_fide", seed=seed, signals=GOOD) for seed in (1, 2)]
    metrics: dict[str, Any] = build_metrics([*real, *attacks], [], Policy())
    return {target.measure: target.is_met for target in list_targets(metrics)}


@pytest.mark.parametrize(
    ("passed", "stopped", "is_met"),
    [(0, 100, True), (1, 99, True), (2, 98, False), (0, 99, None), (1, 9, False)],
)
def test_a_species_needs_a_hundred_presentations_to_meet_its_target(
    passed: int, stopped: int, is_met: bool | None
) -> None:
    assert judge(passed, stopped)["APCER `screen_replay` (simulated)"] is is_met


@pytest.mark.parametrize("species", ["print_flat", "injected_loop"])
def test_of_some_species_not_one_may_pass(species: str) -> None:
    assert judge(1, 199, species)[f"APCER `{species}` (simulated)"] is False


def test_what_was_not_measured_is_neither_met_nor_missed() -> None:
    judged = judge(0, 0)
    assert judged["BPCER, sessions"] is True
    assert judged["challenge actions, recall"] is None
