from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from audit.admin import expand_session_prefix
from audit.models import AuditEvent, EventKind
from tests.audit.events import SESSION_ID, START, record_at
from verification.models import RelyingParty, VerificationSession

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Response

pytestmark = pytest.mark.django_db

LIST = "admin:audit_auditevent_changelist"
OTHER_ID = UUID("0b5f2d5f-0000-4000-8000-000000000000")


@pytest.fixture
def staff(client: Client) -> Client:
    """A browser in which a superuser is signed in."""
    client.force_login(User.objects.create(username="root", is_staff=True, is_superuser=True))
    return client


def get(staff: Client, name: str, *arguments: object, **query: str) -> "Response":
    return staff.get(reverse(name, args=arguments), query, secure=True)


def listed(staff: Client, **query: str) -> list[int]:
    """The sequence numbers that the list shows, in its order."""
    response = get(staff, LIST, **query)
    assert response.status_code == 200
    events: list[AuditEvent] = list(response.context["cl"].result_list)
    return [event.sequence for event in events]


def test_the_newest_event_is_listed_first(staff: Client) -> None:
    for minute in range(3):
        record_at(START + timedelta(minutes=minute))
    assert listed(staff) == [3, 2, 1]


def test_the_list_is_filtered_by_kind_party_and_day(staff: Client) -> None:
    record_at(START, relying_party="bank")
    record_at(START, relying_party="shop", kind=EventKind.TOKEN_ISSUED)
    record_at(START + timedelta(days=1), relying_party="shop")
    assert listed(staff, kind__exact="token_issued") == [2]
    assert listed(staff, relying_party="shop") == [3, 2]
    assert listed(staff, recorded_at__year="2026", recorded_at__month="1", recorded_at__day="2") == [3]


@pytest.mark.parametrize(
    ("term", "found"),
    [
        (str(SESSION_ID), [1]),
        (SESSION_ID.hex.upper(), [1]),
        (str(SESSION_ID)[:20], [1]),
        (SESSION_ID.hex[:13], [1]),
        ("0b5f2d5", [2, 1]),
        ("0b5f2d5f", [2]),
        ("token", [3]),
        ("TOKEN_ISSUED", [3]),
        ("ed", [3, 2, 1]),
        ("ffff", []),
        ("no such thing", []),
        ("%", []),
        ("' OR 1=1 --", []),
    ],
)
def test_the_list_is_searched_by_session_prefix_and_by_kind(
    staff: Client, term: str, found: list[int]
) -> None:
    record_at(START, session_id=SESSION_ID)
    record_at(START, session_id=OTHER_ID)
    record_at(START, kind=EventKind.TOKEN_ISSUED)
    assert listed(staff, q=term) == found


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"since": "2026-01-02"}, [3, 2]),
        ({"until": "2026-01-01"}, [1]),
        ({"since": "2026-01-02", "until": "2026-01-02"}, [2]),
        ({"since": "2026-02-30"}, [3, 2, 1]),
        ({"until": "9999-12-31"}, [3, 2, 1]),
        ({"since": "soon"}, [3, 2, 1]),
        ({"reason": "poor_capture"}, [2]),
        ({"reason": "verified"}, []),
        ({"user_id": "subject-001"}, [1]),
        ({"user_id": "subject-00"}, []),
        ({"user_id": "subject-001", "since": "2026-01-02"}, []),
    ],
)
def test_the_list_is_narrowed_by_days_reason_and_subject(
    staff: Client, query: dict[str, str], found: list[int]
) -> None:
    session = VerificationSession.objects.create(
        user_id="subject-001", ticket_hash="0" * 64, created_at=START, expires_at=START
    )
    record_at(START, session_id=session.pk)
    concluded = {"reason": "poor_capture"}
    record_at(START + timedelta(days=1), kind=EventKind.SESSION_CONCLUDED, detail=concluded)
    record_at(START + timedelta(days=2), detail=concluded)
    assert listed(staff, **query) == found


def test_the_filters_are_one_form_that_remembers_what_was_asked(staff: Client) -> None:
    RelyingParty.objects.create(name="bank")
    page = get(staff, LIST, user_id="subject-001", kind__exact="token_issued", relying_party="gone")
    text = page.content.decode()
    assert 'name="user_id" value="subject-001"' in text
    assert '<option value="token_issued" selected>' in text
    assert '<option value="gone" selected>' in text
    assert '<option value="bank">' in text
    assert "No event fits these filters." in text


