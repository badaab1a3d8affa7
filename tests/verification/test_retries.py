"""Another try at once: who gets one, how often, and what it takes along."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from audit.models import AuditEvent
from verification import services
from verification.consent import CONSENT_VERSION, decline_consent, give_consent
from verification.liveness.vocabulary import Decision, Reason
from verification.models import RelyingParty, VerificationSession
from verification.retries import NEVER_RETRIED, count_retries_left, is_retryable, open_retry
from verification.services import OpenedSession, SessionUnavailableError

pytestmark = pytest.mark.django_db
ENDINGS = [reason for reason in Reason if reason.decision is not Decision.PASS]


@pytest.fixture
def over() -> OpenedSession:
    """A session that ran out of time before the camera: of a party, in German, with one action set aside."""
    party = RelyingParty.objects.create(name="shop", redirect_uris=["https://shop.example/done"])
    opened = services.open_session(
        user_id="alice",
        relying_party=party,
        exclude=["smile"],
        locale="de",
        redirect_uri="https://shop.example/done",
        state="cart 7",
    )
    give_consent(opened.session.pk, opened.ticket, version=CONSENT_VERSION, language="de", set_aside=["nod"])
    services.connect_socket(opened.session.pk, opened.ticket)
    services.abandon_session(opened.session.pk, Reason.SESSION_TIMEOUT)
    return opened


def refuse(opened: OpenedSession, ticket: str | None = None) -> str:
    """The refusal's slug."""
    with pytest.raises(SessionUnavailableError) as refusal:
        open_retry(opened.session.pk, ticket or opened.ticket)
    return refusal.value.slug


def test_a_retry_is_the_same_check_for_the_same_person(over: OpenedSession) -> None:
    first = VerificationSession.objects.get()
    retry = VerificationSession.objects.get(pk=open_retry(over.session.pk, over.ticket).session.pk)
    kept = ("user_id", "relying_party", "locale", "redirect_uri", "state", "consent_version", "consented_at")
    assert [getattr(retry, name) for name in kept] == [getattr(first, name) for name in kept]
    assert retry.policy["pool"] == first.policy["pool"]
    assert retry.policy["max_skips"] == first.policy["max_skips"] == 1
    assert (retry.retry_of, retry.attempt) == (first, 2)


def test_a_retry_is_recorded_with_the_session_it_follows(over: OpenedSession) -> None:
    retry = open_retry(over.session.pk, over.ticket).session
    event = AuditEvent.objects.get(kind="session_retried")
    assert event.session_id == over.session.pk
    assert event.detail == {"retry": str(retry.pk), "attempt": 2}


def test_each_session_is_followed_by_one_at_most(over: OpenedSession) -> None:
    open_retry(over.session.pk, over.ticket)
    assert refuse(over) == "no_retry_left"


def test_there_are_as_many_tries_as_the_policy_says(over: OpenedSession, settings: Settings) -> None:
    settings.POL_MAX_RETRIES = 1
    second = open_retry(over.session.pk, over.ticket)
    services.abandon_session(second.session.pk, Reason.NO_RESPONSE)
    assert refuse(second) == "no_retry_left"
    settings.POL_MAX_RETRIES = 0
    assert count_retries_left(over.session) == 0


@pytest.mark.parametrize("reason", ENDINGS)
def test_what_looks_like_an_attack_is_not_tried_again(reason: Reason) -> None:
    opened = services.open_session(user_id="alice")
    services.connect_socket(opened.session.pk, opened.ticket)
    services.abandon_session(opened.session.pk, reason)
    if reason in NEVER_RETRIED:
        assert refuse(opened) == "no_retry_left"
    else:
        assert open_retry(opened.session.pk, opened.ticket).session.attempt == 2


def test_a_pass_is_not_tried_again() -> None:
    assert not is_retryable("verified")


def test_only_the_ticket_opens_a_retry(over: OpenedSession) -> None:
    assert refuse(over, "x" * 43) == "bad_ticket"


def test_a_session_that_waits_for_its_socket_needs_no_retry() -> None:
    assert refuse(services.open_session(user_id="alice")) == "not_over"


def test_a_retry_has_its_time_from_its_own_start_and_not_from_the_consent_it_brought_along(
    over: OpenedSession,
) -> None:
    retry = open_retry(over.session.pk, over.ticket)
    connected = services.connect_socket(retry.session.pk, retry.ticket)
    assert timedelta(0) < connected.expires_at - timezone.now() <= timedelta(seconds=120)


