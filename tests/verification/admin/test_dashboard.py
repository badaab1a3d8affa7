"""The dashboard's figures against sessions that were really opened and concluded."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from tests.audit.events import record_at
from tests.verification.sessions import conclude, end, issue
from verification import services
from verification.dashboard import Durations, Tally, quantile, read_activity
from verification.dashboard_models import read_models
from verification.liveness.vocabulary import Decision, Reason
from verification.models import VerificationSession

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 15, 12, tzinfo=UTC)


def add_session(reason: Reason, *, days_ago: int = 0, seconds: float = 10.0) -> None:
    """One concluded session, its times moved to where the test wants them."""
    opened = services.open_session(user_id="subject-001")
    services.connect_socket(opened.session.pk, opened.ticket)
    if reason is Reason.VERIFIED:
        services.conclude_session(opened.session.pk, conclude(), end(issue(opened)))
    else:
        services.abandon_session(opened.session.pk, reason)
    created_at = NOON - timedelta(days=days_ago)
    VerificationSession.objects.filter(pk=opened.session.pk).update(
        created_at=created_at, ticket_used_at=created_at, concluded_at=created_at + timedelta(seconds=seconds)
    )


def test_periods_count_from_midnight_and_tell_the_share_that_passed() -> None:
    add_session(Reason.VERIFIED)
    add_session(Reason.NO_RESPONSE, days_ago=6)
    add_session(Reason.CHALLENGE_FAILED, days_ago=7)
    add_session(Reason.VERIFIED, days_ago=29)
    add_session(Reason.VERIFIED, days_ago=30)
    periods = read_activity(now=NOON).periods
    assert [period.days for period in periods] == [1, 7, 30]
    assert [period.tally for period in periods] == [Tally(1), Tally(1, 0, 1), Tally(2, 1, 1)]
    assert [period.tally.pass_rate for period in periods] == [1.0, 0.5, 0.5]


def test_every_day_of_the_last_thirty_has_an_entry() -> None:
    add_session(Reason.VERIFIED, days_ago=3)
    days = read_activity(now=NOON).days
    assert [day.day for day in days] == [date(2026, 2, 14) + timedelta(days=n) for n in range(30)]
    assert [day.day for day in days if day.tally.total] == [date(2026, 3, 12)]


def test_reasons_are_ranked_and_passes_are_no_reason() -> None:
    for reason in (Reason.VERIFIED, Reason.POOR_CAPTURE, Reason.DISCONNECTED, Reason.POOR_CAPTURE):
        add_session(reason)
    reasons = read_activity(now=NOON).reasons
    assert [(entry.reason, entry.count) for entry in reasons] == [("poor_capture", 2), ("disconnected", 1)]
    assert sum(entry.share for entry in reasons) == pytest.approx(1.0)


def test_durations_are_told_by_decision() -> None:
    for seconds in (10.0, 20.0, 30.0):
        add_session(Reason.VERIFIED, seconds=seconds)
    add_session(Reason.CANCELLED, seconds=5.0)
    activity = read_activity(now=NOON)
    assert activity.durations == (
        Durations(Decision.PASS, 3, 20.0, 30.0),
        Durations(Decision.INCONCLUSIVE, 1, 5.0, 5.0),
    )
    assert activity.pass_duration == activity.durations[0]


def test_sessions_that_are_not_over_are_counted_apart() -> None:
    services.open_session(user_id="subject-001")
    activity = read_activity()
    assert (activity.in_progress, activity.is_empty) == (1, True)
    assert read_activity(now=timezone.now() + timedelta(hours=1)).in_progress == 0


def test_the_figures_cost_three_queries_however_many_sessions_there_are(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for reason in (Reason.VERIFIED, Reason.CANCELLED, Reason.NO_RESPONSE):
        add_session(reason)
    with django_assert_num_queries(3):
        read_activity(now=NOON)


@given(values=st.lists(st.floats(0, 1e6), min_size=1), share=st.floats(0, 1, exclude_min=True))
def test_a_quantile_is_a_value_with_at_least_that_share_at_or_below_it(
    values: list[float], share: float
) -> None:
    found = quantile(sorted(values), share)
    at_or_below = sum(value <= found for value in values)
    assert found in values
    assert at_or_below >= share * len(values) - 1e-9


def test_models_tell_a_version_only_where_there_is_a_file() -> None:
    for model in read_models():
        assert bool(model.version) == model.status.is_installed
        assert len(model.version) in (0, 12)


def test_an_empty_dashboard_says_what_to_do_next(admin_client: Client) -> None:
    page = admin_client.get("/admin/").content.decode()
    assert "No session was concluded in the last 30 days" in page
    assert "POST /auth/verify" in page
    assert "Never verified" in page
    assert "None yet" in page
    assert 'class="chart days"' not in page


def test_the_dashboard_shows_figures_chart_table_reasons_and_audit(admin_client: Client) -> None:
    opened = services.open_session(user_id="subject-001")
    services.connect_socket(opened.session.pk, opened.ticket)
    services.abandon_session(opened.session.pk, Reason.POOR_CAPTURE)
    record_at(timezone.now())
    page = admin_client.get("/admin/").content.decode()
    for told in ("Picture not good enough", 'class="chart days"', "Table of the days", "face_landmarker"):
        assert told in page
    assert "style=" not in page
    assert "<style" not in page


def test_svg_coordinates_keep_their_points_in_languages_that_write_commas(admin_client: Client) -> None:
    add_session(Reason.POOR_CAPTURE)
    VerificationSession.objects.update(created_at=timezone.now())
    page = admin_client.get("/admin/", headers={"Accept-Language": "de"}).content.decode()
    assert 'class="inconclusive" x="' in page
    chart = page[page.index('class="chart days"') : page.index("</svg>", page.index('class="chart days"'))]
    assert "," not in chart
