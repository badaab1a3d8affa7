"""Consent, refusal and what a person sets aside: as services and as the page's own HTTP calls."""

import hashlib
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.conf import settings as django_settings
from django.db.models import F
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from audit.models import AuditEvent
from verification import services
from verification.consent import (
    CONSENT_VERSION,
    ConsentRefusedError,
    allow_reading,
    give_consent,
    list_choices,
)
from verification.liveness.actions import PoolExhaustedError
from verification.models import VerificationSession
from verification.services import OpenedSession, SessionUnavailableError

pytestmark = pytest.mark.django_db
TEXT_DIGEST = {"2026-11-b": "d851c86f9619f38052125e01cd02a65f8d8666de3b54b8ffdd4a6b297e84e1d3"}
"""SHA-256 of templates/verification/consent.html for each version of the consent."""


@pytest.fixture
def opened() -> OpenedSession:
    return services.open_session(user_id="alice")


def agree(opened: OpenedSession, **differences: Any) -> VerificationSession:
    arguments = {"version": CONSENT_VERSION, "language": "en", "set_aside": [], **differences}
    ticket = arguments.pop("ticket", opened.ticket)
    return give_consent(opened.session.pk, ticket, **arguments)


def post(client: Client, session_id: UUID, what: str, **body: Any) -> Any:
    return client.post(f"/verify/{session_id}/{what}", body, content_type="application/json")


def read_kinds(session_id: UUID) -> list[str]:
    return list(
        AuditEvent.objects.filter(session_id=session_id).order_by("sequence").values_list("kind", flat=True)
    )


def test_the_text_that_consent_is_given_to_changes_with_its_version_only() -> None:
    text = (Path(django_settings.BASE_DIR) / "templates/verification/consent.html").read_bytes()
    assert hashlib.sha256(text).hexdigest() == TEXT_DIGEST[CONSENT_VERSION]


def test_the_consent_names_all_that_is_kept(client: Client, opened: OpenedSession) -> None:
    page = client.get(f"/verify/{opened.session.pk}?lang=en").content.decode()
    kept = page[page.index("What is kept") : page.index("</dl>")]
    for what in ("name or number", "scores, decision and times", "left out", "camera’s name"):
        assert what in kept
    assert "That you left them out is kept with the check" in page


def test_consent_is_stored_with_its_version_time_and_language(opened: OpenedSession) -> None:
    before = timezone.now()
    session = agree(opened, language="de", set_aside=["smile"])
    assert session.consent_version == CONSENT_VERSION
    assert session.consented_at is not None
    assert session.consented_at >= before
    assert session.locale == "de"
    event = AuditEvent.objects.get(kind="consent_given")
    assert event.detail == {"consent_version": CONSENT_VERSION, "language": "de", "set_aside": ["smile"]}


def test_whoever_reads_for_ten_minutes_may_still_agree_and_has_the_whole_time_from_then_on(
    opened: OpenedSession,
) -> None:
    allow_reading(opened.session)
    VerificationSession.objects.update(expires_at=F("expires_at") - timedelta(minutes=10))
    before = timezone.now()
    assert timedelta(0) <= agree(opened).expires_at - before - timedelta(seconds=120) < timedelta(seconds=5)


def test_a_page_that_is_opened_again_gives_no_time_to_a_session_that_has_begun(opened: OpenedSession) -> None:
    expires_at = agree(opened).expires_at
    assert allow_reading(VerificationSession.objects.get()).expires_at == expires_at
    services.connect_socket(opened.session.pk, opened.ticket)
    assert allow_reading(opened.session).expires_at == opened.session.expires_at
    assert VerificationSession.objects.get().expires_at == expires_at


def test_only_the_first_consent_starts_the_time(opened: OpenedSession) -> None:
    expires_at = agree(opened).expires_at
    assert agree(opened).expires_at == expires_at


def test_the_socket_takes_no_time_from_a_consent_and_gives_none(opened: OpenedSession) -> None:
    expires_at = agree(opened).expires_at
    assert services.connect_socket(opened.session.pk, opened.ticket).expires_at == expires_at


def test_what_is_set_aside_is_never_drawn_and_uses_up_a_skip(opened: OpenedSession) -> None:
    policy = agree(opened, set_aside=["nod", "nod"]).policy
    assert "nod" not in policy["pool"]
    assert policy["max_skips"] == 1
    assert agree(opened, set_aside=["nod", "blink"]).policy["max_skips"] == 0


