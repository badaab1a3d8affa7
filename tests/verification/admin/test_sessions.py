"""Staff may look at everything but secrets, and change nothing but whether a session goes on."""

import re
from uuid import uuid4

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.models import AuditEvent, EventKind
from audit.verify import verify_chain
from tests.verification.admin.conftest import SignIn
from tests.verification.sessions import issue, read_kinds
from verification import services
from verification.api_keys import create_api_key
from verification.liveness.vocabulary import Reason
from verification.models import ApiKey, RelyingParty, SessionStatus, VerificationSession
from verification.services import OpenedSession

pytestmark = pytest.mark.django_db
LIST = "/admin/verification/verificationsession/"
BACKEND = "django.contrib.auth.backends.ModelBackend"


def count_rows(page: str) -> int:
    return len(re.findall(r'<th class="field-short_id">', page))


def read(browser: Client, address: str) -> str:
    response = browser.get(address)
    assert response.status_code == 200, response
    return response.content.decode()


def test_sessions_are_listed_with_their_verdict(admin_client: Client, passed: OpenedSession) -> None:
    page = read(admin_client, LIST)
    assert count_rows(page) == 1
    assert "Verified" in page
    assert "0.85" in page


def test_a_longer_list_costs_no_more_queries(admin_client: Client, party: RelyingParty) -> None:
    def count_queries() -> int:
        with CaptureQueriesContext(connection) as queries:
            read(admin_client, LIST)
        return len(queries)

    services.open_session(user_id="subject-001", relying_party=party)
    of_one = count_queries()
    for number in range(2, 6):
        services.open_session(user_id=f"subject-{number:03d}", relying_party=party)
    assert count_queries() == of_one


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ("decision__exact=pass", 1),
        ("decision__exact=fail", 0),
        ("reason__exact=verified", 1),
        ("status__exact=concluded", 1),
        ("q=subject-001", 1),
        ("q=nobody", 0),
    ],
)
def test_sessions_are_filtered_and_searched(
    admin_client: Client, passed: OpenedSession, query: str, rows: int
) -> None:
    assert count_rows(read(admin_client, f"{LIST}?{query}")) == rows


def test_a_session_is_found_by_its_id(admin_client: Client, passed: OpenedSession) -> None:
    services.open_session(user_id="subject-002")
    assert count_rows(read(admin_client, f"{LIST}?q={passed.session.pk}")) == 1


def test_a_session_without_a_score_is_listed(admin_client: Client) -> None:
    opened = services.open_session(user_id="subject-001")
    services.abandon_session(opened.session.pk, Reason.CANCELLED)
    assert count_rows(read(admin_client, LIST)) == 1


def test_a_session_page_tells_its_challenges_policy_token_and_audit_events(
    admin_client: Client, passed: OpenedSession
) -> None:
    session = VerificationSession.objects.get()
    page = read(admin_client, f"{LIST}{session.pk}/change/")
    assert session.token_id
    for told in ("Turn left", "Passed", "1.2 s", "0.99", session.policy["version"], session.token_id):
        assert told in page
    assert "Not by this server so far" in page
    assert "Session concluded" in page
    assert f"/admin/audit/auditevent/?q={session.pk}" in page


def test_a_session_page_says_when_its_token_was_validated(
    admin_client: Client, passed: OpenedSession
) -> None:
    VerificationSession.objects.update(token_validated_at=timezone.now())
    page = read(admin_client, f"{LIST}{passed.session.pk}/change/")
    assert "Token validated for the first time" in page
    assert "Not by this server so far" not in page


def test_audit_events_are_told_only_to_who_may_see_the_log(sign_in: SignIn, passed: OpenedSession) -> None:
    reviewer = sign_in("reviewer")
    address = f"{LIST}{passed.session.pk}/change/"
    assert "Session concluded" in read(reviewer, address)
    group = Group.objects.get(name="reviewer")
    group.permissions.remove(group.permissions.get(codename="view_auditevent"))
    assert "Session concluded" not in read(reviewer, address)


