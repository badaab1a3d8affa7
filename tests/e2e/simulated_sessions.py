"""Fill a database with simulated sessions: `python -m tests.e2e.simulated_sessions COUNT`.

Every session is played through the real services with made-up evidence, and its times are then laid out over
the last four weeks. Nothing here was measured and nobody stands behind an id; it is for pictures and tests.
"""

import os
import sys
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "polsite.settings")
if __name__ == "__main__":
    django.setup()

from django.contrib.auth.models import Group, User
from django.utils import timezone

from verification import services
from verification.liveness.actions import POOL, Action
from verification.liveness.events import ChallengeEnded, IssuedChallenge, SessionConcluded
from verification.liveness.policy import Weights
from verification.liveness.score import Scores, Signal, fuse_liveness, fuse_scores
from verification.liveness.vocabulary import ChallengeFault, ChallengeOutcome, Reason
from verification.models import RelyingParty, VerificationSession

PARTIES = ("Example shop", "Example library")
CHALLENGE_MS = 15_000
NONCE_MS = 300_000
DAYS = 28
SHARE_OF_GENUINE = 0.78


@dataclass(frozen=True, slots=True)
class Course:
    """quality: how well the simulated subject does, 0..1. steps: actions, and whether each is met."""

    quality: float
    steps: tuple[tuple[Action, bool], ...]


def fill(count: int, *, seed: int = 5) -> None:
    """`count` concluded sessions, one waiting and two in progress, two parties, and one account a role.

    The accounts' password is that of the superuser, from DJANGO_SUPERUSER_PASSWORD.
    """
    rng = Random(seed)
    parties = [RelyingParty.objects.get_or_create(name=name)[0] for name in PARTIES]
    password = os.environ["DJANGO_SUPERUSER_PASSWORD"]
    for role in ("reviewer", "operator"):
        user = User.objects.create_user(role, password=password, is_staff=True)
        user.groups.add(Group.objects.get(name=role))
    now = timezone.now()
    for _ in range(count):
        session = play(rng, rng.choice([*parties, None]))
        lay_out(session, now - timedelta(days=DAYS * rng.random() ** 1.4, minutes=5), rng)
    for party in parties:
        play(rng, party, is_over=False)
    services.open_session(user_id="subject-099", relying_party=parties[0])


def play(rng: Random, party: RelyingParty | None, *, is_over: bool = True) -> VerificationSession:
    """One session through the services, to its verdict or to its second challenge."""
    opened = services.open_session(user_id=f"subject-{rng.randint(1, 80):03d}", relying_party=party)
    session = opened.session
    services.connect_socket(session.pk, opened.ticket)
    services.note_camera(session.pk, {"width": 640, "height": 480, "fps": 30, "label": "simulated"})
    course = draw_course(rng)
    ended: ChallengeEnded | None = None
    for number, (action, is_met) in enumerate(course.steps):
        if ended is not None:
            services.end_challenge(session.pk, ended)
        issued = reveal(session, number, action, len(course.steps) - 1)
        ended = end(issued, is_met=is_met, quality=course.quality, rng=rng)
        if not is_over and number == 2:
            return session
    assert ended is not None
    if rng.random() < 0.06:
        services.abandon_session(session.pk, rng.choice([Reason.CANCELLED, Reason.DISCONNECTED]))
    else:
        concluded = SessionConcluded(find_reason(course, ended.scores), ended.scores, ended.signals, {})
        services.conclude_session(session.pk, concluded, ended)
    return session


def draw_course(rng: Random) -> Course:
    quality = rng.uniform(0.85, 0.95) if rng.random() < SHARE_OF_GENUINE else rng.uniform(0.25, 0.7)
    actions = rng.sample(POOL, rng.randint(3, 5))
    steps = ((action, rng.random() < 0.5 + quality / 2) for action in actions)
    return Course(quality, ((Action.LOOK_STRAIGHT, True), *steps))


def reveal(session: VerificationSession, number: int, action: Action, total: int) -> IssuedChallenge:
    issued = IssuedChallenge(
        str(uuid.uuid4()), number, max(total, 1), action, uuid.uuid4().bytes, 0, CHALLENGE_MS
    )
    services.reveal_challenge(session.pk, issued, NONCE_MS)
    return issued


def end(issued: IssuedChallenge, *, is_met: bool, quality: float, rng: Random) -> ChallengeEnded:
    """The challenge's end, with evidence that grows as the session goes on."""

    def near(value: float, spread: float) -> float:
        return min(1.0, max(0.0, value + rng.uniform(-spread, spread)))

    signals: dict[Signal, float | None] = dict.fromkeys(Signal, None)
    signals |= {Signal.TIMING: near(0.95, 0.05), Signal.CONTINUITY: near(0.95, 0.05)}
    if issued.index:
        signals |= {signal: near(quality, 0.1) for signal in (Signal.MICRO_MOTION, Signal.COMPLIANCE)}
    if issued.index > 1:
        signals[Signal.PARALLAX] = near(quality, 0.08)
    scores = fuse_scores(
        liveness=fuse_liveness(signals),
        emotion=near(quality, 0.1) if issued.index > 1 else None,
        deepfake=near(quality, 0.15),
        weights=Weights(),
    )
    outcome = ChallengeOutcome.PASSED if is_met else ChallengeOutcome.FAILED
    return ChallengeEnded(
        issued,
        outcome,
        None if is_met else ChallengeFault.NOT_PERFORMED,
        3,
        rng.randint(1_100, 5_500) if is_met else CHALLENGE_MS,
        {
            "peak": near(1.15, 0.15) if is_met else near(0.5, 0.3),
            "progress": 1.0 if is_met else near(0.4, 0.2),
        },
        scores,
        {str(signal): value for signal, value in signals.items()},
    )


def find_reason(course: Course, scores: Scores) -> Reason:
    if not course.steps[-1][1]:
        return Reason.CHALLENGE_FAILED
    if (scores.liveness or 0.0) < 0.5:
        return Reason.LIVENESS_BELOW_FLOOR
    return Reason.VERIFIED if (scores.final or 0.0) >= 0.7 else Reason.SCORE_BELOW_THRESHOLD


def lay_out(session: VerificationSession, opened_at: datetime, rng: Random) -> None:
    """Move a played session to where it would have been, with the time that its challenges took."""
    session.refresh_from_db()
    session.created_at = opened_at
    session.ticket_used_at = moment = opened_at + timedelta(seconds=rng.uniform(2, 20))
    for challenge in session.challenges.all():
        challenge.revealed_at = moment
        moment += timedelta(milliseconds=challenge.latency_ms or 1_000)
        challenge.ended_at = moment
        challenge.save()
    session.concluded_at = moment
    if session.token_id and rng.random() < 0.8:
        session.token_validated_at = moment + timedelta(seconds=2)
    session.save()


if __name__ == "__main__":
    fill(int(sys.argv[1]))
