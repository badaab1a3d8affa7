"""The outbox: with the decision or not at all, signed, retried, taken by one, and replayed under the same id."""

import base64
import hashlib
import hmac
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
from django.core.management import call_command
from django.db import DatabaseError, transaction
from django.db.models import Max
from django.utils import timezone
from pytest_django import Settings

from audit.models import AuditEvent
from tests.verification.receiver import Received, Receiver, run_receiver
from tests.verification.sessions import conclude, end, issue, race
from verification import services, webhooks
from verification.liveness.vocabulary import Reason
from verification.models import RelyingParty, VerificationSession, WebhookDelivery
from verification.relying_parties import (
    change_relying_party,
    create_relying_party,
    read_webhook_secret,
    rotate_webhook_secret,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def receiver(settings: Settings) -> Iterator[Receiver]:
    settings.POL_WEBHOOK_ALLOW_PRIVATE = True
    settings.POL_WEBHOOK_TIMEOUT_SECONDS = 10
    with run_receiver() as receiver:
        yield receiver


@pytest.fixture
def party(receiver: Receiver) -> RelyingParty:
    return create_relying_party("bank", webhook_url=receiver.url)


def conclude_one(party: RelyingParty | None, reason: Reason = Reason.VERIFIED) -> VerificationSession:
    opened = services.open_session(user_id="alice@example.org", relying_party=party)
    services.conclude_session(opened.session.pk, conclude(reason), end(issue(opened)))
    return VerificationSession.objects.get(pk=opened.session.pk)


def is_signed_with(received: Received, secret: str) -> bool:
    """Checked as the Standard Webhooks specification says, without the code under test."""
    headers = received.headers
    content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + received.body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    expected = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    return f"v1,{expected}" in headers["webhook-signature"].split()


def later(delivery: WebhookDelivery) -> datetime:
    delivery.refresh_from_db()
    assert delivery.next_attempt_at is not None
    return delivery.next_attempt_at


def at(moment: datetime) -> Callable[[], datetime]:
    """A clock that stands still."""
    return lambda: moment


def test_a_conclusion_is_told_once_and_signed(party: RelyingParty, receiver: Receiver) -> None:
    session = conclude_one(party)
    assert webhooks.deliver_due() == (1, 0)
    assert webhooks.deliver_due() == (0, 0)
    (received,) = receiver.received
    delivery = WebhookDelivery.objects.get()
    assert received.message["data"] == {
        "session_id": str(session.pk),
        "status": "concluded",
        "decision": "pass",
        "reason": "verified",
        "concluded_at": session.concluded_at.isoformat() if session.concluded_at else None,
    }
    assert received.message["id"] == received.headers["webhook-id"] == str(delivery.pk)
    assert is_signed_with(received, read_webhook_secret(party))
    assert delivery.delivered_at is not None
    assert b"alice" not in received.body


def test_every_end_of_a_session_is_told(party: RelyingParty, receiver: Receiver) -> None:
    conclude_one(party, Reason.CHALLENGE_FAILED)
    opened = services.open_session(user_id="bob", relying_party=party)
    services.abandon_session(opened.session.pk, Reason.DISCONNECTED)
    webhooks.deliver_due()
    reasons = [received.message["data"]["reason"] for received in receiver.received]
    assert reasons == ["challenge_failed", "disconnected"]


def test_a_party_without_an_address_is_told_nothing() -> None:
    conclude_one(create_relying_party("silent"))
    conclude_one(None)
    assert not WebhookDelivery.objects.exists()


def test_a_decision_that_is_not_stored_is_not_told(party: RelyingParty) -> None:
    with pytest.raises(DatabaseError), transaction.atomic():
        conclude_one(party)
        raise DatabaseError("the disk is full")
    assert not WebhookDelivery.objects.exists()


def test_what_fails_is_tried_again_ever_more_rarely_under_the_same_id(
    party: RelyingParty, receiver: Receiver
) -> None:
    conclude_one(party)
    receiver.answers = [500, 503, 302]
    delivery = WebhookDelivery.objects.get()
    now, waits = later(delivery), []
    for _ in range(3):
        assert webhooks.deliver_due(at(now)) == (0, 1)
        waits.append(later(delivery) - now)
        now = later(delivery)
    assert waits == [timedelta(seconds=seconds) for seconds in (5, 15, 45)]
    assert webhooks.deliver_due(at(now - timedelta(seconds=1))) == (0, 0)
    assert webhooks.deliver_due(at(now)) == (1, 0)
    assert {received.headers["webhook-id"] for received in receiver.received} == {str(delivery.pk)}
    assert {received.body for received in receiver.received} == {delivery.body.encode()}


def test_a_receiver_that_never_answers_is_given_up(
    party: RelyingParty, receiver: Receiver, settings: Settings
) -> None:
    settings.POL_WEBHOOK_MAX_ATTEMPTS = 2
    conclude_one(party)
    receiver.answers = [500, 500]
    delivery = WebhookDelivery.objects.get()
    webhooks.deliver_due(at(later(delivery)))
    webhooks.deliver_due(at(later(delivery)))
    delivery.refresh_from_db()
    assert (delivery.next_attempt_at, delivery.last_status, delivery.attempts) == (None, 500, 2)
    assert delivery.failed_at is not None


def test_gone_means_never_again(party: RelyingParty, receiver: Receiver) -> None:
    conclude_one(party)
    receiver.answers = [410]
    webhooks.deliver_due()
    assert WebhookDelivery.objects.get().failed_at is not None


def test_one_silent_party_does_not_keep_the_others_waiting(receiver: Receiver, party: RelyingParty) -> None:
    silent = create_relying_party("silent", webhook_url="http://127.0.0.1:9/")
    for one in (silent, silent, silent, party):
        conclude_one(one)
    assert webhooks.deliver_due() == (1, 1)
    assert "No answer" in WebhookDelivery.objects.filter(relying_party=silent).latest("attempts").last_error


def test_what_was_delivered_or_given_up_can_be_sent_again(party: RelyingParty, receiver: Receiver) -> None:
    conclude_one(party)
    webhooks.deliver_due()
    delivery = WebhookDelivery.objects.get()
    assert webhooks.replay([delivery.pk], staff_id=1) == 1
    assert webhooks.deliver_due() == (1, 0)
    ids = [received.headers["webhook-id"] for received in receiver.received]
    assert ids == [str(delivery.pk)] * 2


def test_in_a_long_batch_each_attempt_goes_by_its_own_time(receiver: Receiver) -> None:
    """Each receiver takes a minute to say no. A clock of the test's own, so that nobody waits for it."""
    for name in ("first", "second", "third"):
        conclude_one(create_relying_party(name, webhook_url=receiver.url))
    receiver.answers = [500] * 3
    start, held_until = timezone.now(), set()

    def read_clock() -> datetime:
        held_until.add(WebhookDelivery.objects.aggregate(latest=Max("next_attempt_at"))["latest"])
        return start + timedelta(minutes=len(receiver.received))

    assert webhooks.deliver_due(read_clock) == (0, 3)
    signed_at = [int(received.headers["webhook-timestamp"]) for received in receiver.received]
    assert signed_at == [int((start + timedelta(minutes=minute)).timestamp()) for minute in range(3)]
    assert {start + timedelta(minutes=minute) + webhooks.LEASE for minute in range(3)} <= held_until
    planned = WebhookDelivery.objects.order_by("next_attempt_at").values_list("next_attempt_at", flat=True)
    assert list(planned) == [start + timedelta(minutes=minute, seconds=5) for minute in (1, 2, 3)]


@pytest.mark.django_db(transaction=True)
def test_of_several_deliverers_one_takes_a_message(party: RelyingParty, receiver: Receiver) -> None:
    conclude_one(party)
    assert sorted(map(str, race(webhooks.deliver_due))) == ["(0, 0)"] * 3 + ["(1, 0)"]
    assert len(receiver.received) == 1


def test_a_message_whose_deliverer_died_is_taken_up_after_its_lease(
    party: RelyingParty, receiver: Receiver
) -> None:
    conclude_one(party)
    now = timezone.now()
    WebhookDelivery.objects.update(next_attempt_at=now + webhooks.LEASE, attempts=1)
    assert webhooks.deliver_due(at(now)) == (0, 0)
    assert webhooks.deliver_due(at(now + webhooks.LEASE)) == (1, 0)


def test_after_a_rotation_both_secrets_sign_for_a_day(party: RelyingParty, receiver: Receiver) -> None:
    old = read_webhook_secret(party)
    new = rotate_webhook_secret(party)
    conclude_one(party)
    webhooks.deliver_due()
    assert new != old
    assert is_signed_with(receiver.received[0], old)
    assert is_signed_with(receiver.received[0], new)
    webhooks.replay([WebhookDelivery.objects.get().pk], staff_id=1)
    webhooks.deliver_due(at(timezone.now() + timedelta(hours=25)))
    assert not is_signed_with(receiver.received[1], old)
    assert is_signed_with(receiver.received[1], new)
    assert AuditEvent.objects.filter(kind="relying_party_changed").count() == 1


def test_an_address_that_was_switched_off_is_not_called(party: RelyingParty, receiver: Receiver) -> None:
    conclude_one(party)
    change_relying_party(party, webhook_url="")
    assert webhooks.deliver_due() == (0, 1)
    assert WebhookDelivery.objects.get().failed_at is not None
    assert not receiver.received


def test_the_command_delivers_what_is_due(
    party: RelyingParty, receiver: Receiver, capsys: pytest.CaptureFixture[str]
) -> None:
    conclude_one(party)
    call_command("deliver_webhooks", "--once")
    assert capsys.readouterr().out == "1 delivered, 0 not delivered\n"


def test_a_slow_receiver_costs_no_more_than_the_timeout(
    party: RelyingParty, receiver: Receiver, settings: Settings
) -> None:
    settings.POL_WEBHOOK_TIMEOUT_SECONDS = 1
    receiver.hold = threading.Event()
    conclude_one(party)
    assert webhooks.deliver_due() == (0, 1)
    receiver.hold.set()
