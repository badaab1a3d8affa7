"""Upgrades a database of the first release: `python -m tests.deploy.upgrade`, with DATABASE_URL naming an empty one.

first_release.json holds what the code of the first commit wrote into its own schema: two relying parties and
a key, sessions passed, failed and in progress, and an audit log whose beginning it had purged. The rows go into
that schema, then the migrations of today run. What is found afterwards is printed as JSON.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

import django

RECORDED = Path(__file__).with_name("first_release.json")
FIRST = [("verification", "0001_initial"), ("audit", "0001_initial")]


def load_rows(rows: list[dict[str, Any]]) -> None:
    """Insert through the models as they were, in the order given."""
    from django.core.management.color import no_style
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    apps = MigrationExecutor(connection).loader.project_state(FIRST).apps
    models = {apps.get_model(row["model"]): None for row in rows}
    for row in rows:
        model = apps.get_model(row["model"])
        fields = {model._meta.get_field(name): value for name, value in row["fields"].items()}
        values = {field.attname: field.to_python(value) for field, value in fields.items()}
        model.objects.create(pk=row["pk"], **values)
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), list(models)):
            cursor.execute(statement)


def look(api_key: str) -> dict[str, Any]:
    """What today's code makes of the old rows, and whether it can go on from them."""
    from django.utils import timezone

    from audit.models import AuditEvent
    from audit.verify import verify_chain
    from verification import services
    from verification.api_keys import find_relying_party
    from verification.models import Challenge, RelyingParty, VerificationSession
    from verification.relying_parties import change_relying_party

    party = find_relying_party(api_key)
    assert party is not None
    party = change_relying_party(party, pass_threshold=0.8)
    overdue = VerificationSession.objects.filter(status="in_progress")
    concluded = services.conclude_expired(overdue, now=timezone.now())
    opened = services.open_session(user_id="subject-005", relying_party=party)
    chain = verify_chain()
    head = chain.head_sequence
    return {
        "party": party.name,
        "salts": RelyingParty.objects.values("subject_salt").distinct().count(),
        "decisions": sorted(VerificationSession.objects.values_list("decision", flat=True)),
        "tokens": VerificationSession.objects.exclude(token_id=None).count(),
        "challenges": Challenge.objects.count(),
        "concluded": concluded,
        "policy_threshold": opened.session.policy["pass_threshold"],
        "events": AuditEvent.objects.count(),
        "is_intact": chain.is_intact,
        "purged": head - chain.checked,
    }


def main() -> None:
    from django.core.management import call_command

    recorded = json.loads(RECORDED.read_text(encoding="utf-8"))
    for app, migration in FIRST:
        call_command("migrate", app, migration, verbosity=0)
    load_rows(recorded["rows"])
    call_command("migrate", verbosity=0)
    found = look(recorded["api_key"])
    call_command("verify_audit", stdout=sys.stderr)
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "polsite.settings")
    django.setup()
    main()
