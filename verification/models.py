"""What is stored of a capture session. No image, no landmark, nothing biometric."""

import uuid
from collections.abc import Mapping

from django.core.validators import MaxLengthValidator, MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from verification.liveness.actions import Action, ChallengeKind
from verification.liveness.vocabulary import ChallengeFault, ChallengeOutcome, Decision
from verification.party_fields import (
    MAX_RETRIES,
    make_subject_salt,
    validate_origins,
    validate_pool,
    validate_redirect_uris,
    validate_share,
    validate_webhook_url,
)
from verification.words import DECISIONS, REASONS

USER_ID_MAX_LENGTH = 128
NO_CONTROL_CHARACTERS = RegexValidator(r"\A[^\x00-\x1f\x7f-\x9f\u2028\u2029]+\Z", _("No control characters."))


def _choices(enum: type) -> list[tuple[str, str]]:
    return [(member.value, member.value.replace("_", " ")) for member in enum]  # type: ignore[attr-defined]


def _name(words: Mapping[str, Promise]) -> list[tuple[str, Promise]]:
    """Choices in the reader's language; the blank value is no choice."""
    return [(str(value), text) for value, text in words.items() if value]


class RelyingParty(models.Model):
    """A service that opens sessions and validates tokens.

    audience: `aud` of its tokens; blank: POL_TOKEN_AUDIENCE. allowed_origins: whose pages may hold its
    sessions. redirect_uris: where people may be sent afterwards, compared character by character.
    pass_threshold, challenge_pool, max_consecutive_failures: what it demands beyond the server's own
    policy; blank: nothing. subject_salt: keeps its OpenID Connect subjects apart from other parties'.
    webhook_generation: which webhook secret is current; `webhook_rotated_at`: since when.
    help_url, alternative_url: the ways out that the capture page offers when a check did not work out.
    """

    name = models.CharField(_("name"), max_length=100, unique=True, validators=[NO_CONTROL_CHARACTERS])
    is_active = models.BooleanField(_("active"), default=True)
    help_url = models.URLField(
        _("help address"),
        max_length=2000,
        blank=True,
        help_text=_("where a person whose check failed finds help"),
    )
    alternative_url = models.URLField(
        _("address of another way"),
        max_length=2000,
        blank=True,
        help_text=_("another way to be verified, without the camera"),
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    audience = models.CharField(_("audience"), max_length=200, blank=True, validators=[NO_CONTROL_CHARACTERS])
    allowed_origins = models.JSONField(
        _("allowed origins"), default=list, blank=True, validators=[validate_origins]
    )
    redirect_uris = models.JSONField(
        _("redirect addresses"), default=list, blank=True, validators=[validate_redirect_uris]
    )
    pass_threshold = models.FloatField(
        _("least final score"), null=True, blank=True, validators=[validate_share]
    )
    challenge_pool = models.JSONField(
        _("actions to draw from"), default=list, blank=True, validators=[validate_pool]
    )
    max_consecutive_failures = models.PositiveSmallIntegerField(
        _("failures in a row"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(MAX_RETRIES)],
    )
    webhook_url = models.URLField(
        _("webhook address"), max_length=2000, blank=True, validators=[validate_webhook_url]
    )
    webhook_generation = models.PositiveIntegerField(default=1, editable=False)
    webhook_rotated_at = models.DateTimeField(null=True, blank=True, editable=False)
    subject_salt = models.CharField(max_length=64, default=make_subject_salt, editable=False)
    oidc_client = models.OneToOneField(
        "oauth2_provider.Application",
        null=True,
        blank=True,
        editable=False,
        on_delete=models.SET_NULL,
        related_name="relying_party",
    )

    class Meta:
        verbose_name = _("relying party")
        verbose_name_plural = _("relying parties")
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class ApiKey(models.Model):
    """A relying party's secret: the prefix finds it, only its SHA-256 is kept."""

    relying_party = models.ForeignKey(
        RelyingParty, on_delete=models.CASCADE, related_name="api_keys", verbose_name=_("relying party")
    )
    prefix = models.CharField(_("begins with"), max_length=16, unique=True)
    secret_hash = models.CharField(max_length=64)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    expires_at = models.DateTimeField(_("expires at"), null=True, blank=True)
    last_used_at = models.DateTimeField(
        _("last used at"), null=True, blank=True, help_text=_("to the minute")
    )
    revoked_at = models.DateTimeField(_("revoked at"), null=True, blank=True)

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return f"{self.prefix}…"


class Replica(models.Model):
    """One server process that is running. seen_at: when it last said so, by the database's clock."""

    id = models.UUIDField(primary_key=True, editable=False)
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.id)


