"""What the project asks of its detection, beside what was measured."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from verification.evaluation.outcomes import Mode

MAX_APCER, ENOUGH_PRESENTATIONS = 0.01, 100
# A species of which not one may pass: nothing in it lives.
NEVER_PASSING = frozenset({"print_flat", "injected_loop"})
MAX_BPCER = 0.03
MIN_RECALL, MAX_FALSE_ACCEPT = 0.95, 0.01
MAX_LOW_DEEPFAKE = 0.03


@dataclass(frozen=True, slots=True)
class Target:
    """rates: as in `metrics.json`. is_met: None where too little was measured to say."""

    measure: str
    bound: str
    rates: Mapping[str, Any]
    is_met: bool | None


def list_targets(metrics: Mapping[str, Any]) -> Iterator[Target]:
    """Every target, those of the attacks first."""
    for species in metrics["simulated"]:
        rates = metrics["apcer"][species]
        most = 0.0 if species in NEVER_PASSING else MAX_APCER
        bound = "none" if species in NEVER_PASSING else _at_most(MAX_APCER)
        yield _judge(f"APCER `{species}` (simulated)", bound, rates, most, enough=ENOUGH_PRESENTATIONS)
    sessions = metrics["by_mode"][str(Mode.SESSION)]["bpcer"]
    yield _judge("BPCER, sessions", _at_most(MAX_BPCER), sessions, MAX_BPCER)
    actions = metrics["all_actions"]
    recall = actions["recall"]
    is_recalled = recall["rate"] >= MIN_RECALL if recall["n"] else None
    yield Target("challenge actions, recall", f"at least {100 * MIN_RECALL:g} %", recall, is_recalled)
    false_accept = _at_most(MAX_FALSE_ACCEPT)
    yield _judge(
        "challenge actions, another accepted", false_accept, actions["false_accept"], MAX_FALSE_ACCEPT
    )
    low = metrics["deepfake_below_half"]
    yield _judge("bona fide deepfake scores below 0.5", _at_most(MAX_LOW_DEEPFAKE), low, MAX_LOW_DEEPFAKE)


def _judge(measure: str, bound: str, rates: Mapping[str, Any], most: float, *, enough: int = 1) -> Target:
    is_met = None
    if rates["n"]:
        is_met = rates["rate"] <= most
        if is_met and rates["n"] < enough:
            is_met = None  # too few to say so
    return Target(measure, bound, rates, is_met)


def _at_most(share: float) -> str:
    return f"at most {100 * share:g} %"
