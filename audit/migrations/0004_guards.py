"""Triggers that refuse to change the log, and the checkpoint's signature."""

from django.db import migrations, models

from audit import guards


class Migration(migrations.Migration):
    dependencies = [("audit", "0003_integration_kinds")]

    operations = [
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
                    ("token_consumed", "Token used up"),
                    ("token_revoked", "Token revoked"),
                    ("relying_party_created", "Relying party created"),
                    ("signing_key_retired", "Signing key retired"),
                    ("subject_locked", "Capture subject locked out for a while"),
                    ("subject_unlocked", "Lockout lifted by staff"),
                    ("webhook_replayed", "Webhook sent again by staff"),
                    ("login_code_issued", "OpenID Connect code issued"),
                    ("session_ended_by_staff", "Session ended by staff"),
                    ("subject_erased", "Capture subject erased"),
                    ("api_key_revoked", "API key revoked"),
                    ("relying_party_changed", "Relying party changed"),
                    ("consent_given", "Consent given"),
                    ("consent_declined", "Consent declined"),
                    ("session_retried", "Session retried"),
                    ("audit_key_created", "Audit key created"),
                ],
                max_length=40,
            ),
        ),
        migrations.AddField(
            model_name="chaincheckpoint",
            name="statement",
            field=models.TextField(blank=True, default=""),
        ),
        migrations.RunPython(guards.install, guards.remove),
    ]
