"""GET /auth/sessions/{session_id} as docs/protocol.md has it, and who may read what."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from audit.models import AuditEvent
from tests.verification.api.conftest import Answer, assert_problem, open_session
from tests.verification.sessions import conclude, end, issue
from verification import services
from verification.models import RelyingParty, VerificationSession

pytestmark = pytest.mark.django_db


def read_session(client: Client, session_id: object, **extra: Any) -> Answer:
    return client.get(f"/auth/sessions/{session_id}", **extra)


def test_a_new_session_has_no_verdict(client: Client, key: dict[str, str]) -> None:
    opened = open_session(client, headers=key).json()
    body = read_session(client, opened["session_id"], headers=key).json()
    created_at = datetime.fromisoformat(body.pop("created_at"))
    assert abs(timezone.now() - created_at) < timedelta(minutes=5)
    assert body == {
        "session_id": opened["session_id"],
        "user_id": "alice",
        "status": "created",
        "decision": None,
        "reason": None,
        "scores": None,
        "concluded_at": None,
    }


def test_a_concluded_session_tells_its_verdict_and_scores(
    client: Client, key: dict[str, str], party: RelyingParty
) -> None:
    opened = services.open_session(user_id="alice", relying_party=party)
    services.conclude_session(opened.session.pk, conclude(), end(issue(opened)))
    response = read_session(client, opened.session.pk, headers=key)
    body = response.json()
    assert (body["status"], body["decision"], body["reason"]) == ("concluded", "pass", "verified")
    assert body["scores"] == {"liveness": 0.91, "emotion": 0.8, "deepfake": 0.77, "final": 0.8478}
    assert datetime.fromisoformat(body["concluded_at"])
    assert response["Cache-Control"] == "no-store"
    assert opened.ticket not in response.content.decode()


def test_whoever_reads_an_expired_session_concludes_it(
    client: Client, key: dict[str, str], party: RelyingParty
) -> None:
    opened = services.open_session(user_id="alice", relying_party=party)
    VerificationSession.objects.update(expires_at=timezone.now())
    for _ in range(2):
        body = read_session(client, opened.session.pk, headers=key).json()
        assert (body["decision"], body["reason"]) == ("inconclusive", "session_timeout")
    assert AuditEvent.objects.filter(kind="session_concluded").count() == 1


def test_another_partys_session_is_not_found(client: Client, key: dict[str, str]) -> None:
    shop = RelyingParty.objects.create(name="shop")
    others = services.open_session(user_id="alice", relying_party=shop)
    nobodys = services.open_session(user_id="alice")
    for session_id in (others.session.pk, nobodys.session.pk, uuid4(), "not-an-id", "%00"):
        assert_problem(read_session(client, session_id, headers=key), 404, "not_found")


@pytest.mark.usefixtures("open_to_all")
def test_without_a_key_only_sessions_of_nobody_are_found(client: Client, party: RelyingParty) -> None:
    theirs = services.open_session(user_id="alice", relying_party=party)
    nobodys = services.open_session(user_id="alice")
    assert_problem(read_session(client, theirs.session.pk), 404, "not_found")
    assert read_session(client, nobodys.session.pk).status_code == 200


def test_reading_needs_a_key(client: Client) -> None:
    opened = services.open_session(user_id="alice")
    assert_problem(read_session(client, opened.session.pk), 401, "not_authenticated")
