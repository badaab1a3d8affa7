"""A session as a story: what happened when, how the evidence went, and what was decided by which policy."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from verification.admin.charts import LineChart, draw_line
from verification.models import Challenge, VerificationSession
from verification.words import ACTIONS, FAULTS, OUTCOMES, REASONS, SCORES, SIGNALS, put_in_words

Label = str | Promise


@dataclass(frozen=True, slots=True)
class Moment:
    """One entry of the timeline. offset_s: since the session was opened. tone: pass, fail, plain, ..."""

    at: datetime
    offset_s: float
    title: Label
    tone: str = "plain"
    note: Label = ""
    latency_ms: int | None = None
    measures: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Course:
    """One score or signal over the session. values: one for each of the story's `course_at_s`."""

    label: Label
    values: tuple[float | None, ...]
    chart: LineChart
    floor: float | None

    @property
    def last(self) -> float | None:
        """The newest value that was observed."""
        return next((value for value in reversed(self.values) if value is not None), None)

    @property
    def is_below_floor(self) -> bool:
        return self.floor is not None and self.last is not None and self.last < self.floor


@dataclass(frozen=True, slots=True)
class Story:
    """course_at_s: when the evidence was taken stock of, in seconds since the socket connected."""

    timeline: tuple[Moment, ...]
    course_at_s: tuple[float, ...]
    scores: tuple[Course, ...]
    signals: tuple[Course, ...]

    @property
    def has_course(self) -> bool:
        """Whether anything was ever observed."""
        return any(course.last is not None for course in (*self.scores, *self.signals))

    @property
    def rows(self) -> list[tuple[float, list[float | None]]]:
        """The table behind the charts: a time, then every score and signal."""
        courses = (*self.scores, *self.signals)
        return [
            (at_s, [course.values[index] for course in courses])
            for index, at_s in enumerate(self.course_at_s)
        ]


def tell_story(session: VerificationSession, challenges: Sequence[Challenge]) -> Story:
    """challenges: those of the session, in the order they were revealed."""
    stocks = _take_stocks(session, challenges)
    at_s = tuple(at for at, _scores, _signals in stocks)
    floors = session.policy.get("floors", {}) | {"final": session.policy.get("pass_threshold")}
    return Story(
        timeline=_build_timeline(session, challenges),
        course_at_s=at_s,
        scores=tuple(
            _follow(label, [scores.get(name) for _at, scores, _signals in stocks], at_s, floors.get(name))
            for name, label in SCORES.items()
        ),
        signals=tuple(
            _follow(label, [signals.get(name) for _at, _scores, signals in stocks], at_s, None)
            for name, label in SIGNALS.items()
        ),
    )


def _take_stocks(
    session: VerificationSession, challenges: Sequence[Challenge]
) -> list[tuple[float, Mapping[str, float | None], Mapping[str, float | None]]]:
    """The evidence at each challenge's end and at the conclusion: a point for each, so a few in all."""
    start = session.ticket_used_at or session.created_at
    stocks = [
        (
            (challenge.ended_at - start).total_seconds(),
            challenge.evidence.get("scores", {}),
            challenge.evidence.get("signals", {}),
        )
        for challenge in challenges
        if challenge.ended_at is not None and challenge.evidence
    ]
    if session.concluded_at is not None and session.scores:
        stocks.append(((session.concluded_at - start).total_seconds(), session.scores, session.signals))
    return sorted(stocks, key=lambda stock: stock[0])


def _follow(
    label: Label, values: Sequence[float | None], at_s: Sequence[float], floor: float | None
) -> Course:
    return Course(label, tuple(values), draw_line(values, at_s, floor_at=floor), floor)


def _build_timeline(session: VerificationSession, challenges: Sequence[Challenge]) -> tuple[Moment, ...]:
    def moment(at: datetime, title: Label, **rest: Any) -> Moment:
        return Moment(at, (at - session.created_at).total_seconds(), title, **rest)

    moments = [moment(session.created_at, _("Session opened"))]
    if session.consented_at:
        note = _("to version %(version)s of the text") % {"version": session.consent_version}
        moments.append(moment(session.consented_at, _("Consent given"), note=note))
    if session.ticket_used_at:
        moments.append(moment(session.ticket_used_at, _("Capture page connected, ticket used up")))
    moments += [_describe_challenge(challenge, session) for challenge in challenges]
    if session.concluded_at:
        moments.append(
            moment(
                session.concluded_at,
                _("Decision"),
                tone=session.decision,
                note=put_in_words(REASONS, session.reason),
            )
        )
        if session.token_id:
            moments.append(moment(session.concluded_at, _("Token issued")))
    if session.token_validated_at:
        moments.append(moment(session.token_validated_at, _("Token validated for the first time")))
    return tuple(moments)


def _describe_challenge(challenge: Challenge, session: VerificationSession) -> Moment:
    note = put_in_words(OUTCOMES, challenge.outcome)
    if challenge.fault:
        note = f"{note}: {put_in_words(FAULTS, challenge.fault)}"
    return Moment(
        at=challenge.revealed_at,
        offset_s=(challenge.revealed_at - session.created_at).total_seconds(),
        title=put_in_words(ACTIONS, challenge.action),
        tone=challenge.outcome or "current",
        note=note,
        latency_ms=challenge.latency_ms,
        measures=challenge.measures,
    )
