"""Counters in the cache: by address, by relying party, and by the person that sessions are opened for."""

import json
from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from audit.models import AuditEvent
from tests.verification.sessions import conclude, end, issue, open_session, race
from tests.verification.sockets import CaptureSocket, open_in_test
from verification import limits, services
from verification.api_keys import create_api_key
from verification.limits import SubjectLockedError, compute_lockout_s
from verification.liveness.vocabulary import Reason
from verification.models import RelyingParty
from verification.relying_parties import create_relying_party

pytestmark = pytest.mark.django_db


@pytest.fixture
def party() -> RelyingParty:
    return create_relying_party("bank")


def set_rate(monkeypatch: pytest.MonkeyPatch, scope: str, rate: str) -> None:
    from django.conf import settings

    monkeypatch.setitem(settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"], scope, rate)


def fail(
    party: RelyingParty | None, user_id: str = "alice", reason: Reason = Reason.CHALLENGE_FAILED
) -> None:
    opened = open_session(user_id=user_id, relying_party=party)
    services.conclude_session(opened.session.pk, conclude(reason), end(issue(opened)))


def ask(client: Client, party: RelyingParty, user_id: str = "alice") -> Any:
    headers = {"Authorization": f"Api-Key {create_api_key(party)}"}
    body = {"user_id": user_id}
    return client.post("/auth/verify", body, content_type="application/json", headers=headers)


# --- counters ----------------------------------------------------------------------------------------


def test_a_window_has_room_for_as_many_as_the_rate_says(monkeypatch: pytest.MonkeyPatch) -> None:
    set_rate(monkeypatch, "handshake", "3/day")
    waits = [limits.spend("handshake", "1.2.3.4") for _ in range(5)]
    assert waits[:3] == [0, 0, 0]
    assert 0 < waits[3] <= 86_400
    assert limits.spend("handshake", "1.2.3.5") == 0


def test_a_lock_outlives_the_counters_of_many_others(client: Client, party: RelyingParty) -> None:
    for _ in range(5):
        fail(party)
    assert ask(client, party).status_code == 429
    for number in range(1_000):
        limits.spend("handshake", f"192.0.2.{number}")
    assert ask(client, party).status_code == 429


def test_a_wrong_key_counts_as_well(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    set_rate(monkeypatch, "open_session", "3/day")
    wrong = {"Authorization": "Api-Key 0123456789ab.wrong"}
    asked = [client.post("/auth/verify", {}, "application/json", headers=wrong) for _ in range(5)]
    assert [answer.status_code for answer in asked] == [401, 401, 401, 429, 429]


def test_racing_requests_cannot_overrun_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    set_rate(monkeypatch, "handshake", "2/day")
    waits = race(lambda: limits.spend("handshake", "1.2.3.4"))
    assert sum(wait == 0 for wait in waits) == 2


@pytest.mark.parametrize(
    ("proxies", "forwarded_for", "address"),
    [
        (0, "6.6.6.6", "10.0.0.1"),
        (1, "6.6.6.6", "6.6.6.6"),
        (1, "9.9.9.9, 6.6.6.6", "6.6.6.6"),
        (2, "9.9.9.9, 6.6.6.6, 10.0.0.2", "6.6.6.6"),
        (3, "6.6.6.6", "6.6.6.6"),
        (1, "", "10.0.0.1"),
    ],
)
def test_a_client_cannot_choose_its_own_address(
    settings: Settings, proxies: int, forwarded_for: str, address: str
) -> None:
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "NUM_PROXIES": proxies}
    assert limits.read_address(forwarded_for, "10.0.0.1") == address


def test_one_party_cannot_take_everything(
    client: Client, party: RelyingParty, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_rate(monkeypatch, "relying_party", "2/day")
    answers = [ask(client, party, f"user-{number}") for number in range(3)]
    assert [answer.status_code for answer in answers] == [201, 201, 429]
    assert int(answers[2]["Retry-After"]) > 0
    assert ask(client, create_relying_party("shop")).status_code == 201


def test_one_person_cannot_be_checked_without_end(
    client: Client, party: RelyingParty, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_rate(monkeypatch, "subject", "2/day")
    assert [ask(client, party).status_code for _ in range(3)] == [201, 201, 429]
    assert ask(client, party, "bob").status_code == 201


@pytest.mark.django_db(transaction=True)
async def test_handshakes_are_counted_before_a_ticket_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    set_rate(monkeypatch, "handshake", "1/day")
    first, second = await open_in_test(user_id="alice"), await open_in_test(user_id="bob")
    async with CaptureSocket(first) as socket:
        await socket.expect("session")
    async with CaptureSocket(second) as socket:
        messages, code = await socket.read_to_close()
    assert (messages[0]["code"], code) == ("rate_limited", 4429)


# --- failures of one person --------------------------------------------------------------------------


@given(failures=st.integers(0, 200))
def test_each_lockout_is_twice_the_last_up_to_an_hour(failures: int) -> None:
    now, before = compute_lockout_s(failures), compute_lockout_s(failures - 1)
    assert now == 0 if failures < 5 else now in {60, min(3_600, 2 * before)}


def test_too_many_failures_lock_a_person_out_for_a_while(client: Client, party: RelyingParty) -> None:
    for _ in range(4):
        fail(party)
    assert ask(client, party).status_code == 201
    fail(party)
    answer = ask(client, party)
    assert (answer.status_code, answer.json()["code"]) == (429, "locked_out")
    assert 0 < int(answer["Retry-After"]) <= 60
    assert "alice" not in answer.content.decode()
    event = AuditEvent.objects.get(kind="subject_locked")
    assert event.detail == {"lockout_s": 60}


def test_a_lockout_is_for_one_person_of_one_party(client: Client, party: RelyingParty) -> None:
    for _ in range(5):
        fail(party)
    assert ask(client, party, "bob").status_code == 201
    assert ask(client, create_relying_party("shop")).status_code == 201


def test_what_proves_nothing_is_no_failure(client: Client, party: RelyingParty) -> None:
    for _ in range(8):
        fail(party, reason=Reason.NO_RESPONSE)
    assert ask(client, party).status_code == 201


def test_a_pass_starts_the_count_anew(client: Client, party: RelyingParty) -> None:
    for reason in [Reason.CHALLENGE_FAILED] * 4 + [Reason.VERIFIED] + [Reason.CHALLENGE_FAILED] * 4:
        fail(party, reason=reason)
    assert ask(client, party).status_code == 201


def test_sessions_that_nobody_vouches_for_lock_nobody_out() -> None:
    for _ in range(8):
        fail(None)
    open_session(user_id="alice")


def test_staff_let_the_real_person_in_again(party: RelyingParty, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(5):
        fail(party)
    with pytest.raises(SubjectLockedError):
        open_session(user_id="alice", relying_party=party)
    call_command("unlock_subject", "bank", "alice")
    open_session(user_id="alice", relying_party=party)
    event = AuditEvent.objects.get(kind="subject_unlocked")
    assert "alice" not in json.dumps(event.detail)
    with pytest.raises(CommandError, match="no relying party"):
        call_command("unlock_subject", "nobody", "alice")


def test_no_key_in_the_cache_holds_a_name(party: RelyingParty, settings: Settings) -> None:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    for _ in range(5):
        fail(party, "alice@example.org")
    kept = str(list(cache._cache))  # type: ignore[attr-defined]
    assert "failures:" in kept
    assert "alice" not in kept


def test_a_cache_that_is_down_keeps_no_verdict_from_being_stored(
    party: RelyingParty, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise ConnectionError("no cache")

    for name in ("get", "add", "incr", "delete_many"):
        monkeypatch.setattr(cache, name, refuse)
    fail(party)
    fail(party, reason=Reason.VERIFIED)
    assert AuditEvent.objects.filter(kind="session_concluded").count() == 2
