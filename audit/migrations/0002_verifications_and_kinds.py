"""Outcomes of verify_audit, and the kinds of what staff do."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="ChainVerification",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("verified_at", models.DateTimeField()),
                ("is_intact", models.BooleanField()),
                ("checked", models.BigIntegerField()),
                ("head_sequence", models.BigIntegerField()),
                ("head_hash", models.CharField(max_length=64)),
                ("broken_at", models.BigIntegerField(blank=True, null=True)),
                ("problem", models.CharField(blank=True, max_length=40)),
            ],
            options={"ordering": ("-id",)},
        ),
        migrations.AlterField(
            model_name="auditevent",
            name="kind",
            field=models.CharField(
                choices=[
                    ("session_opened", "Session opened"),
                    ("socket_connected", "Socket connected"),
                    ("socket_refused", "Socket refused"),
                    ("challenge_revealed", "Challenge revealed"),
                    ("challenge_passed", "Challenge passed, nonce consumed"),
                    ("challenge_failed", "Challenge failed, nonce consumed"),
                    ("challenge_skipped", "Challenge skipped, nonce consumed"),
                    ("frame_rejected", "Frame rejected"),
                    ("replay_detected", "Replay detected"),
                    ("rate_limited", "Rate limited"),
                    ("session_concluded", "Session concluded"),
                    ("token_issued", "Token issued"),
                    ("token_validated", "Token validated"),
                    ("audit_purged", "Audit log purged"),
                    ("signing_key_created", "Signing key created"),
                    ("api_key_created", "API key created"),
                    ("sessions_purged", "Sessions purged"),
                    ("session_ended_by_staff", "Session ended by staff"),
                    ("subject_erased", "Capture subject erased"),
                    ("api_key_revoked", "API key revoked"),
                    ("relying_party_changed", "Relying party changed"),
                ],
                max_length=40,
            ),
        ),
    ]
