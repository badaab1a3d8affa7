"""Sessions taken through their course by the services alone, without a socket or pictures; and what is stored then."""

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar
from uuid import UUID, uuid4

from django.db import connection

from audit.models import AuditEvent, ChainHead
from verification import services
from verification.liveness.actions import Action
from verification.liveness.events import ChallengeEnded, IssuedChallenge, SessionConcluded
from verification.liveness.score import Scores
from verification.liveness.vocabulary import ChallengeFault, ChallengeOutcome, Reason
from verification.models import Challenge, Nonce, VerificationSession
from verification.services import OpenedSession, SessionUnavailableError

RACERS = 4
FIVE_MINUTES_MS = 300_000
SCORES = Scores(liveness=0.91, emotion=0.8, deepfake=0.77, final=0.84777)
Result = TypeVar("Result")


def open_session(**fields: Any) -> OpenedSession:
    return services.open_session(**{"user_id": "alice", **fields})


def issue(opened: OpenedSession, *, lifetime_ms: int = FIVE_MINUTES_MS) -> IssuedChallenge:
    """Reveal a challenge, as the socket does."""
    challenge = IssuedChallenge(
        challenge_id=str(uuid4()),
        index=1,
        total=3,
        action=Action.TURN_LEFT,
        nonce=uuid4().bytes,
        revealed_at_ms=0,
        timeout_ms=15_000,
    )
    assert services.reveal_challenge(opened.session.pk, challenge, lifetime_ms)
    return challenge


def end(challenge: IssuedChallenge, outcome: ChallengeOutcome = ChallengeOutcome.PASSED) -> ChallengeEnded:
    fault = ChallengeFault.NOT_PERFORMED if outcome is ChallengeOutcome.FAILED else None
    return ChallengeEnded(challenge, outcome, fault, 2, 1_234, {"peak": 0.98765})


def conclude(reason: Reason = Reason.VERIFIED) -> SessionConcluded:
    return SessionConcluded(
        reason, SCORES, {"parallax": 0.98765, "texture": None}, {"timing": {"a": 0.12345}}
    )


def read_kinds(session_id: UUID) -> list[str]:
    events = AuditEvent.objects.filter(session_id=session_id).order_by("sequence")
    return list(events.values_list("kind", flat=True))


def snapshot() -> str:
    """Everything that is stored, so that "nothing changed" can be said of all of it."""
    tables = (VerificationSession, Challenge, Nonce, AuditEvent, ChainHead)
    return json.dumps([list(table.objects.order_by("pk").values()) for table in tables], default=str)


def race(work: Callable[[], Result], racers: int = RACERS) -> list[Result | Exception]:
    """Run in several threads at once, each with a connection of its own, as replicas have."""
    start = threading.Barrier(racers, timeout=60)

    def run() -> Result | Exception:
        try:
            start.wait()
            return work()
        except SessionUnavailableError as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(racers) as pool:
        return [job.result() for job in [pool.submit(run) for _ in range(racers)]]
