"""A challenge is revealed and ended, and its nonce consumed: with its audit event, once, or not at all."""

from datetime import timedelta

import pytest

from tests.verification.sessions import RACERS, end, issue, open_session, race, read_kinds, snapshot
from verification import services
from verification.liveness.vocabulary import ChallengeOutcome
from verification.models import Challenge, Nonce
from verification.secrets_at_rest import hash_secret

pytestmark = pytest.mark.django_db


def test_of_a_nonce_only_the_hash_is_stored() -> None:
    opened = open_session()
    challenge = issue(opened)
    nonce = Nonce.objects.get()
    assert nonce.value_hash == hash_secret(challenge.nonce)
    assert nonce.consumed_at is None
    assert nonce.expires_at - nonce.issued_at == timedelta(minutes=5)
    assert challenge.nonce.hex() not in snapshot()
    assert read_kinds(opened.session.pk)[-1] == "challenge_revealed"


@pytest.mark.parametrize(
    ("outcome", "kind"),
    [
        (ChallengeOutcome.PASSED, "challenge_passed"),
        (ChallengeOutcome.FAILED, "challenge_failed"),
        (ChallengeOutcome.SKIPPED, "challenge_skipped"),
    ],
)
def test_ending_a_challenge_consumes_its_nonce_and_is_audited_once(
    outcome: ChallengeOutcome, kind: str
) -> None:
    opened = open_session()
    ended = end(issue(opened), outcome)
    assert services.end_challenge(opened.session.pk, ended) is True
    assert services.end_challenge(opened.session.pk, ended) is False
    stored = Challenge.objects.get()
    assert (stored.outcome, stored.latency_ms, stored.measures) == (outcome, 1_234, {"peak": 0.9877})
    assert Nonce.objects.get().consumed_at == stored.ended_at
    assert read_kinds(opened.session.pk).count(kind) == 1


@pytest.mark.django_db(transaction=True)
def test_of_writers_that_race_for_a_nonce_one_consumes_it() -> None:
    opened = open_session()
    ended = end(issue(opened))
    results = race(lambda: services.end_challenge(opened.session.pk, ended))
    assert sorted(results, key=str) == [False] * (RACERS - 1) + [True]
    assert read_kinds(opened.session.pk).count("challenge_passed") == 1


def test_an_expired_nonce_consumes_nothing() -> None:
    opened = open_session()
    ended = end(issue(opened, lifetime_ms=0))
    assert services.end_challenge(opened.session.pk, ended) is False
    assert Challenge.objects.get().outcome == ""


def test_a_nonce_of_another_session_consumes_nothing() -> None:
    mine, other = open_session(), open_session(user_id="bob")
    ended = end(issue(other))
    assert services.end_challenge(mine.session.pk, ended) is False
    assert Nonce.objects.get().consumed_at is None
