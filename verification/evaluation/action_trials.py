"""Does each challenge accept the action asked for, and no other? The live judges against the events.

Recall is measured as in a session: the camera walks to and fro over the event until the challenge's time
is over, and at least once over all of it. A false accept is measured over one pass, forwards: walking to
and fro would show one natural blink as several.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from verification.clips.camera import MARGIN_S, WalkingCamera
from verification.evaluation.labels import accompany
from verification.evaluation.rates import Rate, count_errors
from verification.evaluation.recording import Recording
from verification.evaluation.reference import find_reference
from verification.evaluation.tables import ClipEvent
from verification.liveness.actions import POOL, Action
from verification.liveness.attempt import ChallengeAttempt
from verification.liveness.baseline import NeutralBaseline
from verification.liveness.events import IssuedChallenge
from verification.liveness.measures import HELD_MEASURES
from verification.liveness.observation import FaceObservation
from verification.liveness.policy import Policy


@dataclass(frozen=True, slots=True)
class ActionTrial:
    """One event before the judge of one action. asked: by the judge. label: of the event.

    is_shown: the event shows it. is_accepted: within the challenge's time where it is shown, within one
    pass where it isn't. is_prompt: accepted within the first pass.
    """

    clip: str
    label: str
    asked: Action
    is_shown: bool
    is_accepted: bool
    is_prompt: bool


@dataclass(frozen=True, slots=True)
class ActionRates:
    """recall: errors are misses. first_pass: the same, when the action is shown once.

    false_accept: errors are events of other actions that were accepted.
    """

    recall: Rate
    first_pass: Rate
    false_accept: Rate

    def as_dict(self) -> dict[str, object]:
        """`rate` of the recalls is the share accepted; their interval is that of the share accepted."""
        return {
            "recall": _as_recall(self.recall),
            "first_pass": _as_recall(self.first_pass),
            "false_accept": self.false_accept.as_dict(),
        }


def run_trials(
    clip: str, recording: Recording, events: Sequence[ClipEvent], policy: Policy
) -> Iterator[ActionTrial]:
    """Every event before the judge of what it shows, and once before all the others.

    An event longer than a challenge may last says what a person does now and then over a clip, not all
    that happens in it, so it counts for recall only. Nothing comes of a clip without a
    stretch that meets the alignment step, since nothing says then what is neutral; nor of a held action that begins
    with the clip, since it must be seen to begin.
    """
    reference = find_reference(recording, events)
    if reference is None or reference.segment is None:
        return
    for event in events:
        frames = _cut_out(recording, event)
        if event.actions[0] is Action.LOOK_STRAIGHT or not frames or _is_under_way(event):
            continue
        asked = event.actions[0]
        accepted_ms = _present(frames, recording.fps, asked, reference.baseline, policy, is_repeated=True)
        is_prompt = accepted_ms is not None and accepted_ms <= 1_000 * len(frames) / recording.fps
        yield ActionTrial(clip, event.label, asked, True, accepted_ms is not None, is_prompt)
        if 1_000 * (event.end_s - event.start_s) > policy.challenge_timeout_ms:
            continue
        for other in POOL:
            if other not in _find_shown(event, events):
                met_ms = _present(frames, recording.fps, other, reference.baseline, policy, is_repeated=False)
                yield ActionTrial(clip, event.label, other, False, met_ms is not None, met_ms is not None)


def rate_actions(trials: Iterable[ActionTrial]) -> ActionRates:
    """The rates over some trials: of one action, or of all."""
    listed = list(trials)
    shown = [trial for trial in listed if trial.is_shown]
    return ActionRates(
        recall=count_errors(not trial.is_accepted for trial in shown),
        first_pass=count_errors(not trial.is_prompt for trial in shown),
        false_accept=count_errors(trial.is_accepted for trial in listed if not trial.is_shown),
    )


def rate_by_action(trials: Sequence[ActionTrial]) -> Mapping[Action, ActionRates]:
    """Every action that was tried."""
    return {
        action: rate_actions(trial for trial in trials if trial.asked is action)
        for action in POOL
        if any(trial.asked is action for trial in trials)
    }


def _cut_out(recording: Recording, event: ClipEvent) -> Sequence[FaceObservation]:
    """The event's frames with the margin that a session walks; empty where the clip ends before it."""
    if event.start_s >= recording.duration_s:
        return ()
    first = max(0, round((event.start_s - MARGIN_S) * recording.fps))
    return recording.carried[first : round((event.end_s + MARGIN_S) * recording.fps) + 1]


def _is_under_way(event: ClipEvent) -> bool:
    return event.start_s <= 0.0 and event.actions[0] in HELD_MEASURES


def _find_shown(event: ClipEvent, events: Sequence[ClipEvent]) -> frozenset[Action]:
    """All that may rightly be accepted while this event is shown: its own actions and overlapping ones."""
    start_s, end_s = event.start_s - MARGIN_S, event.end_s + MARGIN_S
    shown: set[Action] = set()
    for other in events:
        if other.start_s < end_s and other.end_s > start_s:
            shown.update(*(accompany(action) for action in other.actions))
    if {Action.OPEN_MOUTH, Action.RAISE_EYEBROWS} <= shown:
        shown.add(Action.SURPRISE)
    return frozenset(shown)


def _present(
    frames: Sequence[FaceObservation],
    fps: float,
    asked: Action,
    baseline: NeutralBaseline,
    policy: Policy,
    *,
    is_repeated: bool,
) -> int | None:
    """When the judge accepts, in milliseconds since the reveal at the first frame; None if it doesn't."""
    camera = WalkingCamera(frames, fps)
    once_ms = 1_000 * len(frames) / fps
    time_ms = max(policy.challenge_timeout_ms, once_ms) if is_repeated else once_ms
    attempt = ChallengeAttempt(IssuedChallenge("", 1, 1, asked, b"", 0, policy.challenge_timeout_ms))
    taken = iter(camera.take, None)
    for index, observation in enumerate(islice(taken, int(time_ms * fps / 1_000))):
        at_ms = round(1_000 * index / fps)
        attempt.observe(observation, baseline, at_ms)
        if attempt.is_done:
            return at_ms
    return None


def _as_recall(misses: Rate) -> dict[str, object]:
    low, high = misses.interval
    share = None if misses.rate is None else 1.0 - misses.rate
    return {"n": misses.n, "errors": misses.errors, "rate": share, "low": 1.0 - high, "high": 1.0 - low}
