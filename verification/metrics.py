"""What Prometheus is told: counts, times and levels of this process.

Labels come from closed lists (actions, reasons, models, close codes), never from what somebody sent, so there
are no more series than there are words, and none says anything of a person.
"""

from contextlib import AbstractContextManager

from prometheus_client import Counter, Gauge, Histogram

from verification.liveness.actions import CATALOGUE, Action
from verification.liveness.events import ChallengeEnded
from verification.liveness.vocabulary import ChallengeOutcome, Reason
from verification.messages import CloseCode

STEPS = ("decode", "landmarks", "texture", "emotion", "deepfake")
FRAME_FATES = ("analysed", "replaced", "stale", "rejected")
_STEP_BUCKETS_S = (0.001, 0.002, 0.004, 0.006, 0.008, 0.01, 0.015, 0.02, 0.03, 0.05, 0.1, 0.25, 1.0)
_ANSWER_BUCKETS_S = (0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 5.0)
_CHALLENGE_BUCKETS_S = (0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 10.0, 15.0, 20.0, 30.0)

FRAMES = Counter("pol_frames", "Frames by what became of them.", ["fate"])
STEP_SECONDS = Histogram(
    "pol_inference_seconds", "Time of one step of a frame's analysis.", ["model"], buckets=_STEP_BUCKETS_S
)
ANALYSIS_SECONDS = Histogram(
    "pol_frame_analysis_seconds", "From taking a frame up to having judged it.", buckets=_ANSWER_BUCKETS_S
)
ANSWER_SECONDS = Histogram(
    "pol_frame_answer_seconds", "From a frame's arrival to its answer.", buckets=_ANSWER_BUCKETS_S
)
CHALLENGE_SECONDS = Histogram(
    "pol_challenge_seconds",
    "From a challenge's reveal to its end.",
    ["action", "outcome"],
    buckets=_CHALLENGE_BUCKETS_S,
)
SESSIONS = Counter("pol_sessions_concluded", "Sessions that this process concluded.", ["decision", "reason"])
REFUSED_SOCKETS = Counter("pol_sockets_refused", "Sockets that were turned away.", ["code"])
LOST_SECONDS = Counter("pol_lost_seconds", "Time of sessions that the server, not the person, let pass.")
LIVE_SESSIONS = Gauge("pol_sessions_live", "Sessions whose socket this process holds.")
SESSION_LIMIT = Gauge("pol_sessions_limit", "The most sessions that this process takes.")
WAITING_FRAMES = Gauge("pol_frames_waiting", "Frames that wait for an inference thread.")
LOOP_LAG_SECONDS = Gauge("pol_event_loop_lag_seconds", "The event loop's worst delay of the last seconds.")
STOPPING = Gauge("pol_stopping", "1 while this process lets its last sessions finish.")
OUTBOX = Gauge(
    "pol_webhooks_waiting", "Webhooks in the database that are not delivered yet, of all processes."
)


def time_step(step: str) -> AbstractContextManager[None]:
    """Measure what happens within. step: one of STEPS."""
    timer: AbstractContextManager[None] = STEP_SECONDS.labels(step).time()
    return timer


def note_challenge(ended: ChallengeEnded) -> None:
    CHALLENGE_SECONDS.labels(str(ended.challenge.action), str(ended.outcome)).observe(
        max(0, ended.latency_ms) / 1_000
    )


def note_conclusion(reason: Reason) -> None:
    SESSIONS.labels(str(reason.decision), str(reason)).inc()


def _show_from_the_start() -> None:
    """A series that begins at 0 has a rate from its first event on."""
    for step in STEPS:
        STEP_SECONDS.labels(step)
    for fate in FRAME_FATES:
        FRAMES.labels(fate)
    for reason in Reason:
        SESSIONS.labels(str(reason.decision), str(reason))
    for code in CloseCode:
        REFUSED_SOCKETS.labels(str(int(code)))
    for action in (Action.LOOK_STRAIGHT, *CATALOGUE):
        CHALLENGE_SECONDS.labels(str(action), str(ChallengeOutcome.PASSED))


_show_from_the_start()
