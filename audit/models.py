"""The audit log: an append-only chain of events, its head, and the checkpoint a purge leaves behind.

Events hold no personal data and no foreign keys, so the log outlives the sessions it speaks of.
"""

import hashlib
from collections.abc import Iterable
from datetime import UTC
from typing import NoReturn

from django.db import models
from django.utils.translation import gettext_lazy as _

from audit.canonical import canonicalise

GENESIS_HASH = "0" * 64


class AppendOnlyError(RuntimeError):
    """Someone tried to change or delete an audit event."""


class EventKind(models.TextChoices):
    """What happened. The values are stored and hashed: never rename one, only add."""

    SESSION_OPENED = "session_opened", _("Session opened")
    SOCKET_CONNECTED = "socket_connected", _("Socket connected")
    SOCKET_REFUSED = "socket_refused", _("Socket refused")
    CHALLENGE_REVEALED = "challenge_revealed", _("Challenge revealed")
    CHALLENGE_PASSED = "challenge_passed", _("Challenge passed, nonce consumed")
    CHALLENGE_FAILED = "challenge_failed", _("Challenge failed, nonce consumed")
    CHALLENGE_SKIPPED = "challenge_skipped", _("Challenge skipped, nonce consumed")
    FRAME_REJECTED = "frame_rejected", _("Frame rejected")
    REPLAY_DETECTED = "replay_detected", _("Replay detected")
    RATE_LIMITED = "rate_limited", _("Rate limited")
    SESSION_CONCLUDED = "session_concluded", _("Session concluded")
    TOKEN_ISSUED = "token_issued", _("Token issued")
    TOKEN_VALIDATED = "token_validated", _("Token validated")
    AUDIT_PURGED = "audit_purged", _("Audit log purged")
    SIGNING_KEY_CREATED = "signing_key_created", _("Signing key created")
    API_KEY_CREATED = "api_key_created", _("API key created")
    SESSIONS_PURGED = "sessions_purged", _("Sessions purged")
    TOKEN_CONSUMED = "token_consumed", _("Token used up")
    TOKEN_REVOKED = "token_revoked", _("Token revoked")
    RELYING_PARTY_CREATED = "relying_party_created", _("Relying party created")
    SIGNING_KEY_RETIRED = "signing_key_retired", _("Signing key retired")
    SUBJECT_LOCKED = "subject_locked", _("Capture subject locked out for a while")
    SUBJECT_UNLOCKED = "subject_unlocked", _("Lockout lifted by staff")
    WEBHOOK_REPLAYED = "webhook_replayed", _("Webhook sent again by staff")
    LOGIN_CODE_ISSUED = "login_code_issued", _("OpenID Connect code issued")
    SESSION_ENDED_BY_STAFF = "session_ended_by_staff", _("Session ended by staff")
    SUBJECT_ERASED = "subject_erased", _("Capture subject erased")
    API_KEY_REVOKED = "api_key_revoked", _("API key revoked")
    RELYING_PARTY_CHANGED = "relying_party_changed", _("Relying party changed")
    CONSENT_GIVEN = "consent_given", _("Consent given")
    CONSENT_DECLINED = "consent_declined", _("Consent declined")
    SESSION_RETRIED = "session_retried", _("Session retried")
    AUDIT_KEY_CREATED = "audit_key_created", _("Audit key created")


class AuditEventQuerySet(models.QuerySet["AuditEvent"]):
    """Reads only; `audit.services.record` inserts and `audit.retention.purge` deletes."""

    def update(self, **kwargs: object) -> NoReturn:
        raise AppendOnlyError("Audit events cannot be changed.")

    def delete(self) -> NoReturn:
        raise AppendOnlyError("Audit events are deleted by purge_audit only.")

    def bulk_update(self, objs: Iterable["AuditEvent"], *args: object, **kwargs: object) -> NoReturn:
        raise AppendOnlyError("Audit events cannot be changed.")

    def bulk_create(self, objs: Iterable["AuditEvent"], *args: object, **kwargs: object) -> NoReturn:
        raise AppendOnlyError("Audit events are appended one at a time, by audit.services.record.")


