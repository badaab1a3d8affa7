"""A recording watched passively: the live evidence and the live decision, without a challenge."""

from collections.abc import Callable, Sequence
from dataclasses import asdict

from verification.clips.subject import ClipVerdict
from verification.evaluation.recording import Recording
from verification.evaluation.reference import Reference, find_reference
from verification.evaluation.tables import ClipEvent
from verification.liveness.decision import decide
from verification.liveness.evidence import Evidence
from verification.liveness.policy import Policy
from verification.liveness.score import Scores, Signal
from verification.liveness.vocabulary import Reason


def watch(
    recording: Recording,
    events: Sequence[ClipEvent],
    policy: Policy,
    *,
    arrive: Callable[[float], int] = round,
) -> ClipVerdict:
    """The whole length at once: every signal but compliance, and the decision by the same floors.

    arrive: when a frame arrives that was captured at a time, in milliseconds; at once by default.

    A clip that never turns shows no parallax, so it ends `inconclusive` where nothing fails it: what
    ISO/IEC 30107-3 calls a non-response.
    """
    reference = find_reference(recording, events)
    if reference is None:
        return ClipVerdict(
            str(Reason.NO_RESPONSE.decision),
            str(Reason.NO_RESPONSE),
            asdict(Scores()),
            {str(signal): None for signal in Signal},
            frames=len(recording.observations),
            elapsed_s=recording.duration_s,
        )
    evidence, contradictions = _gather(recording, reference, arrive)
    scores, signals = evidence.score(policy.weights), evidence.signals
    reason = decide(scores, contradictions, policy, signals=signals)
    return ClipVerdict(
        str(reason.decision),
        str(reason),
        asdict(scores),
        {str(signal): value for signal, value in signals.items()},
        {name: dict(values) for name, values in evidence.measures.items()},
        frames=len(recording.observations),
        elapsed_s=recording.duration_s,
    )


def _gather(
    recording: Recording, reference: Reference, arrive: Callable[[float], int]
) -> tuple[Evidence, tuple[Reason, ...]]:
    """All evidence, and the first contradictions: live, a session ends with them."""
    evidence = Evidence()
    evidence.begin_challenges(reference.baseline, reference.frontal)
    first: tuple[Reason, ...] = ()
    for at_ms, observation in recording.walk():
        evidence.observe(observation, arrived_at_ms=arrive(at_ms), captured_at_ms=at_ms)
        first = first or evidence.contradictions
    return evidence, first
