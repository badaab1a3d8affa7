"""Create and list relying parties and their API keys."""

from argparse import RawDescriptionHelpFormatter
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from verification.api_keys import create_api_key
from verification.models import RelyingParty


class Command(BaseCommand):
    help = "Create and list relying parties, the services that open sessions."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.epilog = (
            "examples:\n"
            "  manage.py relying_party create 'My shop'   prints an API key, once\n"
            "  manage.py relying_party list"
        )
        actions = parser.add_subparsers(dest="action", required=True)
        create = actions.add_parser("create", help="a new party, or one more key for an existing one")
        create.add_argument("name")
        actions.add_parser("list", help="parties and the prefixes of their keys")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["action"] == "create":
            self._create(options["name"])
        else:
            self._list()

    @transaction.atomic
    def _create(self, name: str) -> None:
        party = RelyingParty.objects.filter(name=name).first() or RelyingParty(name=name)
        try:
            party.full_clean(exclude=["name"] if party.pk else None)
        except ValidationError as error:
            raise CommandError("; ".join(error.messages)) from error
        party.save()
        key = create_api_key(party)
        self.stdout.write(f"API key of {party.name}, shown this once:\n{key}")

    def _list(self) -> None:
        for party in RelyingParty.objects.prefetch_related("api_keys"):
            keys = ", ".join(key.prefix for key in party.api_keys.all() if key.revoked_at is None) or "no key"
            self.stdout.write(f"{party.name}{'' if party.is_active else ' (inactive)'}: {keys}")