def test_an_empty_log_says_what_will_fill_it(staff: Client) -> None:
    assert "The first session that is opened writes the first event." in get(staff, LIST).content.decode()


def test_an_empty_log_counts_its_events_once_and_is_named_for_what_it_is(staff: Client) -> None:
    page = get(staff, LIST).content.decode()
    assert "Events: 0" in page
    assert "0 audit events" not in page
    assert "Select audit event" not in page


def test_a_chain_that_was_just_verified_is_not_called_0_minutes_old(staff: Client) -> None:
    record_at(START)
    staff.post(reverse("admin:audit_auditevent_verify"), secure=True)
    page = get(staff, LIST).content.decode()
    assert "Verified just now" in page
    assert "minutes ago" not in page


def test_downloads_take_the_filters_along(staff: Client) -> None:
    record_at(START, relying_party="shop")
    text = get(staff, LIST, relying_party="shop", p="1").content.decode()
    for export_format in ("csv", "jsonl"):
        address = reverse("admin:audit_auditevent_export", args=[export_format])
        assert f'href="{address}?relying_party=shop"' in text


def test_an_event_shows_its_detail_as_indented_json_with_nothing_to_execute(staff: Client) -> None:
    record_at(START, detail={"reason": "<script>alert(1)</script>", "attempt": 2})
    page = get(staff, "admin:audit_auditevent_change", 1).content.decode()
    assert "&quot;attempt&quot;: 2,\n  &quot;reason&quot;" in page
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert(1)" not in page


def test_the_list_shows_short_hashes_and_the_event_the_whole_one(staff: Client) -> None:
    event = record_at(START)
    assert event.hash[:12] in (page := get(staff, LIST).content.decode())
    assert event.hash not in page
    assert event.hash in get(staff, "admin:audit_auditevent_change", 1).content.decode()


def test_a_session_that_is_still_there_is_linked_and_one_that_is_gone_is_not(staff: Client) -> None:
    session = VerificationSession.objects.create(
        user_id="alice", ticket_hash="0" * 64, created_at=START, expires_at=START
    )
    record_at(START, session_id=session.pk)
    record_at(START, session_id=OTHER_ID)
    record_at(START)
    address = reverse("admin:verification_verificationsession_change", args=[session.pk])
    for page in (get(staff, LIST), get(staff, "admin:audit_auditevent_change", 1)):
        assert f'<a href="{address}">{session.pk}</a>' in page.content.decode()
    page = get(staff, "admin:audit_auditevent_change", 2)
    assert str(OTHER_ID) in page.content.decode()
    assert f"{OTHER_ID}</a>" not in page.content.decode()


def test_a_superuser_finds_no_way_to_add_change_or_delete(staff: Client) -> None:
    record_at(START)
    page = get(staff, "admin:audit_auditevent_change", 1)
    assert page.status_code == 200
    for trace in ('name="_save"', "deletelink", "/delete/"):
        assert trace not in page.content.decode()
    listing = get(staff, LIST).content.decode()
    for trace in ("delete_selected", 'name="action"', reverse("admin:audit_auditevent_add")):
        assert trace not in listing


def test_a_superuser_who_posts_anyway_is_refused_and_nothing_changes(staff: Client) -> None:
    event = record_at(START)
    form = {"relying_party": "other", "post": "yes", "_save": "Save"}
    for name, arguments in (("add", []), ("change", [1]), ("delete", [1])):
        response = staff.post(reverse(f"admin:audit_auditevent_{name}", args=arguments), form, secure=True)
        assert response.status_code == 403
    action = {"action": "delete_selected", "_selected_action": ["1"], "post": "yes"}
    staff.post(reverse(LIST), action, secure=True)
    stored = AuditEvent.objects.get()
    assert (stored.hash, stored.compute_hash()) == (event.hash, event.hash)


def test_the_list_costs_the_same_few_queries_however_long_it_is(
    staff: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(20):
        record_at(START, session_id=SESSION_ID)
    with django_assert_max_num_queries(12):
        assert len(listed(staff)) == 20


@pytest.mark.parametrize("term", ["", "-", "xyz", "0" * 33, "12 34", "０１"])
def test_a_term_that_begins_no_session_id_expands_to_nothing(term: str) -> None:
    assert expand_session_prefix(term) is None


def test_a_whole_session_id_expands_to_itself() -> None:
    assert expand_session_prefix(str(SESSION_ID)) == (SESSION_ID, SESSION_ID)