class AuditEvent(models.Model):
    """One link of the chain.

    sequence: 1, 2, 3, ... without a gap.
    detail: a JSON object; see `audit.services.record` for what it may hold.
    previous_hash, hash: lowercase hexadecimal SHA-256; the first event follows `GENESIS_HASH`.
    """

    sequence = models.BigIntegerField(_("number"), primary_key=True)
    recorded_at = models.DateTimeField(_("recorded at"), db_index=True)
    kind = models.CharField(_("kind"), max_length=40, choices=EventKind.choices)
    session_id = models.UUIDField(null=True, blank=True, db_index=True)
    relying_party = models.CharField(_("relying party"), max_length=200, blank=True)
    detail = models.JSONField(default=dict, blank=True)
    previous_hash = models.CharField(_("previous hash"), max_length=64)
    hash = models.CharField(_("hash"), max_length=64)

    objects = AuditEventQuerySet.as_manager()

    class Meta:
        verbose_name = _("audit event")
        verbose_name_plural = _("audit events")
        ordering = ("-sequence",)
        indexes = (
            models.Index(fields=["kind", "-sequence"], name="audit_event_kind"),
            models.Index(fields=["relying_party", "-sequence"], name="audit_event_relying_party"),
        )

    def __str__(self) -> str:
        return f"{self.sequence} {self.kind}"

    def save(self, *args: object, **kwargs: object) -> None:
        """Insert the event; raises AppendOnlyError for one that is stored already."""
        if not self._state.adding:
            raise AppendOnlyError("Audit events cannot be changed.")
        super().save(force_insert=True)

    def delete(self, *args: object, **kwargs: object) -> NoReturn:
        raise AppendOnlyError("Audit events are deleted by purge_audit only.")

    def hashed_content(self) -> dict[str, object]:
        """Every field but `hash`, as JSON.

        Times are UTC in ISO 8601 with six decimals and a trailing Z, the session id is its usual
        hyphenated form or null.
        """
        recorded_at = self.recorded_at.astimezone(UTC).replace(tzinfo=None)
        return {
            "sequence": self.sequence,
            "recorded_at": recorded_at.isoformat(timespec="microseconds") + "Z",
            "kind": str(self.kind),
            "session_id": None if self.session_id is None else str(self.session_id),
            "relying_party": self.relying_party,
            "detail": self.detail,
            "previous_hash": self.previous_hash,
        }

    def compute_hash(self) -> str:
        """Return the SHA-256, in hexadecimal, of the RFC 8785 text of `hashed_content`.

        Raises NotCanonicalError where `detail` has no canonical form.
        """
        return hashlib.sha256(canonicalise(self.hashed_content())).hexdigest()


class ChainHead(models.Model):
    """The newest event's number and hash: the one row that every writer locks."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    sequence = models.BigIntegerField(default=0)
    hash = models.CharField(max_length=64, default=GENESIS_HASH)

    class Meta:
        constraints = (models.CheckConstraint(condition=models.Q(id=1), name="audit_one_chain_head"),)

    def __str__(self) -> str:
        return f"head at {self.sequence}"


class ChainCheckpoint(models.Model):
    """Where the retained chain begins after a purge, and the hash that its first event follows.

    statement: both, signed with the audit key (audit.proof); blank where a purge was before there was a key.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    first_retained_sequence = models.BigIntegerField()
    previous_hash = models.CharField(max_length=64)
    purged_at = models.DateTimeField()
    statement = models.TextField(blank=True, default="")

    class Meta:
        constraints = (models.CheckConstraint(condition=models.Q(id=1), name="audit_one_chain_checkpoint"),)

    def __str__(self) -> str:
        return f"retained from {self.first_retained_sequence}"

    @property
    def purged_count(self) -> int:
        """Events purged so far; the sequence has no gaps and begins at 1."""
        return self.first_retained_sequence - 1


class ChainVerification(models.Model):
    """The outcome of one walk along the chain. broken_at: the first broken link, None when intact."""

    verified_at = models.DateTimeField()
    is_intact = models.BooleanField()
    checked = models.BigIntegerField()
    head_sequence = models.BigIntegerField()
    head_hash = models.CharField(max_length=64)
    broken_at = models.BigIntegerField(null=True, blank=True)
    problem = models.CharField(max_length=40, blank=True)

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{'intact' if self.is_intact else 'broken'} up to {self.head_sequence}"
