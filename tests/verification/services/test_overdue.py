"""Sessions nobody ended are concluded by whoever looks first, once."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from tests.verification.sessions import RACERS, conclude, end, issue, open_session, race, read_kinds
from verification import services
from verification.consent import allow_reading
from verification.liveness.vocabulary import ChallengeOutcome, Decision, Reason
from verification.models import Challenge, Nonce, SessionStatus, VerificationSession

pytestmark = pytest.mark.django_db


def conclude_expired_at(moment: datetime) -> int:
    return services.conclude_expired(VerificationSession.objects.all(), now=moment)


def test_a_session_that_ran_out_is_concluded_once_with_what_was_open_in_it() -> None:
    opened = open_session()
    issue(opened)
    expires_at = opened.session.expires_at
    assert conclude_expired_at(expires_at - timedelta(microseconds=1)) == 0
    assert conclude_expired_at(expires_at) == 1
    assert conclude_expired_at(expires_at + timedelta(days=1)) == 0
    session = VerificationSession.objects.get()
    assert (session.decision, session.reason) == (Decision.INCONCLUSIVE, Reason.SESSION_TIMEOUT)
    assert Challenge.objects.get().outcome == ChallengeOutcome.ABANDONED
    assert Nonce.objects.get().consumed_at == expires_at
    assert read_kinds(session.pk).count("session_concluded") == 1


def test_a_concluded_session_does_not_expire() -> None:
    opened = open_session()
    services.conclude_session(opened.session.pk, conclude(), end(issue(opened)))
    assert conclude_expired_at(opened.session.expires_at + timedelta(days=1)) == 0
    assert VerificationSession.objects.get().decision == Decision.PASS


@pytest.mark.parametrize(("is_page_open", "seconds"), [(False, 120), (True, 600)])
def test_a_session_that_nobody_starts_ends_at_the_deadline_for_starting(
    settings: Settings, is_page_open: bool, seconds: int
) -> None:
    settings.POL_START_SECONDS = 600
    opened = open_session()
    if is_page_open:
        allow_reading(opened.session)
    assert conclude_expired_at(opened.session.created_at + timedelta(seconds=seconds - 1)) == 0
    assert conclude_expired_at(opened.session.created_at + timedelta(seconds=seconds)) == 1
    assert VerificationSession.objects.get().reason == Reason.SESSION_TIMEOUT


def test_whoever_looks_first_concludes() -> None:
    opened = open_session()
    assert services.conclude_if_expired(opened.session).status == SessionStatus.CREATED
    VerificationSession.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert services.conclude_if_expired(opened.session).reason == Reason.SESSION_TIMEOUT


@pytest.mark.django_db(transaction=True)
def test_of_several_who_look_at_once_one_concludes() -> None:
    opened = open_session()
    later = opened.session.expires_at + timedelta(seconds=1)
    assert sorted(race(lambda: conclude_expired_at(later)), key=str) == [0] * (RACERS - 1) + [1]
    assert read_kinds(opened.session.pk).count("session_concluded") == 1
