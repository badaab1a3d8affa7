"""What the dashboard asks of the database: a handful of queries, each bounded and on an index."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import ceil

from django.db.models import Count
from django.db.models.functions import TruncDate
from django.utils import timezone

from verification.liveness.vocabulary import Decision, Reason
from verification.models import SessionStatus, VerificationSession

PERIOD_DAYS = (1, 7, 30)
SAMPLE_SIZE = 5_000


@dataclass(frozen=True, slots=True)
class Tally:
    """Concluded sessions by decision."""

    passed: int = 0
    failed: int = 0
    inconclusive: int = 0

    @property
    def total(self) -> int:
        return self.passed + self.failed + self.inconclusive

    @property
    def pass_rate(self) -> float | None:
        """Share of all concluded sessions that passed, 0..1; None where there were none."""
        return self.passed / self.total if self.total else None


@dataclass(frozen=True, slots=True)
class Day:
    """day: in the server's time zone (UTC)."""

    day: date
    tally: Tally


@dataclass(frozen=True, slots=True)
class Period:
    """The last `days` days, today included."""

    days: int
    tally: Tally


@dataclass(frozen=True, slots=True)
class ReasonCount:
    """share: of all sessions that did not pass, 0..1."""

    reason: Reason
    count: int
    share: float


@dataclass(frozen=True, slots=True)
class Durations:
    """From the camera page's connection to the verdict, in seconds, of the newest sessions only."""

    decision: Decision
    count: int
    median_s: float
    p95_s: float


@dataclass(frozen=True, slots=True)
class Activity:
    """What happened in the last 30 days. days: one entry each, oldest first, empty ones included."""

    periods: tuple[Period, ...]
    days: tuple[Day, ...]
    reasons: tuple[ReasonCount, ...]
    durations: tuple[Durations, ...]
    in_progress: int

    @property
    def is_empty(self) -> bool:
        return not self.periods[-1].tally.total

    @property
    def pass_duration(self) -> Durations | None:
        return next((entry for entry in self.durations if entry.decision is Decision.PASS), None)


def read_activity(*, now: datetime | None = None) -> Activity:
    """Three queries: counts by day and reason, the newest durations, and the sessions in progress."""
    now = now or timezone.now()
    today = timezone.localdate(now)
    first = today - timedelta(days=PERIOD_DAYS[-1] - 1)
    counts = _count_outcomes(first)
    days = [first + timedelta(days=offset) for offset in range(PERIOD_DAYS[-1])]
    tallies = {day: _tally({reason: counts[day, reason] for reason in Reason}) for day in days}
    return Activity(
        periods=tuple(Period(length, _add(tallies[day] for day in days[-length:])) for length in PERIOD_DAYS),
        days=tuple(Day(day, tallies[day]) for day in days),
        reasons=_rank_reasons(counts),
        durations=_read_durations(first),
        in_progress=count_in_progress(now=now),
    )


def count_in_progress(*, now: datetime) -> int:
    """Sessions that are neither concluded nor out of time."""
    waiting = (SessionStatus.CREATED, SessionStatus.IN_PROGRESS)
    return VerificationSession.objects.filter(status__in=waiting, expires_at__gt=now).count()


def quantile(ordered: Sequence[float], share: float) -> float:
    """The nearest-rank quantile of at least one value in rising order; share in (0, 1]."""
    return ordered[max(0, ceil(share * len(ordered)) - 1)]


def _count_outcomes(first: date) -> Counter[tuple[date, Reason]]:
    """At most 30 days times the number of reasons in rows, from an index that holds all three columns."""
    rows = (
        VerificationSession.objects.filter(created_at__gte=_midnight(first))
        .exclude(decision="")
        .values_list(TruncDate("created_at"), "reason")
        .annotate(count=Count("pk"))
        .order_by()
    )
    return Counter({(day, Reason(reason)): count for day, reason, count in rows})


def _tally(counts: Mapping[Reason, int]) -> Tally:
    by_decision: Counter[Decision] = Counter()
    for reason, count in counts.items():
        by_decision[reason.decision] += count
    return Tally(by_decision[Decision.PASS], by_decision[Decision.FAIL], by_decision[Decision.INCONCLUSIVE])


def _add(tallies: Iterable[Tally]) -> Tally:
    entries = list(tallies)
    return Tally(
        sum(entry.passed for entry in entries),
        sum(entry.failed for entry in entries),
        sum(entry.inconclusive for entry in entries),
    )


def _rank_reasons(counts: Counter[tuple[date, Reason]]) -> tuple[ReasonCount, ...]:
    totals: Counter[Reason] = Counter()
    for (_, reason), count in counts.items():
        if reason.decision is not Decision.PASS:
            totals[reason] += count
    everything = totals.total()
    return tuple(ReasonCount(reason, count, count / everything) for reason, count in totals.most_common())


def _read_durations(first: date) -> tuple[Durations, ...]:
    """Of the newest `SAMPLE_SIZE` sessions: SQLite has no percentiles, and a month may be long."""
    newest = (
        VerificationSession.objects.filter(
            created_at__gte=_midnight(first), ticket_used_at__isnull=False, concluded_at__isnull=False
        )
        .order_by("-created_at")
        .values_list("decision", "ticket_used_at", "concluded_at")[:SAMPLE_SIZE]
    )
    seconds: dict[Decision, list[float]] = {decision: [] for decision in Decision}
    for decision, connected_at, concluded_at in newest:
        # The filter above leaves no None; the types cannot know.
        if connected_at is not None and concluded_at is not None:
            seconds[Decision(decision)].append((concluded_at - connected_at).total_seconds())
    return tuple(
        Durations(decision, len(values), quantile(sorted(values), 0.5), quantile(sorted(values), 0.95))
        for decision, values in seconds.items()
        if values
    )


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime(day.year, day.month, day.day))