def test_nobody_can_thin_the_draw_further_than_by_skipping(opened: OpenedSession) -> None:
    with pytest.raises(ConsentRefusedError) as refusal:
        agree(opened, set_aside=["nod", "blink", "smile"])
    assert refusal.value.code == "too_many_set_aside"
    agree(opened, set_aside=["nod", "blink"])
    with pytest.raises(ConsentRefusedError):
        agree(opened, set_aside=["smile"])
    assert len(VerificationSession.objects.get().policy["pool"]) == 8


def test_a_small_pool_stays_large_enough(settings: Settings) -> None:
    settings.POL_CHALLENGES = ["turn_left", "smile", "blink"]
    opened = services.open_session(user_id="alice")
    assert list_choices(opened.session).limit == 0
    with pytest.raises(PoolExhaustedError):
        agree(opened, set_aside=["smile"])


def test_the_last_head_movement_is_not_offered(settings: Settings) -> None:
    settings.POL_CHALLENGES = ["turn_left", "smile", "blink", "open_mouth"]
    choices = list_choices(services.open_session(user_id="alice").session)
    assert set(choices.actions) == {"blink", "open_mouth", "smile"}
    assert choices.limit == 1


def test_an_older_text_is_not_consented_to(opened: OpenedSession) -> None:
    with pytest.raises(ConsentRefusedError) as refusal:
        agree(opened, version="2020-01")
    assert refusal.value.code == "consent_outdated"


def test_only_the_ticket_speaks_for_the_person(opened: OpenedSession) -> None:
    with pytest.raises(SessionUnavailableError) as refusal:
        agree(opened, ticket="x" * 43)
    assert refusal.value.slug == "bad_ticket"
    assert VerificationSession.objects.get().consented_at is None
    assert read_kinds(opened.session.pk) == ["session_opened"]


def test_a_session_that_runs_or_is_over_takes_no_consent(opened: OpenedSession) -> None:
    services.connect_socket(opened.session.pk, opened.ticket)
    with pytest.raises(SessionUnavailableError, match="already_connected"):
        agree(opened)
    other = services.open_session(user_id="alice")
    VerificationSession.objects.filter(pk=other.session.pk).update(expires_at=timezone.now())
    with pytest.raises(SessionUnavailableError, match="session_over"):
        agree(other)


def test_the_page_gives_consent_without_a_cookie(opened: OpenedSession) -> None:
    client = Client(enforce_csrf_checks=True)
    body = {"ticket": opened.ticket, "version": CONSENT_VERSION, "language": "es", "set_aside": ["blink"]}
    response = post(client, opened.session.pk, "consent", **body)
    assert response.status_code == 200
    assert response.json()["skips_left"] == 1
    assert response["Cache-Control"] == "no-store"
    assert not response.cookies
    assert VerificationSession.objects.get().locale == "es"


@pytest.mark.parametrize(
    ("difference", "status", "code"),
    [
        ({"ticket": "wrong"}, 403, "bad_ticket"),
        ({"version": "old"}, 422, "consent_outdated"),
        ({"language": "tlh"}, 400, "invalid_request"),
        ({"set_aside": ["dance"]}, 400, "invalid_request"),
        ({"set_aside": ["nod", "blink", "smile"]}, 422, "too_many_set_aside"),
        ({"ticket": 5}, 400, "invalid_request"),
    ],
)
def test_what_the_page_may_not_say_is_a_problem_document(
    client: Client, opened: OpenedSession, difference: dict[str, Any], status: int, code: str
) -> None:
    body = {"ticket": opened.ticket, "version": CONSENT_VERSION, "language": "en", **difference}
    response = post(client, opened.session.pk, "consent", **body)
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert response["Content-Type"] == "application/problem+json"
    assert VerificationSession.objects.get().consented_at is None


def test_a_no_ends_the_session_and_is_recorded(client: Client, opened: OpenedSession) -> None:
    response = post(client, opened.session.pk, "decline", ticket=opened.ticket)
    assert response.status_code == 204
    session = VerificationSession.objects.get()
    assert (session.decision, session.reason) == ("inconclusive", "cancelled")
    assert read_kinds(session.pk) == ["session_opened", "consent_declined", "session_concluded"]
    again = post(client, opened.session.pk, "decline", ticket=opened.ticket)
    assert (again.status_code, again.json()["code"]) == (410, "session_over")


@pytest.mark.parametrize("what", ["consent", "decline", "retry"])
def test_a_session_that_never_was_is_not_found(client: Client, what: str) -> None:
    body = {"ticket": "t", "version": CONSENT_VERSION, "language": "en"}
    response = post(client, uuid4(), what, **body)
    assert (response.status_code, response.json()["code"]) == (404, "no_such_session")
