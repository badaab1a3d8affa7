"""Telling relying parties what became of their sessions: an outbox in the database, signed and retried.

The row is written in the transaction of the decision, so there is no decision without its message and no
message without its decision. Signatures are those of the Standard Webhooks specification.
"""

import base64
import hashlib
import hmac
import json
import logging
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from audit.models import EventKind
from audit.services import record
from verification.models import RelyingParty, VerificationSession, WebhookDelivery
from verification.relying_parties import WEBHOOK_SECRET_PREFIX, list_webhook_secrets
from verification.webhook_sender import DeliveryError, post

logger = logging.getLogger(__name__)

EVENT_TYPE = "session.concluded"
FIRST_RETRY_S = 5
RETRY_FACTOR = 3
MAX_RETRY_S = 43_200
# Longer than one attempt can take: a deliverer that died leaves its row to the next one after this.
LEASE = timedelta(seconds=120)
BATCH = 200
GONE = 410


def enqueue(session: VerificationSession, now: datetime) -> None:
    """Write the outbox row of a concluded session, in the caller's transaction; nothing without an address."""
    party = session.relying_party
    if party is None or not party.webhook_url:
        return
    delivery = WebhookDelivery(relying_party=party, session=session, created_at=now, next_attempt_at=now)
    delivery.body = build_body(delivery.id, session, now)
    delivery.save()


def build_body(delivery_id: uuid.UUID, session: VerificationSession, now: datetime) -> str:
    """The message as JSON text. It names the session, not the person: the party knows whose it is."""
    data = {
        "session_id": str(session.pk),
        "status": str(session.status),
        "decision": session.decision,
        "reason": session.reason,
        "concluded_at": session.concluded_at.isoformat() if session.concluded_at else None,
    }
    message = {"id": str(delivery_id), "type": EVENT_TYPE, "timestamp": now.isoformat(), "data": data}
    return json.dumps(message, separators=(",", ":"))


def sign(secret: str, delivery_id: str, timestamp: int, body: bytes) -> str:
    """`v1,` and the base64 HMAC-SHA256 of `id.timestamp.body` (Standard Webhooks 1.0)."""
    key = base64.b64decode(secret.removeprefix(WEBHOOK_SECRET_PREFIX))
    content = f"{delivery_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()


def build_headers(delivery: WebhookDelivery, now: datetime) -> dict[str, str]:
    """id and timestamp, and one signature for each secret that is in force."""
    timestamp, body = int(now.timestamp()), delivery.body.encode()
    secrets = list_webhook_secrets(delivery.relying_party, now)
    return {
        "Content-Type": "application/json",
        "User-Agent": f"proof-of-life/{settings.VERSION}",
        "webhook-id": str(delivery.pk),
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(sign(secret, str(delivery.pk), timestamp, body) for secret in secrets),
    }


def deliver_due(clock: Callable[[], datetime] = timezone.now) -> tuple[int, int]:
    """Try everything that is due, oldest first: (delivered, not delivered).

    A party that does not answer is tried once in a batch; the others do not wait for it again. The clock is
    read for each step: in a batch of silent receivers the last one is called long after the first.
    """
    due = WebhookDelivery.objects.filter(next_attempt_at__lte=clock()).order_by("next_attempt_at")
    silent: set[int] = set()
    delivered = failed = 0
    for pk in list(due.values_list("pk", flat=True)[:BATCH]):
        delivery = _claim(pk, clock(), silent)
        if delivery is None:
            continue
        if attempt(delivery, clock):
            delivered += 1
        else:
            failed += 1
            silent.add(delivery.relying_party_id)
    return delivered, failed


def attempt(delivery: WebhookDelivery, clock: Callable[[], datetime] = timezone.now) -> bool:
    """Send once and store what came of it; True when the receiver has it."""
    delivery.last_status, delivery.last_error = None, ""
    try:
        delivery.last_status = post(
            delivery.relying_party.webhook_url,
            delivery.body.encode(),
            build_headers(delivery, clock()),
            timeout_s=settings.POL_WEBHOOK_TIMEOUT_SECONDS,
            is_private_allowed=settings.POL_WEBHOOK_ALLOW_PRIVATE,
        )
    except DeliveryError as error:
        delivery.last_error = str(error)[:200]
    is_delivered = delivery.last_status is not None and 200 <= delivery.last_status < 300
    if is_delivered:
        delivery.delivered_at, delivery.next_attempt_at = clock(), None
    else:
        _plan_next(delivery, clock())
    delivery.save(update_fields=["delivered_at", "failed_at", "next_attempt_at", "last_status", "last_error"])
    return is_delivered


@transaction.atomic
def replay(deliveries: list[uuid.UUID], *, staff_id: int, now: datetime | None = None) -> int:
    """Send again, under the same id, whatever became of it before. Returns how many.

    staff_id: the number of the account that wants it, for the audit event.
    """
    count = WebhookDelivery.objects.filter(pk__in=deliveries).update(
        next_attempt_at=now or timezone.now(), attempts=0, delivered_at=None, failed_at=None
    )
    if count:
        record(EventKind.WEBHOOK_REPLAYED, detail={"count": count, "staff_id": staff_id})
    return count


def compute_retry_delay_s(attempts: int) -> int:
    """After the nth attempt: 5 s, then three times as long each, up to 12 hours."""
    return int(min(MAX_RETRY_S, FIRST_RETRY_S * RETRY_FACTOR ** min(attempts - 1, 20)))


def _claim(pk: uuid.UUID, now: datetime, silent: set[int]) -> WebhookDelivery | None:
    """Take the row for this process by one conditional update; None where another one has it."""
    if not WebhookDelivery.objects.exclude(relying_party__in=silent).filter(pk=pk).exists():
        return None
    taken = WebhookDelivery.objects.filter(pk=pk, next_attempt_at__lte=now).update(
        next_attempt_at=now + LEASE, attempts=F("attempts") + 1
    )
    if not taken:
        return None
    return WebhookDelivery.objects.select_related("relying_party").get(pk=pk)


def _plan_next(delivery: WebhookDelivery, now: datetime) -> None:
    is_last = delivery.attempts >= settings.POL_WEBHOOK_MAX_ATTEMPTS or delivery.last_status == GONE
    if is_last or not _has_address(delivery.relying_party):
        delivery.failed_at, delivery.next_attempt_at = now, None
        logger.warning("Webhook %s is given up after %s attempts", delivery.pk, delivery.attempts)
    else:
        delivery.next_attempt_at = now + timedelta(seconds=compute_retry_delay_s(delivery.attempts))


def _has_address(party: RelyingParty) -> bool:
    return party.is_active and bool(party.webhook_url)
