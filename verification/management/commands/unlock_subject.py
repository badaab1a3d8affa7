"""Lift the lockout of a person whose sessions failed too often."""

from argparse import RawDescriptionHelpFormatter
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from audit.models import EventKind
from audit.services import record
from verification.limits import forget_failures
from verification.models import RelyingParty


class Command(BaseCommand):
    help = "Lift the lockout of a user_id of one relying party, and count its failures from zero."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.epilog = (
            "examples:\n  manage.py unlock_subject 'My shop' account-4711\n\nNeeds the server's REDIS_URL."
        )
        parser.add_argument("relying_party", help="its name")
        parser.add_argument("user_id", help="as the party names the person")

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        party = RelyingParty.objects.filter(name=options["relying_party"]).first()
        if party is None:
            raise CommandError(f"There is no relying party {options['relying_party']!r}.")
        forget_failures(party, options["user_id"])
        record(EventKind.SUBJECT_UNLOCKED, relying_party=party.name)
        self.stdout.write("Sessions may be opened for this person again.")