def test_agreeing_again_on_a_retrys_page_starts_its_time(over: OpenedSession) -> None:
    retry = open_retry(over.session.pk, over.ticket)
    terms = {"version": CONSENT_VERSION, "language": "de"}
    assert give_consent(retry.session.pk, retry.ticket, **terms).expires_at - timezone.now() <= timedelta(
        seconds=120
    )


def test_a_session_that_ran_out_before_its_socket_was_no_try(settings: Settings) -> None:
    settings.POL_MAX_RETRIES = 0
    opened = services.open_session(user_id="alice")
    services.abandon_session(opened.session.pk, Reason.SESSION_TIMEOUT)
    second = open_retry(opened.session.pk, opened.ticket)
    assert second.session.attempt == 1
    services.connect_socket(second.session.pk, second.ticket)
    services.abandon_session(second.session.pk, Reason.SESSION_TIMEOUT)
    assert refuse(second) == "no_retry_left"


def test_a_no_is_not_followed_by_a_try_that_does_not_count(settings: Settings) -> None:
    settings.POL_MAX_RETRIES = 0
    opened = services.open_session(user_id="alice")
    decline_consent(opened.session.pk, opened.ticket)
    assert refuse(opened) == "no_retry_left"


def test_asking_for_a_retry_gives_up_a_socket_that_the_server_still_believes_in() -> None:
    opened = services.open_session(user_id="alice")
    services.connect_socket(opened.session.pk, opened.ticket)
    open_retry(opened.session.pk, opened.ticket)
    assert VerificationSession.objects.get(pk=opened.session.pk).reason == Reason.DISCONNECTED


def test_a_retry_is_a_matter_of_minutes(over: OpenedSession) -> None:
    VerificationSession.objects.update(concluded_at=timezone.now() - timedelta(minutes=11))
    assert refuse(over) == "no_retry_left"


def test_a_page_that_was_reloaded_in_mid_check_offers_the_tries_that_are_left(
    client: Client, settings: Settings
) -> None:
    opened = services.open_session(user_id="alice")
    services.connect_socket(opened.session.pk, opened.ticket)
    address = f"/verify/{opened.session.pk}"
    assert 'id="retry"' in client.get(address).content.decode()
    services.abandon_session(opened.session.pk, Reason.DISCONNECTED)
    assert 'id="retry"' in client.get(address).content.decode()
    settings.POL_MAX_RETRIES = 0
    assert 'id="retry"' not in client.get(address).content.decode()


@pytest.mark.parametrize("reason", sorted(NEVER_RETRIED))
def test_a_page_of_what_looks_like_an_attack_offers_nothing(client: Client, reason: Reason) -> None:
    opened = services.open_session(user_id="alice")
    services.abandon_session(opened.session.pk, reason)
    assert 'id="retry"' not in client.get(f"/verify/{opened.session.pk}").content.decode()


def test_the_page_gets_the_address_of_its_next_try(client: Client, over: OpenedSession) -> None:
    def post() -> Any:
        body = {"ticket": over.ticket}
        return client.post(f"/verify/{over.session.pk}/retry", body, content_type="application/json")

    response = post()
    assert response.status_code == 201
    assert response.json()["verify_url"].startswith(
        f"http://testserver/verify/{response.json()['session_id']}#ticket="
    )
    assert (post().status_code, post().json()["code"]) == (410, "no_retry_left")


def test_an_overdue_session_is_concluded_by_whoever_asks_for_the_next(client: Client) -> None:
    opened = services.open_session(user_id="alice")
    VerificationSession.objects.update(expires_at=timezone.now())
    body = {"ticket": opened.ticket}
    response = client.post(f"/verify/{opened.session.pk}/retry", body, content_type="application/json")
    assert response.status_code == 201
    assert VerificationSession.objects.get(pk=opened.session.pk).reason == Reason.SESSION_TIMEOUT


def test_the_party_that_reads_a_session_learns_of_its_retry(client: Client, settings: Settings) -> None:
    settings.POL_REQUIRE_API_KEY = False
    opened = services.open_session(user_id="alice")
    services.abandon_session(opened.session.pk, Reason.NO_RESPONSE)
    assert "retried_as" not in client.get(f"/auth/sessions/{opened.session.pk}").json()
    retry = open_retry(opened.session.pk, opened.ticket).session
    assert client.get(f"/auth/sessions/{opened.session.pk}").json()["retried_as"] == str(retry.pk)