def test_a_session_that_ran_out_of_time_is_concluded_by_whoever_looks(admin_client: Client) -> None:
    opened = services.open_session(user_id="subject-001")
    VerificationSession.objects.update(expires_at=timezone.now())
    assert "Out of time" in read(admin_client, f"{LIST}{opened.session.pk}/change/")
    assert VerificationSession.objects.get().status == SessionStatus.CONCLUDED


def test_a_session_that_never_was_leads_back_to_the_list(admin_client: Client) -> None:
    assert admin_client.get(f"{LIST}{uuid4()}/change/").status_code == 302
    assert admin_client.get(f"{LIST}{uuid4()}/end/").status_code == 404


def test_no_secret_is_shown_not_even_hashed(admin_client: Client, passed: OpenedSession) -> None:
    create_api_key(RelyingParty.objects.get())
    key = ApiKey.objects.get()
    session = VerificationSession.objects.get()
    for address in (
        LIST,
        f"{LIST}{session.pk}/change/",
        "/admin/verification/apikey/",
        f"/admin/verification/apikey/{key.pk}/change/",
        f"/admin/verification/relyingparty/{key.relying_party_id}/change/",
    ):
        page = read(admin_client, address)
        assert session.ticket_hash not in page
        assert key.secret_hash not in page


@pytest.mark.parametrize("model", ["verificationsession", "apikey"])
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


def test_a_visitor_is_sent_to_the_login(client: Client) -> None:
    assert client.get(LIST)["Location"].startswith("/admin/login/")


# --- ending one ------------------------------------------------------------------------------------


@pytest.fixture
def going_on() -> OpenedSession:
    opened = services.open_session(user_id="subject-003")
    services.connect_socket(opened.session.pk, opened.ticket)
    issue(opened)
    return opened


def test_an_operator_is_asked_before_a_session_ends(sign_in: SignIn, going_on: OpenedSession) -> None:
    page = read(sign_in("operator"), f"{LIST}{going_on.session.pk}/end/")
    assert "End this session?" in page
    assert VerificationSession.objects.get().status == SessionStatus.IN_PROGRESS


def test_ending_concludes_as_cancelled_consumes_the_nonce_and_is_audited_without_a_name(
    sign_in: SignIn, going_on: OpenedSession
) -> None:
    browser = sign_in("operator")
    response = browser.post(f"{LIST}{going_on.session.pk}/end/", follow=True)
    assert "The session was ended" in response.content.decode()
    session = VerificationSession.objects.get()
    assert (session.decision, session.reason, session.token_id) == ("inconclusive", "cancelled", None)
    assert not session.challenges.filter(nonce__consumed_at=None).exists()
    assert read_kinds(session.pk)[-2:] == ["session_ended_by_staff", "session_concluded"]
    event = AuditEvent.objects.get(kind=EventKind.SESSION_ENDED_BY_STAFF)
    assert event.detail == {"staff_id": int(browser.session["_auth_user_id"])}
    assert verify_chain().is_intact


def test_ending_twice_changes_nothing(sign_in: SignIn, going_on: OpenedSession) -> None:
    browser = sign_in("operator")
    browser.post(f"{LIST}{going_on.session.pk}/end/")
    before = AuditEvent.objects.count()
    response = browser.post(f"{LIST}{going_on.session.pk}/end/", follow=True)
    assert "was over already" in response.content.decode()
    assert AuditEvent.objects.count() == before
    assert "nothing to end" in read(browser, f"{LIST}{going_on.session.pk}/end/")


def test_a_reviewer_cannot_end_a_session_and_is_not_offered_to(
    sign_in: SignIn, going_on: OpenedSession
) -> None:
    browser = sign_in("reviewer")
    address = f"{LIST}{going_on.session.pk}/end/"
    assert browser.get(address).status_code == 403
    assert browser.post(address).status_code == 403
    assert address not in read(browser, f"{LIST}{going_on.session.pk}/change/")
    assert VerificationSession.objects.get().status == SessionStatus.IN_PROGRESS


def test_ending_needs_the_form_of_our_own_page(sign_in: SignIn, going_on: OpenedSession) -> None:
    sign_in("operator")
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(User.objects.get(username="operator"), backend=BACKEND)
    assert strict.post(f"{LIST}{going_on.session.pk}/end/").status_code == 403
