"""Two groups of staff: `reviewer` looks, `operator` also ends sessions and manages relying parties.

Erasing a capture subject is in neither: it is given by name to whoever answers for data protection.
"""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

REVIEWER = (
    ("verification", "verificationsession", "view_verificationsession", "Can view verification session"),
    ("verification", "challenge", "view_challenge", "Can view challenge"),
    ("verification", "relyingparty", "view_relyingparty", "Can view relying party"),
    ("audit", "auditevent", "view_auditevent", "Can view audit event"),
)
OPERATOR = (
    *REVIEWER,
    ("verification", "verificationsession", "end_verificationsession", "Can end a session in progress"),
    ("verification", "relyingparty", "add_relyingparty", "Can add relying party"),
    ("verification", "relyingparty", "change_relyingparty", "Can change relying party"),
    ("verification", "apikey", "view_apikey", "Can view API key"),
    ("verification", "apikey", "add_apikey", "Can add API key"),
    ("verification", "apikey", "change_apikey", "Can change API key"),
)
ROLES = {"reviewer": REVIEWER, "operator": OPERATOR}


def create_roles(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Permissions are otherwise made after all migrations, so those that are needed are made here."""
    database = schema_editor.connection.alias
    content_types = apps.get_model("contenttypes", "ContentType").objects.using(database)
    permissions = apps.get_model("auth", "Permission").objects.using(database)
    groups = apps.get_model("auth", "Group").objects.using(database)
    for role, wanted in ROLES.items():
        group, _ = groups.get_or_create(name=role)
        for app_label, model, codename, name in wanted:
            content_type, _ = content_types.get_or_create(app_label=app_label, model=model)
            permission, _ = permissions.get_or_create(
                content_type=content_type, codename=codename, defaults={"name": name}
            )
            group.permissions.add(permission)


def delete_roles(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    apps.get_model("auth", "Group").objects.filter(name__in=ROLES).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("verification", "0002_session_evidence"),
        ("audit", "0002_verifications_and_kinds"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(create_roles, delete_roles)]
