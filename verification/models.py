"""What is stored of a capture session. No image, no landmark, nothing biometric."""

import uuid

from django.core.validators import MaxLengthValidator, RegexValidator
from django.db import models

from verification.liveness.actions import Action, ChallengeKind
from verification.liveness.vocabulary import ChallengeFault, ChallengeOutcome, Decision, Reason

USER_ID_MAX_LENGTH = 128
NO_CONTROL_CHARACTERS = RegexValidator(r"\A[^\x00-\x1f\x7f-\x9f\u2028\u2029]+\Z", "No control characters.")


def _choices(enum: type) -> list[tuple[str, str]]:
    return [(member.value, member.value.replace("_", " ")) for member in enum]  # type: ignore[attr-defined]


class RelyingParty(models.Model):
    """A service that opens sessions and validates tokens."""

    name = models.CharField(max_length=100, unique=True, validators=[NO_CONTROL_CHARACTERS])
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "relying parties"
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class ApiKey(models.Model):
    """A relying party's secret: the prefix finds it, only its SHA-256 is kept."""

    relying_party = models.ForeignKey(RelyingParty, on_delete=models.CASCADE, related_name="api_keys")
    prefix = models.CharField(max_length=16, unique=True)
    secret_hash = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "API key"
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return f"{self.prefix}…"


class SessionStatus(models.TextChoices):
    CREATED = "created", "created"
    IN_PROGRESS = "in_progress", "in progress"
    CONCLUDED = "concluded", "concluded"


class VerificationSession(models.Model):
    """One capture session, from its opening to its verdict.

    ticket_hash: SHA-256 of the ticket, hexadecimal. scores, signals, measures: 0..1 numbers and what
    they were made of, as of the conclusion. policy: the demands that were in force, with a version.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    relying_party = models.ForeignKey(
        RelyingParty, null=True, blank=True, on_delete=models.PROTECT, related_name="sessions"
    )
    user_id = models.CharField(max_length=USER_ID_MAX_LENGTH, db_index=True)
    status = models.CharField(max_length=16, choices=SessionStatus.choices, default=SessionStatus.CREATED)
    decision = models.CharField(max_length=16, blank=True, choices=_choices(Decision))
    reason = models.CharField(max_length=32, blank=True, choices=_choices(Reason))
    scores = models.JSONField(default=dict, blank=True)
    signals = models.JSONField(default=dict, blank=True)
    measures = models.JSONField(default=dict, blank=True)
    policy = models.JSONField(default=dict, blank=True)
    camera = models.JSONField(default=dict, blank=True, help_text="as the client says; never trusted")
    locale = models.CharField(max_length=35, blank=True, validators=[MaxLengthValidator(35)])
    redirect_uri = models.URLField(max_length=2000, blank=True)
    state = models.CharField(max_length=500, blank=True)
    ticket_hash = models.CharField(max_length=64, unique=True)
    ticket_used_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_index=True)
    expires_at = models.DateTimeField(db_index=True)
    concluded_at = models.DateTimeField(null=True, blank=True)
    token_id = models.CharField(max_length=64, unique=True, null=True, blank=True)
    token_validated_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-created_at",)
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


class Challenge(models.Model):
    """One revealed challenge and what came of it. `outcome` is blank while it is current."""

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
