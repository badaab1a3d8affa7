"""What integration stores: relying parties' terms, key expiry, used and revoked tokens, webhooks, logins."""

import uuid
from typing import Any

import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import verification.party_fields


def give_each_party_its_own_salt(apps: Any, schema_editor: Any) -> None:
    """A column's default is evaluated once, so all parties that were there got the same one."""
    for party in apps.get_model("verification", "RelyingParty").objects.all():
        party.subject_salt = verification.party_fields.make_subject_salt()
        party.save(update_fields=["subject_salt"])


class Migration(migrations.Migration):
    dependencies = [
        ("verification", "0004_consent_and_ways_out"),
        migrations.swappable_dependency(settings.OAUTH2_PROVIDER_ACCESS_TOKEN_MODEL),
        migrations.swappable_dependency(settings.OAUTH2_PROVIDER_APPLICATION_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="apikey",
            name="expires_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="apikey",
            name="last_used_at",
            field=models.DateTimeField(blank=True, help_text="to the minute", null=True),
        ),
        migrations.AddField(
            model_name="relyingparty",
            name="allowed_origins",
            field=models.JSONField(
                blank=True, default=list, validators=[verification.party_fields.validate_origins]
            ),
        ),
        migrations.AddField(
            model_name="relyingparty",
            name="audience",
            field=models.CharField(
                blank=True,
                max_length=200,
                validators=[
                    django.core.validators.RegexValidator(
                        "\\A[^\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029]+\\Z", "No control characters."
                    )
                ],
            ),
        ),
        migrations.AddField(
            model_name="relyingparty",
            name="challenge_pool",
            field=models.JSONField(
                blank=True, default=list, validators=[verification.party_fields.validate_pool]
            ),
        ),
        migrations.AddField(
            model_name="relyingparty",
            name="max_consecutive_failures",
            field=models.PositiveSmallIntegerField(
                blank=True,
                null=True,
                validators=[
                    django.core.validators.MinValueValidator(1),
                    django.core.validators.MaxValueValidator(5),
                ],
            ),
        ),
        migrations.AddField(
            model_name="relyingparty",
            name="oidc_client",
            field=models.OneToOneField(
                blank=True,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="relying_party",
                to=settings.OAUTH2_PROVIDER_APPLICATION_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="relyingparty",
            name="pass_threshold",
            field=models.FloatField(
                blank=True, null=True, validators=[verification.party_fields.validate_share]
            ),
        ),
        migrations.AddField(
            model_name="relyingparty",
            name="redirect_uris",
            field=models.JSONField(
                blank=True, default=list, validators=[verification.party_fields.validate_redirect_uris]
            ),
        ),
        migrations.AddField(
            model_name="relyingparty",
            name="subject_salt",
            field=models.CharField(
                default=verification.party_fields.make_subject_salt, editable=False, max_length=64
            ),
        ),
        migrations.AddField(
            model_name="relyingparty",
            name="webhook_generation",
            field=models.PositiveIntegerField(default=1, editable=False),
        ),
        migrations.AddField(
            model_name="relyingparty",
            name="webhook_rotated_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="relyingparty",
            name="webhook_url",
            field=models.URLField(
                blank=True, max_length=2000, validators=[verification.party_fields.validate_webhook_url]
            ),
        ),
        migrations.AddField(
            model_name="verificationsession",
            name="token_consumed_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="verificationsession",
            name="token_revoked_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.CreateModel(
            name="OidcLogin",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("issuer", models.CharField(max_length=300)),
                ("redirect_uri", models.TextField()),
                ("scope", models.CharField(max_length=200)),
                ("state", models.TextField(blank=True)),
                ("nonce", models.CharField(blank=True, max_length=255)),
                ("code_challenge", models.CharField(max_length=128)),
                ("subject", models.CharField(max_length=64)),
                ("browser_hash", models.CharField(max_length=64)),
                ("code_hash", models.CharField(blank=True, max_length=64, null=True, unique=True)),
                ("code_expires_at", models.DateTimeField(blank=True, null=True)),
                ("code_used_at", models.DateTimeField(blank=True, null=True)),
                (
                    "access_token",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="oidc_login",
                        to=settings.OAUTH2_PROVIDER_ACCESS_TOKEN_MODEL,
                    ),
                ),
                (
                    "application",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.OAUTH2_PROVIDER_APPLICATION_MODEL,
                    ),
                ),
                (
                    "session",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="oidc_login",
                        to="verification.verificationsession",
                    ),
                ),
            ],
            options={
                "verbose_name": "OpenID Connect login",
            },
        ),
        migrations.CreateModel(
            name="WebhookDelivery",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("body", models.TextField()),
                ("created_at", models.DateTimeField()),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("next_attempt_at", models.DateTimeField(blank=True, db_index=True, null=True)),
                ("delivered_at", models.DateTimeField(blank=True, null=True)),
                ("failed_at", models.DateTimeField(blank=True, null=True)),
                ("last_status", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("last_error", models.CharField(blank=True, max_length=200)),
                (
                    "relying_party",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deliveries",
                        to="verification.relyingparty",
                    ),
                ),
                (
                    "session",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deliveries",
                        to="verification.verificationsession",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "webhook deliveries",
                "ordering": ("-created_at",),
            },
        ),
        migrations.RunPython(give_each_party_its_own_salt, migrations.RunPython.noop),
    ]
