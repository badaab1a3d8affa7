"""Make the RSA key that signs tokens."""

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, transaction

from audit.models import EventKind
from audit.services import record
from verification.key_ring import KeyRingError, SigningKey, create_key, get_key_ring

EXAMPLES = """\
examples:
  manage.py create_signing_key            make the first key; does nothing where one is there
  manage.py create_signing_key --rotate   sign with a new key from now on; older ones still validate

Running servers take up a new key at once. When the tokens of an older key have expired, delete its file.
"""


class Command(BaseCommand):
    help = "Make the RSA key that signs tokens, readable by this account only."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.epilog = EXAMPLES
        parser.add_argument("--rotate", action="store_true", help="add a new key though one is there")

    def handle(self, *args: object, rotate: bool, **options: object) -> None:
        try:
            signing_key = get_key_ring().signing_key
            if settings.POL_SIGNING_KEY and rotate:
                raise CommandError("The signing key comes from POL_SIGNING_KEY: replace it there.")
            if signing_key is None or rotate:
                signing_key = self._create()
                self.stdout.write(f"Created signing key {signing_key.kid}")
            else:
                self.stdout.write(f"Signing key {signing_key.kid} is there already")
        except KeyRingError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"  from         {signing_key.source}")
        self.stdout.write("  public keys  GET /.well-known/jwks.json")

    def _create(self) -> SigningKey:
        signing_key = create_key(Path(settings.POL_SIGNING_KEYS_DIR))
        try:
            with transaction.atomic():
                record(EventKind.SIGNING_KEY_CREATED, detail={"kid": signing_key.kid})
        except DatabaseError as error:
            Path(signing_key.source).unlink()
            raise CommandError("The audit log cannot be written: run manage.py migrate first.") from error
        return signing_key
