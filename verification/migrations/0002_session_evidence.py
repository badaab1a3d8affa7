"""The course of a session's evidence, the staff's own permissions, and indexes for what staff ask."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("verification", "0001_initial")]

    operations = [
        migrations.AlterModelOptions(
            name="verificationsession",
            options={
                "ordering": ("-created_at",),
                "permissions": (
                    ("end_verificationsession", "Can end a session in progress"),
                    ("erase_capture_subject", "Can erase what identifies a capture subject"),
                ),
            },
        ),
        migrations.AddField(
            model_name="challenge",
            name="evidence",
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.AddIndex(
            model_name="verificationsession",
            index=models.Index(fields=["created_at", "decision", "reason"], name="session_outcome_by_time"),
        ),
        migrations.AddIndex(
            model_name="verificationsession",
            index=models.Index(fields=["status", "expires_at"], name="session_by_status"),
        ),
    ]