class SessionStatus(models.TextChoices):
    CREATED = "created", _("open, not connected")
    IN_PROGRESS = "in_progress", _("in progress")
    CONCLUDED = "concluded", _("concluded")


class VerificationSession(models.Model):
    """One capture session, from its opening to its verdict.

    ticket_hash: SHA-256 of the ticket, hexadecimal. scores, signals, measures: 0..1 numbers and what
    they were made of, as of the conclusion. policy: the demands that were in force, with a version.
    consent_version, consented_at: to which text the capture subject agreed on our page, and when; empty
    where the relying party's own client held the session. retry_of: the session this one is another try of.
    held_by: the `Replica` with the socket; no foreign key, since its row goes when the process does.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    relying_party = models.ForeignKey(
        RelyingParty,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="sessions",
        verbose_name=_("relying party"),
    )
    user_id = models.CharField(_("user id"), max_length=USER_ID_MAX_LENGTH, db_index=True)
    status = models.CharField(
        _("status"), max_length=16, choices=SessionStatus.choices, default=SessionStatus.CREATED
    )
    decision = models.CharField(_("decision"), max_length=16, blank=True, choices=_name(DECISIONS))
    reason = models.CharField(_("reason"), max_length=32, blank=True, choices=_name(REASONS))
    scores = models.JSONField(default=dict, blank=True)
    signals = models.JSONField(default=dict, blank=True)
    measures = models.JSONField(default=dict, blank=True)
    policy = models.JSONField(default=dict, blank=True)
    camera = models.JSONField(default=dict, blank=True, help_text="as the client says; never trusted")
    locale = models.CharField(max_length=35, blank=True, validators=[MaxLengthValidator(35)])
    redirect_uri = models.URLField(max_length=2000, blank=True)
    state = models.CharField(max_length=500, blank=True)
    consent_version = models.CharField(max_length=32, blank=True)
    consented_at = models.DateTimeField(null=True, blank=True)
    retry_of = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="retry"
    )
    attempt = models.PositiveSmallIntegerField(default=1, help_text="1 for the session the party opened")
    ticket_hash = models.CharField(max_length=64, unique=True)
    ticket_used_at = models.DateTimeField(null=True, blank=True)
    held_by = models.UUIDField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("opened at"), db_index=True)
    expires_at = models.DateTimeField(db_index=True)
    concluded_at = models.DateTimeField(null=True, blank=True)
    token_id = models.CharField(max_length=64, unique=True, null=True, blank=True)
    token_validated_at = models.DateTimeField(null=True, blank=True)
    token_consumed_at = models.DateTimeField(null=True, blank=True)
    token_revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("session")
        verbose_name_plural = _("sessions")
        ordering = ("-created_at",)
        # Codenames of the project's own; Django adds view, add, change and delete.
        permissions = (
            ("end_verificationsession", "Can end a session in progress"),
            ("erase_capture_subject", "Can erase what identifies a capture subject"),
        )
        indexes = (
            models.Index(fields=["created_at", "decision", "reason"], name="session_outcome_by_time"),
            models.Index(fields=["status", "expires_at"], name="session_by_status"),
        )
        constraints = (
            models.CheckConstraint(
                name="token_only_for_pass",
                condition=models.Q(token_id__isnull=True) | models.Q(decision=Decision.PASS.value),
            ),
            models.CheckConstraint(
                name="concluded_has_decision",
                condition=models.Q(status=SessionStatus.CONCLUDED.value, concluded_at__isnull=False)
                & ~models.Q(decision="")
                | ~models.Q(status=SessionStatus.CONCLUDED.value) & models.Q(decision=""),
            ),
        )

    def __str__(self) -> str:
        return str(self.id)

    @property
    def has_begun(self) -> bool:
        """Whether its time runs by a consent. One that a retry brought along, from its forerunner, begins nothing."""
        return self.consented_at is not None and self.consented_at >= self.created_at


class Challenge(models.Model):
    """One revealed challenge and what came of it. `outcome` is blank while it is current.

    evidence: the session's scores and signals as they stood when this challenge ended.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    session = models.ForeignKey(VerificationSession, on_delete=models.CASCADE, related_name="challenges")
    position = models.PositiveSmallIntegerField(help_text="0 is the alignment step")
    kind = models.CharField(max_length=16, choices=_choices(ChallengeKind))
    action = models.CharField(max_length=20, choices=_choices(Action))
    params = models.JSONField(default=dict, blank=True)
    revealed_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=16, blank=True, choices=_choices(ChallengeOutcome))
    fault = models.CharField(max_length=20, blank=True, choices=_choices(ChallengeFault))
    latency_ms = models.PositiveIntegerField(null=True, blank=True)
    measures = models.JSONField(default=dict, blank=True)
    evidence = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ("revealed_at",)

    def __str__(self) -> str:
        return f"{self.position} {self.action}"


