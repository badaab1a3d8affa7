"""Outcomes to figures: everything that `metrics.json` holds and the report shows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from verification.evaluation.action_trials import ActionTrial, rate_actions, rate_by_action
from verification.evaluation.outcomes import (
    SCORE_NAMES,
    SIGNAL_NAMES,
    Mode,
    Outcome,
    average_by_clip,
    judge_without,
    list_species,
)
from verification.evaluation.rates import Rate, area_under_curve, count_errors
from verification.liveness.policy import Policy
from verification.liveness.score import Signal
from verification.liveness.vocabulary import Decision

MEASURED_NAMES = (*SIGNAL_NAMES, *SCORE_NAMES)
# A calibrated deepfake score below this calls a face generated.
DEEPFAKE_MIDDLE = 0.5


@dataclass(frozen=True, slots=True)
class ClassRates:
    """The presentations of one class in one mode.

    errors: bona fide decided `fail` (BPCER), or attacks decided `pass` (APCER). non_responses: decided
    `inconclusive` (BPNRR, APNRR). stopped: not passed, for whatever reason.
    """

    mode: Mode
    errors: Rate
    non_responses: Rate
    not_passed: Rate
    clips: int


@dataclass(frozen=True, slots=True)
class SignalWorth:
    """A signal alone, and the liveness score and the decisions without it.

    observed: of how many presentations it was, out of all. auc: None where it separates nothing because
    one side is empty. apcer, bpcer: over all presentations with a decision.
    """

    name: str
    observed_bona_fide: Rate
    observed_attacks: Rate
    auc: float | None
    liveness_auc_without: float | None
    apcer_without: Rate
    bpcer_without: Rate


def rate_class(outcomes: Iterable[Outcome], mode: Mode, *, is_bona_fide: bool) -> ClassRates:
    """The rates of one class in one mode; n is 0 where nothing of it was presented so."""
    listed = [outcome for outcome in outcomes if outcome.mode is mode]
    wrong = Decision.FAIL if is_bona_fide else Decision.PASS
    return ClassRates(
        mode,
        errors=count_errors(outcome.decision == wrong for outcome in listed),
        non_responses=count_errors(outcome.decision == Decision.INCONCLUSIVE for outcome in listed),
        not_passed=count_errors(outcome.decision != Decision.PASS for outcome in listed),
        clips=len({outcome.clip for outcome in listed}),
    )


def rate_best_mode(outcomes: Sequence[Outcome], *, is_bona_fide: bool) -> ClassRates:
    """The sessions where any was played, for that is what is decided live; else what was watched."""
    sessions = rate_class(outcomes, Mode.SESSION, is_bona_fide=is_bona_fide)
    return sessions if sessions.clips else rate_class(outcomes, Mode.PASSIVE, is_bona_fide=is_bona_fide)


def measure_auc(outcomes: Sequence[Outcome], name: str) -> float | None:
    """Bona fide against all attacks, one value a clip."""
    return area_under_curve(
        average_by_clip((outcome for outcome in outcomes if outcome.is_bona_fide), name),
        average_by_clip((outcome for outcome in outcomes if not outcome.is_bona_fide), name),
    )


def weigh_signals(outcomes: Sequence[Outcome], policy: Policy) -> list[SignalWorth]:
    """Each signal of the liveness score: what it tells alone, and what the fusion is without it."""
    presented = [outcome for outcome in outcomes if outcome.verdict is not None]
    return [_weigh(presented, signal, policy) for signal in Signal]


def _weigh(outcomes: Sequence[Outcome], signal: Signal, policy: Policy) -> SignalWorth:
    decisions: dict[bool, list[Decision]] = {True: [], False: []}
    liveness: dict[bool, list[float]] = {True: [], False: []}
    for outcome in outcomes:
        judged = judge_without(outcome, signal, policy)
        if judged is not None:
            decisions[outcome.is_bona_fide].append(judged[0])
            if judged[1].liveness is not None:
                liveness[outcome.is_bona_fide].append(judged[1].liveness)
    return SignalWorth(
        str(signal),
        observed_bona_fide=_count_observed(outcomes, signal, is_bona_fide=True),
        observed_attacks=_count_observed(outcomes, signal, is_bona_fide=False),
        auc=measure_auc(outcomes, str(signal)),
        liveness_auc_without=area_under_curve(liveness[True], liveness[False]),
        apcer_without=count_errors(decision is Decision.PASS for decision in decisions[False]),
        bpcer_without=count_errors(decision is Decision.FAIL for decision in decisions[True]),
    )


def _count_observed(outcomes: Iterable[Outcome], signal: Signal, *, is_bona_fide: bool) -> Rate:
    of_class = [outcome for outcome in outcomes if outcome.is_bona_fide is is_bona_fide]
    return Rate(len(of_class), sum(outcome.read(str(signal)) is not None for outcome in of_class))


def rate_low_deepfake(outcomes: Iterable[Outcome]) -> Rate:
    """Bona fide clips whose deepfake score is below one half, one value a clip."""
    scores = average_by_clip((outcome for outcome in outcomes if outcome.is_bona_fide), "deepfake")
    return count_errors(score < DEEPFAKE_MIDDLE for score in scores)


def build_metrics(
    outcomes: Sequence[Outcome], trials: Sequence[ActionTrial], policy: Policy
) -> dict[str, Any]:
    """The figures as plain values; docs/choosing-a-threshold.md says what each key holds."""
    species = list_species(outcomes)
    of_class = {name: [o for o in outcomes if o.presentation == name] for name in species}
    real = [outcome for outcome in outcomes if outcome.is_bona_fide]
    best = rate_best_mode(real, is_bona_fide=True)
    attacks = {name: rate_best_mode(of_class[name], is_bona_fide=False) for name in species}
    return {
        "bpcer": best.errors.as_dict(),
        "bpnrr": best.non_responses.as_dict(),
        "apcer": {name: rates.errors.as_dict() for name, rates in attacks.items()},
        "apnrr": {name: rates.non_responses.as_dict() for name, rates in attacks.items()},
        "by_mode": {str(mode): _rate_mode(real, of_class, mode) for mode in Mode},
        "simulated": sorted({outcome.presentation for outcome in outcomes if outcome.is_simulated}),
        "auc": {name: measure_auc(outcomes, name) for name in MEASURED_NAMES},
        "auc_by_species": {
            name: {measured: measure_auc([*real, *of_class[name]], measured) for measured in MEASURED_NAMES}
            for name in species
        },
        "signals": {worth.name: _describe_worth(worth) for worth in weigh_signals(outcomes, policy)},
        "deepfake_below_half": rate_low_deepfake(outcomes).as_dict(),
        "actions": {str(action): rates.as_dict() for action, rates in rate_by_action(trials).items()},
        "all_actions": rate_actions(trials).as_dict(),
        "groups": _rate_groups(real, trials),
        "clips": _count_clips(outcomes),
    }


def _rate_mode(
    real: Sequence[Outcome], of_class: Mapping[str, Sequence[Outcome]], mode: Mode
) -> dict[str, Any]:
    bona_fide = rate_class(real, mode, is_bona_fide=True)
    attacks = {name: rate_class(found, mode, is_bona_fide=False) for name, found in of_class.items()}
    presented = {name: rates for name, rates in attacks.items() if rates.clips}
    return {
        "bona_fide_clips": bona_fide.clips,
        "bpcer": bona_fide.errors.as_dict(),
        "bpnrr": bona_fide.non_responses.as_dict(),
        "bona_fide_not_passed": bona_fide.not_passed.as_dict(),
        "apcer": {name: rates.errors.as_dict() for name, rates in presented.items()},
        "apnrr": {name: rates.non_responses.as_dict() for name, rates in presented.items()},
        "attack_clips": {name: rates.clips for name, rates in presented.items()},
    }


def _describe_worth(worth: SignalWorth) -> dict[str, Any]:
    return {
        "auc": worth.auc,
        "observed_bona_fide": worth.observed_bona_fide.errors,
        "observed_attacks": worth.observed_attacks.errors,
        "liveness_auc_without": worth.liveness_auc_without,
        "apcer_without": worth.apcer_without.as_dict(),
        "bpcer_without": worth.bpcer_without.as_dict(),
    }


def _rate_groups(real: Sequence[Outcome], trials: Sequence[ActionTrial]) -> dict[str, Any]:
    """Bona fide presentations of each group of the table: all modes together, since a group is small."""
    groups = sorted({group for outcome in real for group in outcome.groups})
    return {group: _rate_group([o for o in real if group in o.groups], trials) for group in groups}


def _rate_group(outcomes: Sequence[Outcome], trials: Sequence[ActionTrial]) -> dict[str, Any]:
    clips = {outcome.clip for outcome in outcomes}
    presented = [outcome for outcome in outcomes if outcome.verdict is not None]
    return {
        "clips": len(clips),
        "bpcer": count_errors(outcome.decision == Decision.FAIL for outcome in presented).as_dict(),
        "recall": rate_actions(trial for trial in trials if trial.clip in clips).as_dict()["recall"],
    }


def _count_clips(outcomes: Sequence[Outcome]) -> dict[str, int]:
    named = {outcome.clip: outcome for outcome in outcomes}
    return {
        "presented": sum(outcome.verdict is not None for outcome in named.values()),
        "unreadable": sum(outcome.verdict is None for outcome in named.values()),
        "presentations": sum(outcome.verdict is not None for outcome in outcomes),
    }
