"""Staff may look at everything but secrets, and change nothing."""

import re

import pytest
from django.apps import apps
from django.test import Client

from tests.verification.test_services import conclude, end, issue
from verification import services
from verification.api_keys import create_api_key
from verification.liveness.vocabulary import Reason
from verification.models import ApiKey, RelyingParty, VerificationSession
from verification.services import OpenedSession

pytestmark = pytest.mark.django_db
LIST = "/admin/verification/verificationsession/"


@pytest.fixture
def passed() -> OpenedSession:
    party = RelyingParty.objects.create(name="bank")
    opened = services.open_session(user_id="alice", relying_party=party)
    services.conclude_session(opened.session.pk, conclude(), end(issue(opened)))
    return opened


def count_rows(page: str) -> int:
    return len(re.findall(r'<th class="field-id">', page))


def test_sessions_are_listed_with_their_verdict(admin_client: Client, passed: OpenedSession) -> None:
    page = admin_client.get(LIST).content.decode()
    assert count_rows(page) == 1
    assert "verified" in page
    assert "0.85" in page


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ("decision__exact=pass", 1),
        ("decision__exact=fail", 0),
        ("reason__exact=verified", 1),
        ("status__exact=concluded", 1),
        ("q=alice", 1),
        ("q=nobody", 0),
    ],
)
def test_sessions_are_filtered_and_searched(
    admin_client: Client, passed: OpenedSession, query: str, rows: int
) -> None:
    response = admin_client.get(f"{LIST}?{query}")
    assert (response.status_code, count_rows(response.content.decode())) == (200, rows)


def test_a_session_is_found_by_its_id(admin_client: Client, passed: OpenedSession) -> None:
    services.open_session(user_id="bob")
    assert count_rows(admin_client.get(f"{LIST}?q={passed.session.pk}").content.decode()) == 1


def test_a_session_shows_its_challenges_and_leads_to_its_audit_events(
    admin_client: Client, passed: OpenedSession
) -> None:
    page = admin_client.get(f"{LIST}{passed.session.pk}/change/").content.decode()
    assert "turn left" in page
    assert f"/admin/audit/auditevent/?q={passed.session.pk}" in page
    events = admin_client.get(f"/admin/audit/auditevent/?q={passed.session.pk}").content.decode()
    assert "Session concluded" in events


def test_no_secret_is_shown_not_even_hashed(admin_client: Client, passed: OpenedSession) -> None:
    create_api_key(RelyingParty.objects.get())
    key = ApiKey.objects.get()
    session = VerificationSession.objects.get()
    pages = [
        admin_client.get(address).content.decode()
        for address in (
            LIST,
            f"{LIST}{session.pk}/change/",
            "/admin/verification/apikey/",
            f"/admin/verification/apikey/{key.pk}/change/",
        )
    ]
    for page in pages:
        assert session.ticket_hash not in page
        assert key.secret_hash not in page


@pytest.mark.parametrize("model", ["verificationsession", "relyingparty", "apikey"])
def test_not_even_a_superuser_adds_changes_or_deletes(
    admin_client: Client, passed: OpenedSession, model: str
) -> None:
    create_api_key(RelyingParty.objects.get())
    row = apps.get_model("verification", model)._default_manager.get()
    base = f"/admin/verification/{model}/"
    assert admin_client.get(f"{base}{row.pk}/change/").status_code == 200
    assert admin_client.get(f"{base}add/").status_code == 403
    assert admin_client.post(f"{base}{row.pk}/change/", {"user_id": "mallory"}).status_code == 403
    assert admin_client.post(f"{base}{row.pk}/delete/", {"post": "yes"}).status_code == 403
    assert type(row)._default_manager.filter(pk=row.pk).exists()


def test_a_session_without_a_score_is_listed(admin_client: Client) -> None:
    opened = services.open_session(user_id="alice")
    services.abandon_session(opened.session.pk, Reason.CANCELLED)
    assert count_rows(admin_client.get(LIST).content.decode()) == 1


def test_a_visitor_is_sent_to_the_login(client: Client) -> None:
    assert client.get(LIST)["Location"].startswith("/admin/login/")