class Nonce(models.Model):
    """The one-time value frames of one challenge carry; only its SHA-256 is kept."""

    challenge = models.OneToOneField(Challenge, on_delete=models.CASCADE, related_name="nonce")
    value_hash = models.CharField(max_length=64, unique=True)
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    consumed_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"nonce of {self.challenge_id}"


class WebhookDelivery(models.Model):
    """One event for one relying party: the outbox's row, written with the decision that it tells.

    id: goes out with every attempt, so that the receiver acts once. body: the bytes that are signed.
    next_attempt_at: null when there is nothing more to do; then `delivered_at` or `failed_at` is set.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    relying_party = models.ForeignKey(
        RelyingParty, on_delete=models.CASCADE, related_name="deliveries", verbose_name=_("relying party")
    )
    session = models.ForeignKey(
        VerificationSession, on_delete=models.CASCADE, related_name="deliveries", verbose_name=_("session")
    )
    body = models.TextField(_("message"))
    created_at = models.DateTimeField(_("created at"))
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    next_attempt_at = models.DateTimeField(_("next attempt at"), null=True, blank=True, db_index=True)
    delivered_at = models.DateTimeField(_("delivered at"), null=True, blank=True)
    failed_at = models.DateTimeField(_("given up at"), null=True, blank=True)
    last_status = models.PositiveSmallIntegerField(_("last status"), null=True, blank=True)
    last_error = models.CharField(_("last error"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("webhook delivery")
        verbose_name_plural = _("webhook deliveries")
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return str(self.id)


class OidcLogin(models.Model):
    """One authorization request of OpenID Connect: what was asked, its session, its code and token.

    browser_hash, code_hash: SHA-256 of the cookie that ties it to one browser, and of the code.
    """

    session = models.OneToOneField(
        VerificationSession, on_delete=models.CASCADE, related_name="oidc_login", verbose_name=_("session")
    )
    application = models.ForeignKey(
        "oauth2_provider.Application",
        on_delete=models.CASCADE,
        related_name="+",
        verbose_name=_("application"),
    )
    issuer = models.CharField(_("issuer"), max_length=300)
    redirect_uri = models.TextField(_("redirect address"))
    scope = models.CharField(_("scope"), max_length=200)
    state = models.TextField(blank=True)
    nonce = models.CharField(max_length=255, blank=True)
    code_challenge = models.CharField(max_length=128)
    subject = models.CharField(max_length=64)
    browser_hash = models.CharField(max_length=64)
    code_hash = models.CharField(max_length=64, unique=True, null=True, blank=True)
    code_expires_at = models.DateTimeField(_("code expires at"), null=True, blank=True)
    code_used_at = models.DateTimeField(_("code used at"), null=True, blank=True)
    access_token = models.OneToOneField(
        "oauth2_provider.AccessToken",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="oidc_login",
    )

    class Meta:
        verbose_name = _("OpenID Connect login")
        verbose_name_plural = _("OpenID Connect logins")

    def __str__(self) -> str:
        return f"login of {self.session_id}"
