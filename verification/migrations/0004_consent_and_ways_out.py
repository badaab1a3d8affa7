import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("verification", "0003_staff_roles")]

    operations = [
        migrations.AddField(
            model_name="relyingparty",
            name="help_url",
            field=models.URLField(
                blank=True, help_text="where a person whose check failed finds help", max_length=2000
            ),
        ),
        migrations.AddField(
            model_name="relyingparty",
            name="alternative_url",
            field=models.URLField(
                blank=True, help_text="another way to be verified, without the camera", max_length=2000
            ),
        ),
        migrations.AddField(
            model_name="verificationsession",
            name="consent_version",
            field=models.CharField(blank=True, max_length=32),
        ),
        migrations.AddField(
            model_name="verificationsession",
            name="consented_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="verificationsession",
            name="retry_of",
            field=models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="retry",
                to="verification.verificationsession",
            ),
        ),
        migrations.AddField(
            model_name="verificationsession",
            name="attempt",
            field=models.PositiveSmallIntegerField(default=1, help_text="1 for the session the party opened"),
        ),
    ]
