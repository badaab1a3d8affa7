"""What the live monitor shows: the newest sessions that are not over, with where each one stands."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from verification.models import Challenge, SessionStatus, VerificationSession

MAX_ROWS = 100


@dataclass(frozen=True, slots=True)
class MonitoredSession:
    """One row. current: the newest revealed challenge. last_ended: the newest one with an outcome."""

    session: VerificationSession
    current: Challenge | None
    last_ended: Challenge | None

    @property
    def scores(self) -> dict[str, float | None]:
        """As of the last ended challenge; empty before."""
        return dict(self.last_ended.evidence.get("scores", {})) if self.last_ended else {}


@dataclass(frozen=True, slots=True)
class Snapshot:
    """rows: newest first, at most `MAX_ROWS`. total: how many there are in all."""

    rows: tuple[MonitoredSession, ...]
    total: int


def read_snapshot(*, now: datetime) -> Snapshot:
    """Three queries at most, whatever is going on."""
    waiting = (SessionStatus.CREATED, SessionStatus.IN_PROGRESS)
    going_on = VerificationSession.objects.filter(status__in=waiting, expires_at__gt=now)
    newest = list(going_on.select_related("relying_party").order_by("-created_at")[:MAX_ROWS])
    total = going_on.count() if len(newest) == MAX_ROWS else len(newest)
    challenges = _read_challenges([session.pk for session in newest])
    return Snapshot(tuple(_build_row(session, challenges.get(session.pk, [])) for session in newest), total)


def _read_challenges(session_ids: Sequence[UUID]) -> dict[UUID, list[Challenge]]:
    found: dict[UUID, list[Challenge]] = {}
    for challenge in Challenge.objects.filter(session_id__in=session_ids).order_by("revealed_at"):
        found.setdefault(challenge.session_id, []).append(challenge)
    return found


def _build_row(session: VerificationSession, challenges: Sequence[Challenge]) -> MonitoredSession:
    ended = [challenge for challenge in challenges if challenge.outcome]
    return MonitoredSession(session, challenges[-1] if challenges else None, ended[-1] if ended else None)
